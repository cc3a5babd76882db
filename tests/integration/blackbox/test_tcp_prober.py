"""The TCP prober against servers on loopback."""

import time

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus
from tests.certificates import leaf, write_chain, write_root
from tests.integration.blackbox.probing import names, numbers, probed, steps
from tests.servers import free_port, server_context, serving

COMMON = {"probe_success", "probe_duration_seconds", "probe_timeout_seconds"}
ADDRESS = {"probe_dns_lookup_time_seconds", "probe_ip_protocol", "probe_ip_addr_hash"}
TCP = {"probe_failed_due_to_regex", "probe_failed_due_to_bytes"}
SSL = {
    "probe_ssl_earliest_cert_expiry",
    "probe_ssl_last_chain_info",
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "probe_tls_version_info",
}
FAILED = {"probe_failure_info"}

STARTTLS = [
    {"expect": "^220 "},
    {"send": "EHLO prober\r"},
    {"expect": "^250-STARTTLS"},
    {"send": "STARTTLS\r"},
    {"expect": "^220 "},
    {"starttls": True},
    {"send": "EHLO prober\r"},
    {"expect": "^250-AUTH (.*)$", "labels": [{"name": "auth", "value": "$1"}]},
    {"send": "QUIT\r"},
]


def saying(*pieces, hold=0.0):
    """Return a handler that sends `pieces` and closes, `hold` seconds later."""

    def handle(connection):
        for piece in pieces:
            connection.sendall(piece)
        time.sleep(hold)

    return handle


def waiting(connection):
    """Hold a connection until the other side is tired of it."""
    while connection.recv(4096):
        pass


def smtp(context):
    """Return a mail server that can go over to TLS."""

    def handle(connection):
        connection.sendall(b"220 mail.test ESMTP\r\n")
        lines = connection.makefile("rb", 0)
        lines.readline()
        connection.sendall(b"250-mail.test\r\n250-STARTTLS\r\n250 HELP\r\n")
        lines.readline()
        connection.sendall(b"220 go ahead\r\n")
        secure = context.wrap_socket(connection, server_side=True)
        lines = secure.makefile("rb", 0)
        lines.readline()
        secure.sendall(b"250-mail.test\r\n250-AUTH PLAIN\r\n250 HELP\r\n")
        lines.readline()
        secure.close()

    return handle


@pytest.fixture
def trust(tmp_path):
    return {"ca_file": str(write_root(tmp_path))}


@pytest.fixture
def present(tmp_path):
    def make(**changes):
        return server_context(*write_chain(tmp_path, "server", leaf(**changes)))

    return make


async def test_an_open_port():
    """A connection is enough; there are no phases, and no certificate."""
    with serving(waiting) as port:
        found = await probed("tcp", f"127.0.0.1:{port}")

    assert found.success
    assert names(found) == COMMON | ADDRESS | TCP


async def test_a_closed_port():
    """A refused connection fails with its kind."""
    found = await probed("tcp", f"127.0.0.1:{free_port()}")

    assert names(found) == COMMON | ADDRESS | TCP | FAILED
    assert found.outcome.failure.kind is Kind.CONNECT_REFUSED


async def test_a_target_without_a_port():
    """A target is host:port; without one nothing is looked up."""
    found = await probed("tcp", "127.0.0.1")

    assert names(found) == COMMON | TCP | FAILED


async def test_a_banner_and_what_it_says():
    """`labels` tell what the banner says, as probe_expect_info."""
    with serving(saying(b"SSH-2.0-OpenSSH_9.2\r\n", hold=0.5)) as port:
        found = await probed(
            "tcp",
            f"127.0.0.1:{port}",
            query_response=[
                {
                    "expect": r"^SSH-2\.0-(\S+)",
                    "labels": [{"name": "version", "value": "${1}"}],
                }
            ],
        )

    assert found.success
    assert numbers(found)["probe_expect_info{OpenSSH_9.2}"] == 1


async def test_another_banner():
    """What was received stands in the failure, but not in the log."""
    with serving(saying(b"hello, secret\r\n")) as port:
        found = await probed("tcp", f"127.0.0.1:{port}", query_response=[{"expect": "^SSH"}])

    assert found.outcome.failure.kind is Kind.BANNER
    assert "hello, secret" in found.outcome.failure.detail
    assert "secret" not in steps(found)
    assert numbers(found)["probe_failed_due_to_regex"] == 1


