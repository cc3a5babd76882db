"""Asking over TLS and over HTTPS: unbound, and servers that get it wrong."""

import asyncio
import ssl
import struct
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.observation import FailureKind, Outcome, OutcomeStatus, series
from monitor.probes.dns import DnsSpec, probe
from tests.certificates import NAME, leaf, root, write_chain
from tests.dnsservers import Encrypted, answer, probe_context
from tests.peers import peer

GOOD = "www.example.id. 60 A 192.0.2.7"
ADDRESSES = {"answers": {"exactly": ["192.0.2.7", "192.0.2.8"]}}


async def probed(*servers: str, seconds: float = 5.0, **fields: Any) -> Outcome:
    fields = {"name": "www.example.id", "nameservers": list(servers)} | fields
    return await probe(DnsSpec.model_validate(fields), probe_context(seconds=seconds))


@pytest.mark.peers
@pytest.mark.parametrize("way", ["tls", "https"])
async def test_encrypted_resolver_answers(encrypted: Encrypted, way: str):
    """An answer over TLS or HTTPS is judged like any other; its certificate is measured."""
    server = encrypted.tls if way == "tls" else encrypted.https

    outcome = await probed(f"{way}://{server}", ca_file=str(encrypted.ca_file), expect=ADDRESSES)

    assert outcome.failure is None
    assert outcome.facts["transport"] == way
    assert outcome.facts["tls"]["version"] == "TLSv1.3"
    assert outcome.facts["address"] == "127.0.0.1"
    assert outcome.measurements[series("probe_ssl_earliest_cert_expiry")] > 0
    assert outcome.measurements[series("probe_dns_duration_seconds", phase="connect")] > 0


@pytest.mark.peers
async def test_https_speaks_http2_in_both_methods(encrypted: Encrypted):
    """DNS over HTTPS goes over HTTP/2 where the server offers it, by POST and by GET."""
    for method in ("POST", "GET"):
        outcome = await probed(
            f"https://{encrypted.https}/dns-query",
            ca_file=str(encrypted.ca_file),
            http_method=method,
            expect=ADDRESSES,
        )

        assert outcome.failure is None
        assert outcome.facts["http_version"] == "2"


@pytest.mark.peers
async def test_second_client_agrees(encrypted: Encrypted):
    """kdig over TLS and over HTTPS finds what the check finds."""
    for option, server in (("+tls", encrypted.tls), ("+https", encrypted.https)):
        command = [peer("kdig"), "@127.0.0.1", "-p", str(server.port), option, "+short"]
        command += [f"+tls-ca={encrypted.ca_file}", "+tls-host=localhost", "www.example.id", "A"]
        done = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, timeout=10, check=False
        )

        assert sorted(done.stdout.split()) == ["192.0.2.7", "192.0.2.8"], done.stderr


@pytest.mark.peers
@pytest.mark.parametrize("way", ["tls", "https"])
async def test_certificate_must_be_right(encrypted: Encrypted, way: str):
    """Over TLS and HTTPS the server's certificate is verified, its name too."""
    server = f"{way}://{encrypted.tls if way == 'tls' else encrypted.https}"

    untrusted = await probed(server)
    misnamed = await probed(
        server, ca_file=str(encrypted.ca_file), server_name="dns.elsewhere.test"
    )
    named = await probed(server, ca_file=str(encrypted.ca_file), server_name=NAME)
    unverified = await probed(server, insecure=True)

    assert untrusted.failure is not None
    assert untrusted.failure.kind is FailureKind.TLS_UNTRUSTED
    assert misnamed.failure is not None
    assert misnamed.failure.kind is FailureKind.TLS_HOSTNAME
    assert misnamed.facts["certificate"]["names"]
    assert named.failure is None
    assert unverified.failure is None
    assert unverified.facts["insecure"] is True


@pytest.mark.peers
async def test_identifier_is_shown_when_asked_for(encrypted: Encrypted):
    """A server says who it is if it is asked, and its EDNS payload stands in the details."""
    asked = await probed(f"tls://{encrypted.tls}", ca_file=str(encrypted.ca_file), nsid=True)
    unasked = await probed(f"tls://{encrypted.tls}", ca_file=str(encrypted.ca_file))

    assert asked.facts["edns"]["nsid"] == "makassar-1"
    assert "nsid" not in unasked.facts["edns"]
    assert unasked.facts["edns"]["payload_bytes"] >= 512


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def tls_server(folder: Path, talk: Talk) -> AsyncIterator[str]:
    """Run a server that speaks TLS and then does as told; yield its address."""
    chain, key = write_chain(folder, "server", leaf())
    (folder / "root.pem").write_bytes(root().pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked has gone
        finally:
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0, ssl=context)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.sleep(0)


