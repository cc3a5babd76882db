"""Asking one name server: real ones, and ones that misbehave."""

import asyncio
import time
from pathlib import Path

import dns.message
import pytest

from monitor.domain.observation import FailureKind, UnknownCause
from monitor.net.dnsclient import DnsAnswer, Options, QueryTrace, Transport, ask
from monitor.net.dnsmessage import DEFAULT_OPTIONS, Question, follow
from monitor.net.dnsserver import NameServer
from monitor.net.errors import NetError
from tests.dnsservers import Send, answer, answering, hand_made, silent

WWW = Question("www.example.id", "A")
GOOD = "www.example.id. 60 A 192.0.2.7"


async def asked(
    server: NameServer,
    question: Question = WWW,
    transport: Transport = Transport.UDP,
    seconds: float = 5.0,
    *,
    trace: QueryTrace | None = None,
    options: Options = DEFAULT_OPTIONS,
) -> DnsAnswer:
    return await ask(
        server,
        question,
        transport=transport,
        options=options,
        deadline=time.monotonic() + seconds,
        trace=trace or QueryTrace(),
    )


def texts(found: DnsAnswer, question: Question = WWW) -> list[str]:
    return sorted(record.text for record in follow(found.message, question).records)


@pytest.mark.peers
@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
async def test_asks_knot(knot: NameServer, transport: Transport):
    """An authoritative server's answer comes over UDP and over TCP."""
    trace = QueryTrace()

    found = await asked(knot, transport=transport, trace=trace)

    assert texts(found) == ["192.0.2.7", "192.0.2.8"]
    assert found.transport is transport
    assert "aa" in found.message.flags
    assert trace.request_seconds > 0


@pytest.mark.peers
@pytest.mark.parametrize(
    ("record", "name", "expected"),
    [
        ("A", "www.example.id", ["192.0.2.7", "192.0.2.8"]),
        ("AAAA", "www.example.id", ["2001:db8::7"]),
        ("CNAME", "alias.example.id", ["hop.example.id"]),
        ("MX", "example.id", ["10 mail.example.id", "20 mail2.example.id"]),
        ("NS", "example.id", ["ns1.example.id", "ns2.example.id"]),
        (
            "SOA",
            "example.id",
            ["ns1.example.id hostmaster.example.id 2026110701 3600 600 604800 300"],
        ),
        ("TXT", "example.id", ["first second", "v=spf1 -all"]),
        ("CAA", "example.id", ["0 issue letsencrypt.org"]),
        ("SRV", "_sip._tcp.example.id", ["0 5 5060 www.example.id"]),
        ("PTR", "7.2.0.192.in-addr.arpa", ["www.example.id"]),
    ],
)
async def test_reads_each_type(knot: NameServer, record: str, name: str, expected: list[str]):
    """Each record type has one canonical text."""
    question = Question(name, record)

    found = await asked(knot, question)

    assert texts(found, question) == expected


@pytest.mark.peers
async def test_truncated_answer_is_asked_for_over_tcp(knot: NameServer):
    """An answer too large for UDP comes whole, over TCP."""
    question = Question("big.example.id", "TXT")

    found = await asked(knot, question)

    assert found.truncated
    assert found.transport is Transport.TCP
    assert len(texts(found, question)) == 40


@pytest.mark.peers
async def test_asks_unbound_for_a_chain(unbound: NameServer):
    """A recursive server's CNAMEs are followed, and the smallest TTL on the way counts."""
    question = Question("alias.example.id", "A")

    found = await asked(unbound, question)

    chain = follow(found.message, question)
    assert chain.aliases == ("hop.example.id", "www.example.id")
    assert len(chain.records) == 2
    assert chain.ttl_seconds <= 60


def _another_id(query: bytes) -> bytes:
    return bytes([query[0] ^ 1]) + answer(query, GOOD.replace("192.0.2.7", "192.0.2.66"))[1:]


def _another_question(query: bytes) -> bytes:
    other = dns.message.make_query("www.example.net.", "A", id=dns.message.from_wire(query).id)
    return answer(other.to_wire(), "www.example.net. 60 A 192.0.2.66")


def _another_type(query: bytes) -> bytes:
    other = dns.message.make_query("www.example.id.", "AAAA", id=dns.message.from_wire(query).id)
    return answer(other.to_wire(), "www.example.id. 60 AAAA 2001:db8::66")


