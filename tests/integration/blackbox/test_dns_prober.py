"""The DNS prober against knot, and against servers that misbehave."""

import socket
import struct
from collections.abc import Iterator

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.net.dnsserver import NameServer
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from tests import dnsservers
from tests.certificates import write_root
from tests.integration.blackbox.probing import names, numbers, probed, steps
from tests.servers import free_port

pytestmark = pytest.mark.peers

COMMON = {"probe_success", "probe_duration_seconds", "probe_timeout_seconds"}
ADDRESS = {"probe_dns_lookup_time_seconds", "probe_ip_protocol", "probe_ip_addr_hash"}
DNS = {
    "probe_dns_duration_seconds",
    "probe_dns_answer_rrs",
    "probe_dns_authority_rrs",
    "probe_dns_additional_rrs",
    "probe_dns_query_succeeded",
}
FAILED = {"probe_failure_info"}
WWW = {"query_name": "www.example.id", "query_type": "A"}


@pytest.fixture(scope="module")
def knot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    with dnsservers.knot(tmp_path_factory.mktemp("knot")) as server:
        yield server


async def test_an_answer(knot):
    """An answer has all phases and the count of each section."""
    found = await probed("dns", str(knot), **WWW)

    values = numbers(found)
    assert found.success
    assert names(found) == COMMON | ADDRESS | DNS
    assert values["probe_dns_answer_rrs"] == 2
    assert values["probe_dns_query_succeeded"] == 1
    assert values["probe_dns_duration_seconds{request}"] > 0


async def test_no_answer():
    """Without an answer the query did not succeed."""
    found = await probed("dns", f"127.0.0.1:{free_port()}", **WWW)

    assert names(found) == COMMON | ADDRESS | DNS | FAILED
    assert numbers(found)["probe_dns_query_succeeded"] == 0


async def test_a_wrong_answer_is_an_answer(knot):
    """Any response code is an answer, so that the query succeeded and the probe did not."""
    found = await probed("dns", str(knot), query_name="nx.example.id", query_type="A")

    assert found.outcome.failure.kind is Kind.RESOLVE_NXDOMAIN
    assert numbers(found)["probe_dns_query_succeeded"] == 1
    assert numbers(found)["probe_dns_authority_rrs"] == 1


async def test_a_name_that_must_not_be_there(knot):
    """`valid_rcodes` may say that NXDOMAIN is right."""
    found = await probed(
        "dns", str(knot), query_name="nx.example.id", query_type="A", valid_rcodes=["NXDOMAIN"]
    )

    assert found.success


async def test_the_serial_of_a_zone(knot):
    """Asked for SOA there is the serial: that of the answer, 0 where the answer has none."""
    zone = await probed("dns", str(knot), query_name="example.id", query_type="SOA")
    below = await probed("dns", str(knot), query_name="www.example.id", query_type="SOA")
    other = await probed("dns", str(knot), **WWW)

    assert numbers(zone)["probe_dns_serial"] == 2026110701
    assert numbers(below)["probe_dns_serial"] == 0
    assert "probe_dns_serial" not in names(other)


@pytest.mark.parametrize(
    ("rules", "success"),
    [
        ({"fail_if_matches_regexp": [r"192\.0\.2\.8$"]}, False),
        ({"fail_if_matches_regexp": [r"192\.0\.2\.9$"]}, True),
        ({"fail_if_not_matches_regexp": [r"^www\.example\.id\.\t300\tIN\tA\t192\.0\.2"]}, True),
        ({"fail_if_not_matches_regexp": [r"192\.0\.2\.8$"]}, False),
        ({"fail_if_all_match_regexp": [r"192\.0\.2"]}, True),
        ({"fail_if_all_match_regexp": [r"192\.0\.2\.8$"]}, False),
        ({"fail_if_none_matches_regexp": [r"192\.0\.2\.8$"]}, True),
        ({"fail_if_none_matches_regexp": ["example.org"]}, False),
    ],
)
async def test_rules_for_records(knot, rules, success):
    """Rules look at records as lines of a zone file with tabs, and mean what they always meant."""
    found = await probed("dns", str(knot), **WWW, validate_answer_rrs=rules)

    assert found.success is success
    assert success or found.outcome.failure.kind is Kind.ANSWER


