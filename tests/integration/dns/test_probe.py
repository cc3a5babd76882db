"""The dns check against real name servers, and against ones that misbehave."""

from typing import Any

import dns.edns
import dns.message
import dns.rcode
import pytest

from monitor.domain.observation import FailureKind, Outcome, OutcomeStatus, series
from monitor.net.dnsserver import NameServer
from monitor.probes.dns import CHECK_TYPE, DnsSpec, probe
from tests.dnsservers import Send, answering, hand_made, probe_context, silent

QUERY_SUCCEEDED = series("probe_dns_query_succeeded")


async def probed(*servers: NameServer, seconds: float = 5.0, **fields: Any) -> Outcome:
    """Probe named servers."""
    fields = {"name": "www.example.id", "nameservers": list(map(str, servers))} | fields
    return await probe(DnsSpec.model_validate(fields), probe_context(seconds=seconds))


@pytest.mark.peers
async def test_right_answer(knot: NameServer):
    """The expected answers make the check succeed, and its numbers are those of the reply."""
    outcome = await probed(knot, expect={"answers": {"exactly": ["192.0.2.8", "192.0.2.7"]}})

    assert outcome.status is OutcomeStatus.OK
    assert outcome.answered
    assert outcome.measurements[series("probe_dns_answer_rrs")] == 2
    assert outcome.measurements[series("probe_ip_protocol")] == 4
    assert outcome.measurements[series("probe_ip_addr_hash")] == 3668918509
    assert outcome.measurements[QUERY_SUCCEEDED] == 1
    assert outcome.facts["answers"][0]["ttl_seconds"] == 300
    assert outcome.facts["rcode"] == "NOERROR"


@pytest.mark.peers
async def test_every_measurement_is_declared(knot: NameServer):
    """A check reports no series but those that its type declares, with their labels."""
    declared = {
        info.name: set(info.labels)
        for info in CHECK_TYPE.measurements
        # Only where TLS is spoken, signatures are validated, or a zone's own servers asked.
        if not info.name.startswith(("probe_ssl", "probe_tls", "pantau_dns_"))
    }

    outcome = await probed(knot, name="example.id", record="SOA")

    assert {name: {key for key, _ in labels} for name, labels in outcome.measurements} == declared


@pytest.mark.peers
async def test_wrong_answer_shows_both(knot: NameServer):
    """A failing text holds what came, what was expected, and which server it came from."""
    outcome = await probed(
        knot, name="v4only.example.id", expect={"answers": {"exactly": ["192.0.2.7"]}}
    )

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.ANSWER
    expected = f"answers: 192.0.2.9, expected exactly 192.0.2.7 (from {knot})"
    assert outcome.failure.detail == expected


@pytest.mark.peers
@pytest.mark.parametrize(
    ("limit", "detail"),
    [
        ({"max_ttl": "2m"}, "ttl: 300 s, expected at most 120 s"),
        ({"min_ttl": "2m"}, "ttl: 60 s, expected at least 120 s"),
        ({"max_ttl": "5m", "min_ttl": "1m"}, None),
    ],
)
async def test_ttls_on_the_way(knot: NameServer, limit: dict[str, str], detail: str | None):
    """An alias that may be kept for longer, or shorter, than its target counts by itself."""
    outcome = await probed(knot, name="alias.example.id", expect=limit)

    failure = outcome.failure
    assert (failure and failure.detail) == (detail and f"{detail} (from {knot})")


@pytest.mark.peers
async def test_serial_of_the_zone(knot: NameServer):
    """A SOA check reports the zone's serial."""
    outcome = await probed(knot, name="example.id", record="SOA")

    assert outcome.measurements[series("probe_dns_serial")] == 2026110701


@pytest.mark.peers
async def test_reverse_lookup_by_address(knot: NameServer):
    """A PTR check takes an address and asks for its reverse name."""
    outcome = await probed(
        knot, name="192.0.2.7", record="PTR", expect={"answers": {"exactly": ["www.example.id."]}}
    )

    assert outcome.status is OutcomeStatus.OK


@pytest.mark.peers
async def test_nxdomain_of_a_named_server(knot: NameServer):
    """A named server that denies the name has answered: no proof of being online is needed."""
    outcome = await probed(knot, name="nobody.example.id")

    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.RESOLVE_NXDOMAIN
    assert outcome.answered
    assert outcome.measurements[QUERY_SUCCEEDED] == 1