BAD_PACKETS = {
    "another id": _another_id,
    "another question": _another_question,
    "another type": _another_type,
    "a query, not a reply": lambda query: query,
    "cut short": lambda query: answer(query, GOOD)[:-3],
    "one byte": lambda query: query[:1],
    "nothing": lambda query: b"",
    "noise": lambda query: query[:2] + b"\x81\x80" + b"\xff" * 200,
    "a name that points to itself": lambda query: (
        query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:32] + b"\xc0\x20\0\1\0\1\0\0\0\1\0\0"
    ),
}


@pytest.mark.parametrize("bad", BAD_PACKETS.values(), ids=BAD_PACKETS)
async def test_good_answer_after_a_bad_packet_is_used(bad):
    """A packet that is forged or broken is passed over, and the answer behind it is used."""

    async def behave(query: bytes, send: Send) -> None:
        send(bad(query))
        await asyncio.sleep(0.02)
        send(answer(query, GOOD))

    async with hand_made(behave) as server:
        found = await asked(server.address)

    assert texts(found) == ["192.0.2.7"]


async def test_answer_from_another_port_is_not_heard():
    """Only the address and port that were asked may answer."""

    async def behave(query: bytes, send: Send) -> None:
        sender = server.asked[-1][1]
        loop = asyncio.get_running_loop()
        forger, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        forger.sendto(answer(query, "www.example.id. 60 A 192.0.2.66"), sender)
        await asyncio.sleep(0.05)
        forger.close()
        send(answer(query, GOOD))

    async with hand_made(behave) as server:
        found = await asked(server.address)

    assert texts(found) == ["192.0.2.7"]


async def test_silence_is_a_timeout_at_the_deadline():
    """A silent server costs the deadline and no more, and the failure names the server."""
    async with hand_made(silent) as server:
        began = time.monotonic()
        with pytest.raises(NetError) as caught:
            await asked(server.address, seconds=0.3)
        took = time.monotonic() - began

    assert caught.value.failure.kind is FailureKind.TIMEOUT
    assert str(server.address) in caught.value.failure.detail
    assert not caught.value.answered
    assert 0.29 <= took < 1.3


async def test_bad_packets_alone_end_at_the_deadline():
    """A flood of bad packets is no answer, and holds the loop no longer than silence does."""

    async def behave(query: bytes, send: Send) -> None:
        while True:
            for _ in range(20):
                send(_another_id(query))
            await asyncio.sleep(0.005)

    async with hand_made(behave) as server:
        began = time.monotonic()
        with pytest.raises(NetError) as caught:
            await asked(server.address, seconds=0.5)
        took = time.monotonic() - began

    assert caught.value.failure.kind is FailureKind.TIMEOUT
    assert took < 1.5


async def test_port_and_id_differ_each_time():
    """The source port and the id of a question can't be foretold."""
    async with hand_made(answering(GOOD)) as server:
        for _ in range(20):
            await asked(server.address)

    assert len({sender for _, sender in server.asked}) > 10
    assert len({query[:2] for query, _ in server.asked}) > 15


async def test_64_kilobytes_over_tcp():
    """The largest message that TCP can carry is read."""
    records = [f'www.example.id. 60 TXT "{number:04d}{"x" * 240}"' for number in range(244)]
    question = Question("www.example.id", "TXT")

    async with hand_made(silent, answering(*records)) as server:
        found = await asked(server.address, question, Transport.TCP)

    assert len(texts(found, question)) == 244


async def test_truncated_over_udp_comes_over_tcp():
    """The TC flag sends the question over TCP, whatever else the packet holds."""

    async def cut(query: bytes, send: Send) -> None:
        send(answer(query, "www.example.id. 60 A 192.0.2.66", truncated=True)[:-2])

    async with hand_made(cut, answering(GOOD)) as server:
        found = await asked(server.address)

    assert texts(found) == ["192.0.2.7"]
    assert found.truncated


