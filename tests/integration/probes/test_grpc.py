"""Checks of type grpc against a server with the health service, in the clear and over TLS."""

import socket
import time
from datetime import UTC, datetime

import pytest

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus as Status
from monitor.domain.observation import series
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes.grpc import GrpcSpec, probe
from tests.certificates import NAME, leaf, write_chain, write_root
from tests.grpcservers import Answer, grpc_server, refused
from tests.servers import server_context, serving


async def checked(port, *, seconds=10.0, **keys):
    context = ProbeContext(
        network=Network(resolver=Resolver()),
        deadline=time.monotonic() + seconds,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    return await probe(
        GrpcSpec.model_validate({"host": "127.0.0.1", "port": port, **keys}), context
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grpc")
    return (*write_chain(folder, "server", leaf(label="grpc")), write_root(folder))


def over_tls(files, *protocols):
    context = server_context(*files[:2])
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


async def test_serving_in_the_clear():
    """A server that serves is up; service, metadata and the time left went along."""
    calls = []

    def answer(call):
        calls.append(call)
        return Answer()

    with grpc_server(answer) as port:
        outcome = await checked(port, service_name="makassar.Izin", metadata={"X-Unit": "dinas"})

    assert (outcome.status, outcome.failure) == (Status.OK, None)
    assert outcome.facts["serving"] == "SERVING"
    assert outcome.facts["grpc_status"] == "0 OK"
    measured = outcome.measurements
    assert measured[series("probe_grpc_status_code")] == 0
    assert measured[series("probe_grpc_healthcheck_response", serving_status="SERVING")] == 1
    assert measured[series("probe_grpc_healthcheck_response", serving_status="UNKNOWN")] == 0
    assert measured[series("probe_grpc_ssl")] == 0
    assert measured[series("probe_grpc_duration_seconds", phase="check")] > 0
    fields = calls[0].fields
    assert calls[0].service == "makassar.Izin"
    assert fields[":path"] == "/grpc.health.v1.Health/Check"
    assert (fields["te"], fields["x-unit"]) == ("trailers", "dinas")
    assert 0 < int(fields["grpc-timeout"].removesuffix("m")) <= 10_000


async def test_serving_over_tls(files):
    """Over TLS the server must agree to HTTP/2, and shows a certificate that is looked at."""
    with grpc_server(lambda _: Answer(), over_tls(files, "h2")) as port:
        well = await checked(port, tls=True, ca_file=str(files[2]), server_name=NAME)
        soon = await checked(port, tls=True, ca_file=str(files[2]), server_name=NAME, min_days=1000)
        wrong = await checked(port, tls=True, ca_file=str(files[2]), server_name="lain.test")

    assert well.status is Status.OK
    assert well.measurements[series("probe_grpc_ssl")] == 1
    assert well.facts["tls"]["version"] == "TLSv1.3"
    assert (soon.status, soon.failure.kind) == (Status.DEGRADED, Kind.EXPIRES_SOON)
    assert (wrong.status, wrong.failure.kind) == (Status.FAILED, Kind.TLS_HOSTNAME)


async def test_no_http2_over_tls(files):
    """A server that does not agree to HTTP/2 in the handshake speaks no gRPC."""
    with grpc_server(lambda _: Answer(), over_tls(files)) as port:
        outcome = await checked(port, tls=True, ca_file=str(files[2]), server_name=NAME)

    assert (outcome.status, outcome.failure.kind) == (Status.FAILED, Kind.PROTOCOL)
    assert "ALPN" in outcome.failure.detail


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (Answer(b"\x08\x02"), Kind.STATUS, "is NOT_SERVING, expected SERVING"),
        (Answer(b"\x08\x03"), Kind.STATUS, "is SERVICE_UNKNOWN, expected SERVING"),
        (Answer(b""), Kind.STATUS, "is UNKNOWN, expected SERVING"),
        (refused(5, "tidak%20ada"), Kind.STATUS, "status 5 NOT_FOUND for service 'a.B': tidak ada"),
        (refused(12), Kind.STATUS, "12 UNIMPLEMENTED for service 'a.B'; does the server have"),
        (refused(77), Kind.STATUS, "gRPC status 77 77"),
        (Answer(trailers=[("grpc-status", "14")]), Kind.STATUS, "14 UNAVAILABLE"),
        (Answer(trailers=[("x", "y")]), Kind.PROTOCOL, "grpc-status ''"),
        (Answer(trailers=[("grpc-status", "zero")]), Kind.PROTOCOL, "grpc-status 'zero'"),
        (Answer(b"\x08\x09"), Kind.PROTOCOL, "serving status 9"),
        (Answer(framing=b"\1\0\0\0\2"), Kind.PROTOCOL, "compressed"),
        (Answer(framing=b"\0\0\0\0\7"), Kind.PROTOCOL, "a message of 7 bytes in an answer of 2"),
        (Answer(b"\0" * 70_000), Kind.TOO_LARGE, "body over 16384 bytes"),
        (Answer(headers=[(":status", "502")]), Kind.STATUS, "HTTP status 502, expected 200"),
        (
            Answer(headers=[(":status", "200"), ("content-type", "text/html")]),
            Kind.PROTOCOL,
            "content-type 'text/html', expected application/grpc",
        ),
    ],
)
async def test_other_answers(answer, kind, words):
    """Whatever is not the answer that was hoped for fails the check, with what came instead."""
    with grpc_server(lambda _: answer) as port:
        outcome = await checked(port, service_name="a.B")

    assert (outcome.status, outcome.failure.kind) == (Status.FAILED, kind)
    assert words in outcome.failure.detail
    assert outcome.answered


