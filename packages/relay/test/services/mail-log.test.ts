import { describe, expect, it } from 'vitest';
import { keepLine, keepPolicyLine } from '../../src/services/mail-log.ts';

describe('the log of Postfix and Dovecot', () => {
  it.each([
    'Nov 22 21:00:00 relay submission/smtpd[7]: connect from unknown[192.0.2.7]',
    'Nov 22 21:00:00 relay postfix/cleanup[7]: 4F1: message-id=<secret@localhost>',
    'Nov 22 21:00:00 relay postfix/lmtp[7]: 4F1: to=<bob@chat.example>, relay=relay[run/lmtp.sock], status=sent (250 2.0.0 Ok)',
    'imap-login: Login: user=<alice@chat.example>, method=PLAIN, rip=192.0.2.7',
    'Info: warning signs everywhere',
    'Nov 22 21:00:00 relay submission/smtpd[7]: warning: unknown[192.0.2.7]: SASL PLAIN authentication failed: x, sasl_username=alice@chat.example',
  ])('drops what is no warning: %s', (line) => {
    expect(keepLine(line)).toBeUndefined();
  });

  it.each([
    [
      'postfix/smtpd[7]: warning: milter unix:/run/postern/filter.sock: unreasonable read timeout',
      'postfix/smtpd[7]: warning: milter unix:/run/postern/filter.sock: unreasonable read timeout',
    ],
    [
      'Nov  2 21:00:00 relay postfix/smtpd[7]: warning: unknown[192.0.2.7]: TLS problem of alice@chat.example',
      'postfix/smtpd[7]: warning: […]: TLS problem of …',
    ],
    [
      'postfix/smtp[7]: warning: host mx.example[2001:db8::1]:25 greeted me with my own hostname',
      'postfix/smtp[7]: warning: host […]:25 greeted me with my own hostname',
    ],
    [
      'postfix/smtp[7]: warning: socketmap:unix:/run/x.sock:postfix lookup error for "friends.example"',
      'postfix/smtp[7]: warning: socketmap:unix:/run/x.sock:postfix lookup error for "…"',
    ],
    [
      'postfix/smtp[7]: warning: TLS policy lookup for friends.example/mx.friends.example: client TLS configuration problem',
      'postfix/smtp[7]: warning: TLS policy lookup for …: client TLS configuration problem',
    ],
    [
      'postfix/smtp[7]: warning: smtp_tls_policy_maps, next-hop destination "friends.example": policy table lookup error',
      'postfix/smtp[7]: warning: smtp_tls_policy_maps, next-hop destination "…": policy table lookup error',
    ],
    [
      'imap(alice@chat.example)<12><aGVsbG8>: Error: Mailbox INBOX: something',
      'imap(…)<…><…>: Error: Mailbox INBOX: something',
    ],
    [
      'lmtp(alice@chat.example)<9><x>: Error: from=<bob@other.example>, rip=192.0.2.7, 192.0.2.8 2001:db8::5',
      'lmtp(…)<…><…>: Error: from=…, rip=…, … …',
    ],
    [
      'submission/smtpd[7]: warning: non-SMTP command from unknown[192.0.2.7]: Subject: the plans',
      'submission/smtpd[7]: warning: non-SMTP command from […]: …',
    ],
    [
      'incoming/smtpd[7]: warning: Illegal address syntax from unknown[192.0.2.7] in RCPT command: <the plans>',
      'incoming/smtpd[7]: warning: Illegal address syntax from […] in RCPT command: …',
    ],
  ])('keeps a warning without anybody in it', (line, kept) => {
    expect(keepLine(line)).toBe(kept);
  });
});

describe('the log of the program that asks for policies', () => {
  it.each([
    ['2026-11-22 21:00:00 INFO     MAIN: Server started.', undefined],
    ['2026-11-22 21:00:00 ERROR    STS: friends.example has no policy', 'mta-sts: error: STS'],
    [
      'aiohttp.ClientConnectorError: Cannot connect to host friends.example',
      'mta-sts: error: aiohttp.ClientConnectorError',
    ],
    [
      "PermissionError: [Errno 13] Permission denied: '/x'",
      "mta-sts: error: PermissionError: [Errno 13] Permission denied: '/x'",
    ],
    ['sqlite3.OperationalError: disk is full', 'mta-sts: error: sqlite3.OperationalError: disk is full'],
    ['  File "/usr/lib/python3/dist-packages/aiohttp/helpers.py", line 225', undefined],
  ])('of %j keeps %j', (line, kept) => {
    expect(keepPolicyLine(line)).toBe(kept);
  });
});
