"""A name server of the simulated city, over UDP. It can lie, forget names and fall silent."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

_TTL_SECONDS = 5

Zone = Mapping[str, Mapping[str, str]]
"""For each absolute name, the text of its one record by type: {"a.test.": {"A": "192.0.2.1"}}."""


class NameServer(asyncio.DatagramProtocol):
    """Answers from `zone`, which may be replaced at any time; while `silent`, it does not."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.silent = False
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = None if self.silent else reply_to(data, self.zone)
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)


def reply_to(query: bytes, zone: Zone) -> bytes | None:
    """Return the answer to a query in wire format, or None for what is no query."""
    try:
        asked = dns.message.from_wire(query)
        reply = dns.message.make_response(asked, recursion_available=True)
    except dns.exception.DNSException:
        return None
    reply.flags |= dns.flags.AA
    for question in asked.question:
        _answer(reply, question.name, dns.rdatatype.to_text(question.rdtype), zone)
    return reply.to_wire()


def _answer(reply: dns.message.Message, name: dns.name.Name, record: str, zone: Zone) -> None:
    records = zone.get(name.to_text().lower())
    if records is None:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    elif record in records:
        reply.answer.append(dns.rrset.from_text(name, _TTL_SECONDS, "IN", record, records[record]))


@asynccontextmanager
async def name_server(zone: Zone) -> AsyncIterator[NameServer]:
    """Serve `zone` on a free port of loopback."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(
        lambda: NameServer(zone), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()