async def framed_query(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack("!H", await reader.readexactly(2))
    return await reader.readexactly(length)


def framed(wire: bytes) -> bytes:
    return struct.pack("!H", len(wire)) + wire


async def test_other_messages_on_the_stream_are_passed_over(tmp_path: Path):
    """Over TLS a message with another id is not ours; the answer behind it is used."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await framed_query(reader)
        forged = answer(query, "www.example.id. 60 A 192.0.2.66")
        writer.write(framed(bytes([forged[0] ^ 1]) + forged[1:]))
        writer.write(framed(answer(query, GOOD)))

    async with tls_server(tmp_path, talk) as address:
        outcome = await probed(f"tls://{address}", ca_file=str(tmp_path / "root.pem"))

    assert outcome.failure is None
    assert [one["value"] for one in outcome.facts["answers"]] == ["192.0.2.7"]


async def test_silent_server_over_tls_is_a_timeout(tmp_path: Path):
    """A server that makes the handshake and then says nothing costs the deadline."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with tls_server(tmp_path, talk) as address:
        outcome = await probed(f"tls://{address}", ca_file=str(tmp_path / "root.pem"), seconds=0.8)

    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.TIMEOUT


def http_reply(
    status: str, body: bytes, media_type: str = "application/dns-message", more: str = ""
) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
        f"{more}\r\n"
    )
    return head.encode() + body


async def http_query(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    return await reader.readexactly(length)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (lambda _: http_reply("404 Not Found", b"no"), FailureKind.STATUS),
        (lambda query: http_reply("200 OK", answer(query, GOOD), "text/html"), FailureKind.HEADER),
        (lambda query: http_reply("200 OK", answer(query, GOOD)[:-3]), FailureKind.PROTOCOL),
        (lambda query: http_reply("200 OK", b"x"), FailureKind.PROTOCOL),
        (lambda query: http_reply("200 OK", b"\1" + answer(query, GOOD)[1:]), FailureKind.PROTOCOL),
        (lambda query: http_reply("200 OK", b"\0" * 70_000), FailureKind.TOO_LARGE),
        (
            lambda _: b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.test/\r\n\r\n",
            FailureKind.STATUS,
        ),
    ],
    ids=["status", "type", "cut", "noise", "another id", "large", "redirect"],
)
async def test_what_is_no_dns_answer_over_https(
    tmp_path: Path, reply: Callable[[bytes], bytes], kind: FailureKind
):
    """An HTTP answer that holds no answer to the question fails with what is wrong with it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(await http_query(reader)))

    async with tls_server(tmp_path, talk) as address:
        outcome = await probed(f"https://{address}", ca_file=str(tmp_path / "root.pem"))

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure is not None
    assert outcome.failure.kind is kind
    assert outcome.answered


async def test_https_over_http_1_1(tmp_path: Path):
    """A server that knows no HTTP/2 is asked over HTTP/1.1; the question's id is 0."""
    ids: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await http_query(reader)
        ids.append(query[:2])
        writer.write(http_reply("200 OK", answer(query, GOOD)))

    async with tls_server(tmp_path, talk) as address:
        outcome = await probed(f"https://{address}", ca_file=str(tmp_path / "root.pem"))

    assert outcome.failure is None
    assert outcome.facts["http_version"] == "1.1"
    assert ids == [b"\0\0"]


@pytest.mark.parametrize(
    ("fields", "left"),
    [("Age: 25\r\n", 35), ("Age: 90\r\n", 0), ("", 60), ("Age: -5\r\n", 60), ("Age: x\r\n", 60)],
)
async def test_answer_that_a_cache_kept(tmp_path: Path, fields: str, left: int):
    """An answer over HTTPS is older by its Age than its TTL says (RFC 8484, 5.1)."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = answer(await http_query(reader), GOOD)
        writer.write(http_reply("200 OK", wire, more=fields))

    async with tls_server(tmp_path, talk) as address:
        outcome = await probed(f"https://{address}", ca_file=str(tmp_path / "root.pem"))

    assert outcome.failure is None
    assert [one["ttl_seconds"] for one in outcome.facts["answers"]] == [left]
