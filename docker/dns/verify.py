"""Reads a message, prints "valid" or "invalid" for each of its DKIM signatures. Looks keys up at the name server here."""

import sys
import dkim
import dns.resolver

resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers = ["127.0.0.1"]


def txt(name, timeout=5):
    answer = resolver.resolve(name.decode(), "TXT", lifetime=timeout)
    return b"".join(next(iter(answer)).strings)


message = sys.stdin.buffer.read()
count = sum(line.lower().startswith(b"dkim-signature:") for line in message.split(b"\r\n\r\n", 1)[0].split(b"\r\n"))
for number in range(count):
    try:
        print("valid" if dkim.DKIM(message).verify(idx=number, dnsfunc=txt) else "invalid")
    except dkim.DKIMException as error:
        print("invalid:", error)
