"""The gRPC prober against a server with the health service."""

import pytest

from monitor.domain.observation import FailureKind as Kind
from tests.certificates import NAME, leaf, write_chain, write_root
from tests.grpcservers import Answer, grpc_server, refused
from tests.integration.blackbox.probing import names, numbers, probed, steps
from tests.servers import server_context

SERVING = "probe_grpc_healthcheck_response{SERVING}"


async def test_a_service_that_serves():
    """A service that says it serves is a success; its name and the metadata went along."""
    calls = []

    def answer(call):
        calls.append(call)
        return Answer()

    with grpc_server(answer) as port:
        found = await probed(
            "grpc",
            f"127.0.0.1:{port}",
            service="kota.Izin",
            metadata={"x-unit": ["dinas"]},
        )

    assert found.success
    assert (calls[0].service, calls[0].fields["x-unit"]) == ("kota.Izin", "dinas")
    seen = numbers(found)
    assert (seen[SERVING], seen["probe_grpc_status_code"], seen["probe_grpc_ssl"]) == (1, 0, 0)
    assert seen["probe_grpc_healthcheck_response{NOT_SERVING}"] == 0
    assert seen["probe_grpc_duration_seconds{check}"] > 0
    assert not {name for name in names(found) if name.startswith("probe_ssl")}


@pytest.mark.parametrize(
    ("answer", "code", "serving"),
    [
        (Answer(b"\x08\x02"), 0, "NOT_SERVING"),
        (refused(5, "tidak%20ada"), 5, None),
        (refused(12), 12, None),
    ],
)
async def test_a_service_that_does_not_serve(answer, code, serving):
    """Another answer than SERVING fails the probe, and its numbers say which it was."""
    with grpc_server(lambda _: answer) as port:
        found = await probed("grpc", f"http://127.0.0.1:{port}/", service="kota.Izin")

    assert not found.success
    assert found.outcome.failure.kind is Kind.STATUS
    assert numbers(found)["probe_grpc_status_code"] == code
    told = {name for name, value in numbers(found).items() if value and "healthcheck" in name}
    assert told == ({f"probe_grpc_healthcheck_response{{{serving}}}"} if serving else set())


async def test_certificate_of_a_server(tmp_path):
    """Over TLS the server must agree to HTTP/2 and is verified, and its certificate is shown."""
    chain, key = write_chain(tmp_path, "server", leaf(label="grpc"))
    trusted = {"ca_file": str(write_root(tmp_path)), "server_name": NAME}
    tls = server_context(chain, key)
    with grpc_server(lambda _: Answer(), tls) as port:
        no_h2 = await probed("grpc", f"127.0.0.1:{port}", tls=True, tls_config=trusted)
    tls = server_context(chain, key)
    tls.set_alpn_protocols(["h2"])
    with grpc_server(lambda _: Answer(), tls) as port:
        well = await probed("grpc", f"127.0.0.1:{port}", tls=True, tls_config=trusted)
        stranger = await probed("grpc", f"127.0.0.1:{port}", tls=True)

    assert well.success
    assert numbers(well)["probe_grpc_ssl"] == 1
    assert {"probe_ssl_earliest_cert_expiry", "probe_tls_version_info"} <= names(well)
    assert (no_h2.success, no_h2.outcome.failure.kind) == (False, Kind.PROTOCOL)
    assert (stranger.success, stranger.outcome.failure.kind) == (False, Kind.TLS_UNTRUSTED)
    assert "probe_ssl_earliest_cert_expiry" in names(stranger)
    assert numbers(stranger)["probe_grpc_status_code"] == 14


async def test_metadata_that_comes_back():
    """What goes along with a call is shown nowhere, also when the server repeats it."""
    with grpc_server(lambda _: refused(16, "no such key: rahasia-sekali")) as port:
        found = await probed(
            "grpc", f"127.0.0.1:{port}", metadata={"authorization": ["rahasia-sekali"]}
        )

    assert "UNAUTHENTICATED" in found.outcome.failure.detail
    assert "rahasia" not in steps(found)
    assert "rahasia" not in repr(found)


async def test_nobody_there():
    """Without an answer the status is the one that gRPC has for it: UNAVAILABLE."""
    found = await probed("grpc", "127.0.0.1:1")

    assert found.outcome.failure.kind is Kind.CONNECT_REFUSED
    assert numbers(found)["probe_grpc_status_code"] == 14
    assert numbers(found)[SERVING] == 0


@pytest.mark.parametrize("target", ["", "http://", "http://[::1", "127.0.0.1:99999", "::1"])
async def test_what_is_no_target(target):
    """What is neither host, host:port nor such a URL is dialled by nobody."""
    found = await probed("grpc", target)

    assert found.outcome.failure.kind is Kind.PROTOCOL
    assert "probe_ip_protocol" not in names(found)