@pytest.mark.peers
async def test_name_that_must_not_exist(knot: NameServer):
    """A check may expect that a name does not exist."""
    outcome = await probed(knot, name="nobody.example.id", expect={"rcode": "NXDOMAIN"})

    assert outcome.status is OutcomeStatus.OK


@pytest.mark.peers
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_truncation_is_no_failure(knot: NameServer, transport: str):
    """Forty long texts come whole whichever way they are asked for."""
    outcome = await probed(
        knot,
        name="big.example.id",
        record="TXT",
        transport=transport,
        expect={"min_answers": 40},
    )

    assert outcome.status is OutcomeStatus.OK
    assert outcome.facts["transport"] == "tcp"
    assert outcome.facts["truncated"] is (transport == "udp")


@pytest.mark.peers
async def test_our_own_resolver_is_the_default(unbound: NameServer):
    """Without name servers the check asks those of our resolver."""
    spec = DnsSpec.model_validate({"name": "alias.example.id"})

    outcome = await probe(spec, probe_context(unbound))

    assert outcome.status is OutcomeStatus.OK
    assert [one["value"] for one in outcome.facts["answers"]]
    assert outcome.facts["server"] == str(unbound)


async def test_one_bad_server_of_two_fails_the_check():
    """Every named server must give the right answer; the text names the one that did not."""
    good = answering("www.example.id. 60 A 192.0.2.7")
    async with hand_made(good) as right, hand_made(answering(rcode="SERVFAIL")) as wrong:
        outcome = await probed(right.address, wrong.address)

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.RESOLVE_SERVFAIL
    assert str(wrong.address) in outcome.failure.detail
    assert "1 of 2 name servers failed" in outcome.failure.detail
    assert [one["failure"] is None for one in outcome.facts["servers"]] == [True, False]


async def test_silent_named_server():
    """A named server that is silent is a timeout, and nothing came back."""
    async with hand_made(silent) as server:
        outcome = await probed(server.address, seconds=0.3)

    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.TIMEOUT
    assert not outcome.answered
    assert outcome.measurements[QUERY_SUCCEEDED] == 0


@pytest.mark.parametrize(
    ("rcode", "kind"),
    [
        ("SERVFAIL", FailureKind.RESOLVE_SERVFAIL),
        ("REFUSED", FailureKind.RESOLVE_REFUSED),
        ("NXDOMAIN", FailureKind.RESOLVE_NXDOMAIN),
    ],
)
async def test_no_from_our_own_resolver_proves_nothing(rcode: str, kind: FailureKind):
    """When our own resolver says no, that may be its fault: it is not the target's answer."""
    async with hand_made(answering(rcode=rcode)) as server:
        spec = DnsSpec.model_validate({"name": "www.example.id"})
        outcome = await probe(spec, probe_context(server.address))

    assert outcome.failure is not None
    assert outcome.failure.kind is kind
    assert not outcome.answered


async def test_silent_own_resolver():
    """Our own resolver's silence has a kind of its own."""
    async with hand_made(silent) as server:
        spec = DnsSpec.model_validate({"name": "www.example.id"})
        outcome = await probe(spec, probe_context(server.address, seconds=0.3))

    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.RESOLVE_TIMEOUT
    assert not outcome.answered


async def test_named_server_goes_on_while_our_resolver_is_dead():
    """A check of a server named by its address needs no resolver."""
    good = answering("www.example.id. 60 A 192.0.2.7")
    async with hand_made(silent) as dead, hand_made(good) as named:
        spec = DnsSpec.model_validate(
            {"name": "www.example.id", "nameservers": [str(named.address)]}
        )
        outcome = await probe(spec, probe_context(dead.address))

    assert outcome.status is OutcomeStatus.OK
    assert not dead.asked


async def test_forbidden_name_server_is_never_asked():
    """A metadata address is refused by policy as a name server, too."""
    outcome = await probed(NameServer("169.254.169.254"))

    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.REFUSED_BY_POLICY


async def test_cname_loop_of_a_named_server():
    """CNAMEs that lead back to themselves are a wrong answer, and end."""
    loop = answering(
        "www.example.id. 60 CNAME w.example.id.", "w.example.id. 60 CNAME www.example.id."
    )
    async with hand_made(loop) as server:
        outcome = await probed(server.address)

    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.ANSWER
    assert "CNAMEs without end" in outcome.failure.detail