async def test_expected_answers():
    """Other answers can be well, where `expect.serving` names them."""
    with grpc_server(lambda _: Answer(b"\x08\x02")) as port:
        outcome = await checked(port, expect={"serving": ["SERVING", "NOT_SERVING"]})

    assert outcome.status is Status.OK


async def test_a_secret_that_comes_back(tmp_path):
    """A secret among the metadata is shown nowhere, also when the server repeats it."""
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text("rahasia-sekali")
    seen = []

    def answer(call):
        seen.append(call.fields["authorization"])
        return refused(16, "unknown token rahasia-sekali")

    with grpc_server(answer) as port:
        outcome = await checked(port, metadata={"authorization": {"file": str(token)}})

    assert seen == ["rahasia-sekali"]
    assert "UNAUTHENTICATED" in outcome.failure.detail
    assert "rahasia" not in repr(outcome)


async def test_a_telling_name():
    """What stands under a name such as `authorization` is taken for a secret, also as a text."""
    answer = refused(16, "unknown token rahasia-sekali from loket-satu")
    metadata = {"authorization": "Bearer rahasia-sekali", "x-unit": "loket-satu"}

    with grpc_server(lambda call: answer) as port:
        outcome = await checked(port, metadata=metadata)

    assert "unknown token *** from loket-satu" in outcome.failure.detail
    assert "rahasia" not in repr(outcome)


async def test_what_speaks_no_http2():
    """A server of another kind is told apart from one that is silent."""

    def other(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    def silent(connection: socket.socket) -> None:
        while connection.recv(1000):
            pass

    with serving(other) as port:
        wrong = await checked(port)
    with serving(silent) as port:
        late = await checked(port, seconds=0.5)

    assert (wrong.status, wrong.failure.kind) == (Status.FAILED, Kind.PROTOCOL)
    assert (late.status, late.failure.kind) == (Status.FAILED, Kind.TIMEOUT)
    assert series("probe_grpc_status_code") not in late.measurements


async def test_over_ipv6():
    """An IPv6 literal is dialled and named as such."""
    with grpc_server(lambda _: Answer(), host="::1") as port:
        outcome = await checked(port, host="::1")

    assert outcome.status is Status.OK
    assert outcome.facts["address"] == "::1"