async def test_a_silent_target_costs_no_more_than_the_timeout():
    """A target that says nothing is left when time is up, without the regex gauge."""
    with serving(waiting) as port:
        began = time.monotonic()
        found = await probed(
            "tcp", f"127.0.0.1:{port}", seconds=0.3, query_response=[{"expect": "x"}]
        )
        took = time.monotonic() - began

    assert found.outcome.failure.kind is Kind.TIMEOUT
    assert numbers(found)["probe_failed_due_to_regex"] == 0
    assert 0.25 < took < 5
    assert numbers(found)["probe_timeout_seconds"] == 0.3


async def test_tls_from_the_start(trust, present):
    """`tls: true` tells the certificate and the version, and names no cipher."""
    with serving(waiting, tls=present()) as port:
        found = await probed("tcp", f"127.0.0.1:{port}", tls=True, tls_config=trust)

    assert found.success
    assert names(found) == COMMON | ADDRESS | TCP | SSL


async def test_an_expired_certificate_is_told_all_the_same(trust, present):
    """The dates of a certificate are there when it is refused for them."""
    with serving(waiting, tls=present(days=(-10, -1))) as port:
        found = await probed("tcp", f"127.0.0.1:{port}", tls=True, tls_config=trust)

    assert found.outcome.failure.kind is Kind.TLS_EXPIRED
    assert numbers(found)["probe_ssl_earliest_cert_expiry"] > 0


async def test_hostname_is_the_name_of_the_certificate(trust, present):
    """`hostname` is the name that the certificate must bear, unless server_name says another."""
    with serving(waiting, tls=present(names=("mail.test",))) as port:
        target = f"127.0.0.1:{port}"
        without = await probed("tcp", target, tls=True, tls_config=trust)
        found = await probed("tcp", target, tls=True, tls_config=trust, hostname="mail.test")
        named = trust | {"server_name": "other.test"}
        other = await probed("tcp", target, tls=True, tls_config=named, hostname="mail.test")

    assert [without.success, found.success, other.success] == [False, True, False]


async def test_going_over_to_tls(trust, present):
    """After `starttls` the conversation goes on over TLS, and the certificate is told."""
    with serving(smtp(present())) as port:
        found = await probed("tcp", f"127.0.0.1:{port}", tls_config=trust, query_response=STARTTLS)

    assert found.success
    assert names(found) == COMMON | ADDRESS | TCP | SSL | {"probe_expect_info"}
    assert numbers(found)["probe_expect_info{PLAIN}"] == 1


async def test_going_over_to_tls_with_a_certificate_that_is_refused(trust, present):
    """A certificate that is refused on the way fails the probe by its own kind."""
    with serving(smtp(present(names=("other.test",)))) as port:
        found = await probed("tcp", f"127.0.0.1:{port}", tls_config=trust, query_response=STARTTLS)

    assert found.outcome.failure.kind is Kind.TLS_HOSTNAME
    assert numbers(found)["probe_ssl_earliest_cert_expiry"] > 0


async def test_where_a_connection_leaves_from():
    """`source_ip_address` is the address that the target sees; one of another family is ours."""

    def tell(connection):
        connection.sendall(f"{connection.getpeername()[0]}\n".encode())

    seen = [{"expect": r"^127\.0\.0\.9$"}]
    with serving(tell) as port:
        target = f"127.0.0.1:{port}"
        found = await probed("tcp", target, source_ip_address="127.0.0.9", query_response=seen)
        wrong = await probed("tcp", target, source_ip_address="::1")

    assert found.success
    assert wrong.outcome.status is OutcomeStatus.UNKNOWN


async def test_a_flood_of_short_lines_holds_nothing_up():
    """A target that sends lines without end is left soon, and the loop goes on meanwhile."""

    def flood(connection):
        while True:
            connection.sendall(b"\n" * 65_536)

    with serving(flood) as port:
        found = await probed("tcp", f"127.0.0.1:{port}", query_response=[{"expect": "^never$"}])

    assert found.outcome.failure.kind is Kind.TOO_LARGE
    assert numbers(found)["probe_duration_seconds"] < 5