@pytest.mark.peers
@pytest.mark.parametrize(
    ("name", "leads_to"),
    [
        ("www.example.id", None),
        ("made.any.example.id", "192.0.2.99"),
        ("made.parked.example.id", "192.0.2.7, 192.0.2.8"),
    ],
)
async def test_wildcard_beside_a_name(knot: NameServer, name: str, leads_to: str | None):
    """Where a wildcard answers for names that nobody made, a check that forbids it fails."""
    outcome = await probed(knot, name=name, expect={"no_wildcard": True})

    if leads_to is None:
        assert outcome.failure is None
        return
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.ANSWER
    assert outcome.failure.detail.startswith("wildcard: ")
    assert f"leads to {leads_to} (from {knot})" in outcome.failure.detail
    assert outcome.facts["rcode"] == "NOERROR"


@pytest.mark.peers
async def test_name_and_its_neighbours_that_must_not_exist(knot: NameServer):
    """NXDOMAIN can be what is expected, also together with no wildcard."""
    expect = {"rcode": "NXDOMAIN", "no_wildcard": True}

    gone = await probed(knot, name="gone.example.id", expect=expect)
    there = await probed(knot, name="www.example.id", expect=expect)

    assert gone.failure is None
    assert there.failure is not None
    assert "rcode: NOERROR, expected NXDOMAIN" in there.failure.detail


@pytest.mark.peers
async def test_flags_of_an_authoritative_server(knot: NameServer):
    """An authoritative server says aa, and offers no recursion."""
    right = await probed(knot, recursion=False, expect={"flags": ["aa"], "no_flags": ["ra", "ad"]})
    wrong = await probed(knot, expect={"flags": ["ra"]})

    assert right.failure is None
    assert wrong.failure is not None
    assert wrong.failure.detail.startswith("flags: qr aa rd, expected ra")


async def test_all_records_of_a_name():
    """A question for ANY leads to records of all types, each with its type."""
    records = ["www.example.id. 60 MX 10 Mail.id.", "www.example.id. 60 CAA 0 issue x.id"]

    async with hand_made(answering(*records)) as server:
        outcome = await probed(
            server.address,
            record="ANY",
            expect={"answers": {"exactly": ["CAA 0 issue x.id", "MX 10 mail.id"]}},
        )

    assert outcome.failure is None


async def test_servers_that_disagree():
    """`same_everywhere` fails when two servers, each right by itself, say different things."""
    async with (
        hand_made(answering("www.example.id. 60 A 192.0.2.7")) as one,
        hand_made(answering("www.example.id. 60 A 192.0.2.8")) as other,
    ):
        apart = await probed(one.address, other.address)
        together = await probed(one.address, other.address, expect={"same_everywhere": True})

    assert apart.failure is None
    assert together.status is OutcomeStatus.FAILED
    assert together.failure is not None
    assert together.failure.detail == (
        f"answers differ: 192.0.2.7 ({one.address}) – 192.0.2.8 ({other.address})"
    )
    assert [server["answers"][0]["value"] for server in together.facts["servers"]] == [
        "192.0.2.7",
        "192.0.2.8",
    ]


async def test_reason_of_a_server_is_in_the_failure():
    """A server that says why it failed (RFC 8914) is quoted."""

    async def behave(query: bytes, send: Send) -> None:
        asked = dns.message.from_wire(query)
        reply = dns.message.make_response(asked)
        reply.set_rcode(dns.rcode.SERVFAIL)
        reply.use_edns(options=[dns.edns.EDEOption(dns.edns.EDECode.SIGNATURE_EXPIRED, "oops")])
        send(reply.to_wire())

    async with hand_made(behave) as server:
        outcome = await probed(server.address)

    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.RESOLVE_SERVFAIL
    assert "(it says: signature expired: oops)" in outcome.failure.detail
    assert outcome.facts["extended_errors"] == ["signature expired: oops"]


@pytest.mark.peers
async def test_one_check_asks_over_several_transports(knot: NameServer):
    """Servers of one check may be asked each in its own way; all must say the same."""
    outcome = await probed(
        nameservers=[f"udp://{knot}", f"tcp://{knot}"], expect={"same_everywhere": True}
    )

    assert outcome.failure is None
    assert [server["transport"] for server in outcome.facts["servers"]] == ["udp", "tcp"]
