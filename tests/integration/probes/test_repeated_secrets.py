"""Secrets that a server repeats, held against every type that has one: a new type is found here."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from monitor.checktype import ProbeContext
from monitor.net.connection import dial
from monitor.net.errors import NetError
from monitor.net.network import Network
from monitor.net.report import failed
from monitor.net.resolver import Resolver
from monitor.probes import check_types
from tests.pages import has_secrets, loaded_examples
from tests.servers import serving

# What is quoted holds it with a backslash before each of these three.
SECRET = "kuda'\"\\laut"
LINE = SECRET.encode() + b"\r\n"
SAID = (
    *(before + LINE for before in (b"", b"220 ", b"* OK ", b"+OK ", b"-ERR ", b"HTTP/1.1 401 ")),
    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(LINE) + LINE,
    b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Accept: " + LINE + b"\r\n",
)
# They speak no lines of text, and quote nothing that is none of theirs: each has a test of its own.
OTHERS = {"grpc", "snmp"}
TYPES = sorted(
    name
    for name, kind in check_types().items()
    if kind.push is None and has_secrets(name) and name not in OTHERS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diverted(Network):
    """A network on which every connection leads to one port of ours, and no TLS is spoken."""

    port: int

    async def connect(self, host, port, *, deadline, trace, **_):
        return await dial("127.0.0.1", self.port, deadline=deadline, trace=trace)


def repeating(octets):
    """Return a handler that says `octets` at once, and again to whatever it hears."""

    def handle(connection):
        for _ in range(3):
            connection.sendall(octets)
            if not connection.recv(65_536):
                return

    return handle


async def outcome_of(one, port):
    now = time.monotonic()
    context = ProbeContext(
        network=Diverted(resolver=Resolver(), port=port),
        deadline=now + 0.5,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    try:
        return await one.kind.probe(one.spec, context)
    except NetError as error:  # as the runner does
        return failed(error, {}, {})


@pytest.mark.parametrize("name", TYPES)
async def test_a_secret_in_quotes(name, tmp_path):
    """A secret that a server repeats is veiled also where a message escapes what it quotes."""
    checks = [one for one in loaded_examples(name, tmp_path, SECRET) if "***" in repr(one.spec)]
    shown = []
    for octets in SAID:
        with serving(repeating(octets)) as port:
            for one in checks:
                outcome = await outcome_of(one, port)
                detail = outcome.failure.detail if outcome.failure else ""
                shown.append(f"{detail} {outcome.facts}")

    told = "\n".join(shown)
    assert "***" in told
    assert "kuda" not in told
    assert "laut" not in told