async def test_rules_for_a_section_that_is_empty(knot):
    """Where a section must match something, one without records fails."""
    rules = {"fail_if_not_matches_regexp": ["."]}
    found = await probed("dns", str(knot), **WWW, validate_authority_rrs=rules)

    assert "authority section" in found.outcome.failure.detail
    assert "no RRs returned" in steps(found)


async def test_a_name_as_it_was_sent(knot):
    """Rules see names in the case in which they were asked for."""
    rules = {"fail_if_not_matches_regexp": [r"^WWW\.Example\.id\.\t"]}
    found = await probed(
        "dns",
        str(knot),
        query_name="WWW.Example.id.",
        query_type="A",
        validate_answer_rrs=rules,
    )

    assert found.success


async def test_what_is_too_much_for_a_datagram_comes_over_tcp(knot):
    """A truncated answer is asked for again over TCP, so that rules see all of it."""
    found = await probed("dns", str(knot), query_name="big.example.id", query_type="TXT")

    assert numbers(found)["probe_dns_answer_rrs"] == 40
    assert found.outcome.facts["truncated"] is True


async def test_tcp_and_no_recursion(knot):
    """`transport_protocol: tcp` asks over TCP; `recursion_desired: false` is sent."""
    found = await probed("dns", str(knot), **WWW, transport_protocol="tcp", recursion_desired=False)

    assert found.success
    assert found.outcome.facts["transport"] == "tcp"
    assert "rd" not in found.outcome.facts["flags"]


async def test_what_is_asked_is_plain():
    """Neither EDNS nor the AD flag is sent: an answer is what blackbox_exporter would get."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        await probed("dns", f"127.0.0.1:{server.getsockname()[1]}", seconds=0.2, **WWW)
        query = server.recv(512)

    flags, questions, answers, authorities, additional = struct.unpack_from("!5H", query, 2)
    assert flags == 0x0100  # recursion desired, and nothing else
    assert (questions, answers, authorities, additional) == (1, 0, 0, 0)


async def test_a_server_by_its_name(knot):
    """A target may be a name; its look-up is the phase `resolve`."""
    network = Network(resolver=Resolver([knot], timeout_seconds=2.0))
    found = await probed("dns", f"localhost:{knot.port}", network=network, **WWW)

    assert found.success
    assert numbers(found)["probe_dns_duration_seconds{resolve}"] > 0


async def test_a_name_that_is_no_ascii(knot):
    """`query_name` may be written in any script."""
    found = await probed("dns", str(knot), query_name="löschen.example.id", query_type="A")

    assert found.outcome.failure.kind is Kind.RESOLVE_NXDOMAIN


async def test_a_name_with_escapes(knot):
    """`query_name` may be written as in a zone file, with a backslash."""
    found = await probed("dns", str(knot), query_name=r"\119\w\w.example.id", query_type="A")

    assert found.success


@pytest.mark.parametrize("name", ["a..b", "a." * 130, "x" * 64, r"a\.b", r"\000", r"\999", "a b"])
async def test_a_name_that_the_dns_cannot_carry(knot, name):
    """A query_name that is none fails the probe, and breaks nothing."""
    found = await probed("dns", str(knot), query_name=name, query_type="A")

    assert not found.success
    assert found.outcome.failure.kind is not Kind.INTERNAL


async def test_over_tls(tmp_path, knot):
    """`dns_over_tls` asks over TLS, the name of the target in the certificate; it is required."""
    trust = {"ca_file": str(write_root(tmp_path))}
    with dnsservers.encrypted_unbound(tmp_path, knot) as servers:
        target = f"127.0.0.1:{servers.tls.port}"
        block = WWW | {"dns_over_tls": True, "transport_protocol": "tcp"}
        found = await probed("dns", target, tls_config=trust, **block)
        other = trust | {"server_name": "other.test"}
        wrong = await probed("dns", target, tls_config=other, **block)

    assert found.success
    assert found.outcome.facts["transport"] == "tls"
    assert names(found) == COMMON | ADDRESS | DNS
    assert wrong.outcome.failure.kind is Kind.TLS_HOSTNAME
