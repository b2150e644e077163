"""Answers from the zone files in /zones; a file named NAME.fails makes everything at and below NAME fail."""

import os
from dnslib import QTYPE, RCODE, RR
from dnslib.server import BaseResolver, DNSLogger, DNSServer

ZONES = "/zones"


class Zones(BaseResolver):
    def resolve(self, request, handler):
        reply = request.reply()
        name = str(request.q.qname).lower().rstrip(".")
        files = os.listdir(ZONES)
        failing = [file.removesuffix(".fails") for file in files if file.endswith(".fails")]
        if any(name == domain or name.endswith("." + domain) for domain in failing):
            reply.header.rcode = RCODE.SERVFAIL
            return reply
        records = []
        for file in files:
            with open(os.path.join(ZONES, file)) as zone:
                records += RR.fromZone(zone.read())
        at_name = [record for record in records if str(record.rname).lower().rstrip(".") == name]
        for record in at_name:
            if QTYPE[record.rtype] == "CNAME":
                reply.add_answer(record)
                name = str(record.rdata).lower().rstrip(".")
                at_name = [other for other in records if str(other.rname).lower().rstrip(".") == name]
        wanted = QTYPE[request.q.qtype]
        for record in at_name:
            if QTYPE[record.rtype] == wanted:
                reply.add_answer(record)
        below = any(str(record.rname).lower().rstrip(".").endswith("." + name) for record in records)
        if not at_name and not below:
            reply.header.rcode = RCODE.NXDOMAIN
        return reply


logger = DNSLogger("-request,-reply,-truncated,-error", True)
servers = [DNSServer(Zones(), port=53, address="::", tcp=tcp, logger=logger) for tcp in (False, True)]
servers[0].start_thread()
print("name server started")
servers[1].start()
