"""A name server that answers by the name it is asked for: right, wrong, late, or not at all."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from tests.conformance.webtargets import serve

ORIGIN = "example.id."
_TOP = dns.name.from_text(ORIGIN)
Records = tuple[str, ...]
ZONE: dict[tuple[str, str], Records] = {
    ("www", "A"): ("www 300 A 192.0.2.7", "www 300 A 192.0.2.8"),
    ("one", "A"): ("one 300 A 192.0.2.7",),
    ("www", "AAAA"): ("www 300 AAAA 2001:db8::7",),
    ("mapped", "AAAA"): ("mapped 300 AAAA ::ffff:192.0.2.7",),
    ("alias", "A"): ("alias 60 CNAME www", "www 300 A 192.0.2.7"),
    ("alias", "CNAME"): ("alias 60 CNAME www",),
    ("@", "MX"): ("@ 300 MX 10 Mail", "@ 300 MX 20 mail2"),
    ("@", "NS"): ("@ 300 NS ns1", "@ 300 NS ns2"),
    ("@", "SOA"): ("@ 300 SOA ns1 hostmaster 2026110701 3600 600 604800 300",),
    ("@", "TXT"): ('@ 300 TXT "v=spf1 -all"', '@ 300 TXT "first " "se\\"cond" "\\007\\200;"'),
    ("@", "CAA"): ('@ 300 CAA 0 issue "letsencrypt.org; a=b"',),
    ("_sip._tcp", "SRV"): ("_sip._tcp 300 SRV 0 5 5060 www",),
    ("7", "PTR"): ("7 300 PTR www",),
    ("_443._tcp", "TLSA"): ("_443._tcp 300 TLSA 3 1 1 " + "ab" * 32,),
    ("ssh", "SSHFP"): ("ssh 300 SSHFP 4 2 " + "cd" * 32,),
    ("naptr", "NAPTR"): ('naptr 300 NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:a@b!" .',),
    ("host", "HINFO"): ('host 300 HINFO "PC" "Linux x"',),
    ("key", "DNSKEY"): ("key 300 DNSKEY 257 3 13 " + "aGFs" * 16,),
    ("ds", "DS"): ("ds 300 DS 12345 13 2 " + "ef" * 32,),
    ("svc", "HTTPS"): ('svc 300 HTTPS 1 . alpn="h2,h3" port=8443',),
    ("loc", "LOC"): ("loc 300 LOC 5 8 0.000 S 119 25 0.000 E 10.00m",),
    ("new", "TYPE65534"): ("new 300 TYPE65534 \\# 3 616263",),
    ("UPPER", "A"): ("UPPER 300 A 192.0.2.9",),
    ("*.wild", "A"): ("\\*.wild 300 A 192.0.2.10",),
    ("any", "ANY"): ("any 300 A 192.0.2.7", 'any 300 TXT "semua"'),
}
EXTRA_AUTHORITY = ("@ 300 NS ns1", "@ 300 NS ns2")
EXTRA_ADDITIONAL = ("ns1 300 A 192.0.2.53", "ns2 300 A 192.0.2.54", "ns2 300 AAAA 2001:db8::53")
DELAY = 0.3

Send = Callable[[bytes], None]


def reply_to(wire: bytes, send: Send, *, stream: bool) -> None:
    """Send the answer that the first label of the name asks for."""
    asked = dns.message.from_wire(wire)
    question = asked.question[0]
    name = question.name.to_text()
    label = name.removesuffix(ORIGIN).removesuffix(".") or "@"
    kind = dns.rdatatype.to_text(question.rdtype)
    if label == "silent":
        return
    if label == "garbage":
        send(wire[:2] + b"\xff" * 9)
        return
    if label == "late":
        time.sleep(DELAY)
    reply = _reply(asked, label, kind, stream=stream)
    octets = reply.to_wire(max_size=65_535)
    if label == "stranger":
        octets = bytes([octets[0] ^ 0x55]) + octets[1:]
    send(octets)


def _reply(
    asked: dns.message.Message, label: str, kind: str, *, stream: bool
) -> dns.message.Message:
    reply = dns.message.make_response(asked, recursion_available=True, our_payload=1232)
    reply.flags |= dns.flags.AA
    rcode = {"servfail": "SERVFAIL", "refused": "REFUSED", "nx": "NXDOMAIN", "notimp": "NOTIMP"}
    if label in rcode:
        reply.set_rcode(dns.rcode.from_text(rcode[label]))
        _add(reply.authority, *(ZONE["@", "SOA"] if label == "nx" else ()))
    elif label == "recursion":
        if asked.flags & dns.flags.RD:
            _add(reply.answer, "recursion 300 A 192.0.2.7")
    elif label == "truncated" and not stream:
        reply.flags |= dns.flags.TC
    elif label == "edns":
        _add(reply.answer, f"edns 300 A 192.0.2.{8 if asked.edns >= 0 else 7}")
    elif label == "chaos" and asked.question[0].rdclass == dns.rdataclass.CH:
        reply.answer.append(dns.rrset.from_text(asked.question[0].name, 0, "CH", "TXT", '"v1"'))
    elif label == "full":
        _add(reply.answer, "full 300 A 192.0.2.7", "full 300 A 192.0.2.8")
        _add(reply.authority, *EXTRA_AUTHORITY)
        _add(reply.additional, *EXTRA_ADDITIONAL)
    elif label in {"late", "stranger", "truncated"}:
        _add(reply.answer, f"{label} 300 A 192.0.2.7")
    else:
        _add(reply.answer, *ZONE.get((label, kind), ()))
        if label == "mixed":
            _add(reply.answer, "mixed 300 A 192.0.2.7", "mixed 60 A 198.51.100.7")
    return reply


def _add(section: list[dns.rrset.RRset], *records: str) -> None:
    for record in records:
        owner, ttl, kind, text = record.split(maxsplit=3)
        name = ORIGIN if owner == "@" else f"{owner}.{ORIGIN}"
        value = dns.rdata.from_text("IN", kind, text, _TOP, relativize=False)
        found = dns.rrset.from_rdata(name, int(ttl), value)
        section.append(found)


def serve_udp(port: int) -> None:
    """Answer datagrams on 127.0.0.1 and ::1, each in a thread of its own."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        server = socket.socket(family, socket.SOCK_DGRAM)
        server.bind((host, port))
        threading.Thread(target=_listen, args=(server,), daemon=True).start()


def _listen(server: socket.socket) -> None:
    while True:
        wire, sender = server.recvfrom(65_535)
        arguments = (wire, lambda octets, to=sender: server.sendto(octets, to))
        threading.Thread(
            target=reply_to, args=arguments, kwargs={"stream": False}, daemon=True
        ).start()


def talk(connection: socket.socket) -> None:
    """Answer framed queries until the other side is done."""
    with suppress(struct.error):
        while True:
            file = connection.makefile("rb")
            (length,) = struct.unpack("!H", file.read(2))
            wire = file.read(length)
            reply_to(wire, lambda octets: connection.sendall(_framed(octets)), stream=True)


def _framed(octets: bytes) -> bytes:
    return struct.pack("!H", len(octets)) + octets


def serve_tcp(port: int, **tls: object) -> None:
    """Answer over TCP, or TLS."""
    serve(port, talk, **tls)  # type: ignore[arg-type]