@pytest.mark.parametrize("rcode", ["FORMERR", "NOTIMP"])
async def test_server_without_edns_is_asked_without(rcode: str):
    """A server that does not understand EDNS is asked again in the old way."""

    async def behave(query: bytes, send: Send) -> None:
        if dns.message.from_wire(query).edns >= 0:
            send(query[:2] + bytes([0x81, dns.rcode.from_text(rcode)]) + b"\0" * 8)
        else:
            send(answer(query, GOOD))

    async with hand_made(behave) as server:
        found = await asked(server.address)

    assert texts(found) == ["192.0.2.7"]


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "NXDOMAIN"])
async def test_response_codes_are_answers(rcode: str):
    """A server that says no has answered."""
    async with hand_made(answering(rcode=rcode)) as server:
        found = await asked(server.address)

    assert found.message.rcode == rcode


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
async def test_closed_port_is_refused(transport: Transport):
    """Where nobody listens, the failure says so at once, and that the host answered."""
    async with hand_made(silent) as server:
        address = server.address

    with pytest.raises(NetError) as caught:
        await asked(address, transport=transport)

    assert caught.value.failure.kind is FailureKind.CONNECT_REFUSED
    assert caught.value.answered


async def test_tcp_server_that_hangs_up_breaks_the_protocol():
    """A connection closed before the answer is whole is a failure of its own kind."""

    async def hang_up(query: bytes, send: Send) -> None:
        pass

    async with hand_made(silent, hang_up) as server:
        with pytest.raises(NetError) as caught:
            await asked(server.address, transport=Transport.TCP)

    assert caught.value.failure.kind is FailureKind.PROTOCOL
    assert caught.value.answered


def _open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_sockets_are_closed_after_timeouts():
    """A question that is given up, or cancelled, leaves no descriptor open."""
    async with hand_made(silent) as server:
        before = _open_descriptors()
        for _ in range(10):
            with pytest.raises(NetError):
                await asked(server.address, seconds=0.01)
            task = asyncio.create_task(asked(server.address))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        assert _open_descriptors() == before


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
async def test_question_leaves_from_a_given_address(transport: Transport):
    """A source address of this machine is used; one that is none is a fault of ours."""
    async with hand_made(answering(GOOD), answering(GOOD)) as server:
        await asked(
            server.address, transport=transport, options=Options(source_address="127.0.0.9")
        )
        with pytest.raises(NetError) as foreign:
            await asked(
                server.address, transport=transport, options=Options(source_address="192.0.2.1")
            )
        with pytest.raises(NetError) as other_family:
            await asked(server.address, transport=transport, options=Options(source_address="::1"))

    if transport is Transport.UDP:
        assert server.asked[-1][1][0] == "127.0.0.9"
    assert foreign.value.cause is UnknownCause.LOCAL
    assert "192.0.2.1" in foreign.value.failure.detail
    assert other_family.value.cause is UnknownCause.LOCAL


async def test_truncated_answer_may_stay_as_it_is():
    """Without a retry over TCP a truncated answer is what counts, as far as it goes."""
    async with hand_made(answering(GOOD, truncated=True), silent) as server:
        found = await asked(server.address, options=Options(retry_truncated=False))

    assert found.truncated
    assert found.transport is Transport.UDP
    assert texts(found) == ["192.0.2.7"]
    assert not server.asked_over_tcp


async def test_question_without_edns_is_asked_once():
    """Who asks without EDNS gets FORMERR as an answer, and asks no second time."""
    async with hand_made(answering(rcode="FORMERR")) as server:
        found = await asked(server.address, options=Options(edns=False))

    assert found.message.rcode == "FORMERR"
    assert len(server.asked) == 1
    assert dns.message.from_wire(server.asked[0][0]).edns == -1


@pytest.mark.peers
async def test_version_of_a_server(unbound: NameServer):
    """A question of class CH asks a server about itself."""
    question = Question("version.bind", "TXT")

    found = await asked(unbound, question, options=Options(record_class="CH"))

    (record,) = follow(found.message, question, "CH").records
    assert record.text.startswith("unbound ")


async def test_bytes_of_the_answer_are_kept():
    """An answer holds its bytes as they came."""
    sent: list[bytes] = []

    async def behave(query: bytes, send: Send) -> None:
        sent.append(answer(query, GOOD))
        send(sent[-1])

    async with hand_made(behave, behave) as server:
        over_udp = await asked(server.address)
        over_tcp = await asked(server.address, transport=Transport.TCP)

    assert [over_udp.wire, over_tcp.wire] == sent
