"""Checks of type tcp against sockets on loopback."""

import time
from datetime import UTC, datetime

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind, OutcomeStatus, series
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes.tcp import TcpSpec, probe
from tests.certificates import leaf, write_chain
from tests.servers import free_port, server_context, serving


async def checked(port, *, seconds=5.0, **keys):
    now = time.monotonic()
    context = ProbeContext(
        network=Network(resolver=Resolver()),
        deadline=now + seconds,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    return await probe(TcpSpec.model_validate({"host": "127.0.0.1", "port": port, **keys}), context)


def greeting(octets, *, pause=0.0):
    def handle(connection):
        for start in range(0, len(octets), 4):
            connection.sendall(octets[start : start + 4])
            time.sleep(pause)
        connection.recv(1)

    return handle


def echoing(connection):
    while octets := connection.recv(1000):
        connection.sendall(octets.upper())


async def test_an_open_port_is_up():
    """A port that takes connections is up; nothing is sent, nothing awaited."""
    with serving(greeting(b"")) as port:
        outcome = await checked(port)

    assert (outcome.status, outcome.answered) == (OutcomeStatus.OK, True)
    assert outcome.measurements[series("probe_ip_protocol")] == 4
    assert list(outcome.facts["phases"]) == ["resolve", "connect"]


async def test_a_closed_port_is_down():
    """A port where nobody listens is down, and that is an answer."""
    outcome = await checked(free_port())

    assert outcome.failure.kind is FailureKind.CONNECT_REFUSED
    assert outcome.answered


async def test_a_greeting_in_pieces():
    """The expression is tried on all that came so far, however it was cut."""
    with serving(greeting(b"220 mail.test ESMTP\r\n", pause=0.01)) as port:
        fine = await checked(port, expect={"receive_matches": "^220 .*ESMTP"})
        wrong = await checked(port, seconds=0.4, expect={"receive_matches": "^250"})

    assert fine.status is OutcomeStatus.OK
    assert wrong.failure.kind is FailureKind.BANNER
    assert wrong.failure.detail.startswith("received '220 mail.test ESMTP")
    assert wrong.measurements[series("probe_failed_due_to_regex")] == 1


async def test_what_is_sent_is_sent_as_written():
    """`send` goes out to the byte, and the answer to it is looked at."""
    with serving(echoing) as port:
        outcome = await checked(port, send="ping\r\n", expect={"receive_matches": "^PING\\r\\n$"})

    assert outcome.status is OutcomeStatus.OK


async def test_silence_where_an_answer_is_expected():
    """A target that says nothing until the deadline has timed out."""
    with serving(lambda connection: connection.recv(1)) as port:
        outcome = await checked(port, seconds=0.2, expect={"receive_matches": "."})

    assert outcome.failure.kind is FailureKind.TIMEOUT
    assert outcome.answered


async def test_an_endless_answer_is_bounded():
    """At most 16 KB of an answer are looked at."""

    def flood(connection):
        while True:
            connection.sendall(b"a" * 65_536)

    with serving(flood) as port:
        outcome = await checked(port, expect={"receive_matches": "b"})

    assert outcome.failure.kind is FailureKind.BANNER
    assert len(outcome.facts["received"].encode()) <= 1024


async def test_tls_is_verified(tmp_path):
    """With `tls` the certificate must be trusted; its facts are known all the same."""
    context = server_context(*write_chain(tmp_path, "own", leaf(issuer=None)))
    with serving(echoing, tls=context) as port:
        outcome = await checked(port, tls=True)

    assert outcome.failure.kind is FailureKind.TLS_SELF_SIGNED
    assert outcome.facts["certificate"]["names"] == ["makassarkota.test", "localhost"]
