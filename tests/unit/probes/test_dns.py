"""What a dns check accepts as its fields, and how it judges a reply."""

import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.conditions import dns as conditions
from monitor.domain.dnstext import canonical, dns_name
from monitor.domain.dnstypes import RECORD_TYPES
from monitor.domain.observation import Failure, FailureKind, OutcomeStatus, UnknownCause, series
from monitor.net.dnsreport import Asked, Reply, combine
from monitor.net.dnssec import Security, Validated
from monitor.net.dnswire import Edns
from monitor.probes.dns import DnsSpec
from monitor.probes.dns.authorities import weighed

WORDS = (
    *("0", "1", "16", "65280", "4294967296", "-1", "A", "NSEC", "TYPE7", "a.id", ".", "-", "=="),
    *(
        "AA==",
        "0a",
        '"x',
        '"a b"',
        "\\#",
        "\\999",
        "alpn=h2",
        'key9="a b"',
        "port=x",
        "N",
        "W",
        "5m",
    ),
    *("20261101000000", "2001:db8::7", "ipv6hint=::1", "é", "\\"),
)


def spec(**fields: Any) -> DnsSpec:
    return DnsSpec.model_validate({"name": "www.example.id"} | fields)


def judge(spec: DnsSpec, reply: Reply) -> Failure | None:
    return conditions.judge(spec.conditions, reply)


def expecting(**expect: Any) -> DnsSpec:
    return spec(expect=expect)


def replied(*answers: str, rcode: str = "NOERROR", ttl: int = 300) -> Reply:
    return Reply(rcode=rcode, answers=answers, ttls=(ttl,) * len(answers))


@pytest.mark.parametrize(
    ("answers", "got"),
    [
        ({}, ("192.0.2.7",)),
        ({"exactly": ["192.0.2.8", "192.0.2.7"]}, ("192.0.2.7", "192.0.2.8")),
        ({"contains": ["192.0.2.7"]}, ("192.0.2.7", "192.0.2.8")),
        ({"any_match": r"\.8$"}, ("192.0.2.7", "192.0.2.8")),
        ({"all_match": r"^192\."}, ("192.0.2.7", "192.0.2.8")),
        ({"none_match": r"^10\."}, ("192.0.2.7",)),
        ({"contains": ["192.0.2.7"], "none_match": r"^10\."}, ("192.0.2.7",)),
    ],
)
def test_right_answers(answers: dict[str, Any], got: tuple[str, ...]):
    """A check succeeds when every condition on its answers holds, in whatever order they come."""
    assert judge(expecting(answers=answers), replied(*got)) is None


@pytest.mark.parametrize(
    ("answers", "got", "detail"),
    [
        (
            {"exactly": ["192.0.2.7"]},
            ("192.0.2.9",),
            "answers: 192.0.2.9, expected exactly 192.0.2.7",
        ),
        (
            {"exactly": ["192.0.2.7"]},
            ("192.0.2.7", "192.0.2.9"),
            "answers: 192.0.2.7, 192.0.2.9, expected exactly 192.0.2.7",
        ),
        (
            {"contains": ["192.0.2.7", "192.0.2.8"]},
            ("192.0.2.8",),
            "answers: 192.0.2.8, expected 192.0.2.7 among them",
        ),
        ({"any_match": "^10"}, ("1.1.1.1",), "answers: 1.1.1.1, expected one to match '^10'"),
        (
            {"all_match": "^10"},
            ("10.1.1.1", "1.1.1.1"),
            "answers: 1.1.1.1, 10.1.1.1, expected all to match '^10'",
        ),
        ({"none_match": "^1"}, ("1.1.1.1",), "answers: 1.1.1.1, expected none to match '^1'"),
    ],
)
def test_wrong_answers(answers: dict[str, Any], got: tuple[str, ...], detail: str):
    """Wrong answers fail with both sides: what came, and what was expected."""
    failure = judge(expecting(answers=answers), replied(*got))

    assert failure == Failure(FailureKind.ANSWER, detail)


@pytest.mark.parametrize(
    ("rcode", "kind"),
    [
        ("NXDOMAIN", FailureKind.RESOLVE_NXDOMAIN),
        ("SERVFAIL", FailureKind.RESOLVE_SERVFAIL),
        ("REFUSED", FailureKind.RESOLVE_REFUSED),
        ("NOTIMP", FailureKind.ANSWER),
        ("RCODE23", FailureKind.ANSWER),
    ],
)
def test_another_response_code(rcode: str, kind: FailureKind):
    """Each response code that is not expected has its kind, and is named."""
    failure = judge(spec(), replied(rcode=rcode))

    assert failure == Failure(kind, f"rcode: {rcode}, expected NOERROR")


def test_name_that_exists_but_should_not():
    """A check that expects NXDOMAIN fails when the name exists, and needs no answers."""
    absent = expecting(rcode="NXDOMAIN")

    assert judge(absent, replied(rcode="NXDOMAIN")) is None
    assert judge(absent, replied("192.0.2.7")) == Failure(
        FailureKind.ANSWER, "rcode: NOERROR, expected NXDOMAIN"
    )


def test_too_few_answers():
    """Fewer answers than wanted are `resolve_nodata`; at least one is wanted."""
    none = judge(spec(), replied())
    one = judge(expecting(min_answers=2), replied("192.0.2.7"))

    assert none == Failure(FailureKind.RESOLVE_NODATA, "answers: none, expected at least 1")
    assert one == Failure(FailureKind.RESOLVE_NODATA, "answers: 192.0.2.7, expected at least 2")
    assert judge(expecting(min_answers=0), replied()) is None


def test_ttl_limits():
    """TTLs are held against their limits, both included."""
    limits = expecting(min_ttl="1m", max_ttl="5m")

    assert judge(limits, replied("192.0.2.7", ttl=60)) is None
    assert judge(limits, replied("192.0.2.7", ttl=300)) is None
    assert judge(limits, replied("192.0.2.7", ttl=301)) == Failure(
        FailureKind.ANSWER, "ttl: 301 s, expected at most 300 s"
    )
    assert judge(limits, replied("192.0.2.7", ttl=59)) == Failure(
        FailureKind.ANSWER, "ttl: 59 s, expected at least 60 s"
    )


def test_hostile_text_is_shown_safely():
    """Answers are data: control characters are replaced, and long ones cut."""
    failure = judge(
        spec(record="TXT", expect={"answers": {"exactly": ["x"]}}),
        replied("a\x1b[2J\nb", *(f"{number}{'y' * 2000}" for number in range(50))),
    )

    assert failure is not None
    assert "\x1b" not in failure.detail
    assert "\n" not in failure.detail
    assert "and 31 more" in failure.detail
    assert len(failure.detail) < 8000


@pytest.mark.parametrize(
    ("record", "written", "expected"),
    [
        ("A", "192.0.2.7", "192.0.2.7"),
        ("AAAA", "2001:DB8::0:7", "2001:db8::7"),
        ("CNAME", "WWW.Example.id.", "www.example.id"),
        ("NS", "bücher.example", "xn--bcher-kva.example"),
        ("MX", "010  Mail.example.id.", "10 mail.example.id"),
        ("SRV", "0 5 443 Host.example.id.", "0 5 443 host.example.id"),
        ("CAA", '0 ISSUE "letsencrypt.org; a=b"', "0 issue letsencrypt.org; a=b"),
        ("SOA", "a.id. b.id. 1 2 3 4 5", "a.id b.id 1 2 3 4 5"),
        ("TXT", "V=spf1  -all.", "V=spf1  -all."),
        ("PTR", "_x.example.id", "_x.example.id"),
    ],
)
def test_expected_values_have_one_form(record: str, written: str, expected: str):
    """However an expected value is written, it is compared in the form that answers have."""
    assert canonical(record, written) == expected


@pytest.mark.parametrize(
    ("record", "written"),
    [
        ("A", "192.0.2"),
        ("A", "2001:db8::7"),
        ("A", "www.example.id"),
        ("AAAA", "192.0.2.7"),
        ("MX", "mail.example.id"),
        ("MX", "ten mail.example.id"),
        ("NS", "ns1 example.id"),
        ("CAA", "issue letsencrypt.org"),
        ("SRV", "0 5 host.example.id"),
        ("DS", "12345 13 2 xyz"),
        ("DNSKEY", "257 3 13 ?"),
        ("TLSA", "3 1"),
        ("NSEC", "a.id XX"),
        ("NSEC3PARAM", "1 0 10 - A"),
        ("RRSIG", "A 13 3 300 tomorrow 20261101000000 12345 id AA=="),
        ("NAPTR", '100 10 "u" "E2U+sip" .'),
        ("HTTPS", "1 . =h2"),
        ("HTTPS", "1 . ipv6hint=192.0.2.7"),
        ("LOC", "5 8 33 119 24 36 E 10m"),
        ("LOC", "5 8 33 S 119 24 36 E 10m 99999999999m"),
        ("URI", "10 https://www.example.id/"),
        ("TYPE65280", r"\# 3 0a00"),
        ("ANY", "192.0.2.7"),
    ],
)
def test_impossible_expectation_is_refused(record: str, written: str):
    """A value that no answer can have is a mistake in the configuration, shown with a sample."""
    with pytest.raises(ValueError, match=f"is no {record} record: write "):
        canonical(record, written)
    with pytest.raises(ValidationError):
        spec(record=record, expect={"answers": {"exactly": [written]}})


@given(
    st.sampled_from(sorted(RECORD_TYPES)),
    st.text(max_size=40) | st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join),
)
def test_expected_value_is_read_or_refused(record: str, text: str):
    """Whatever is written as an expectation has one form, which stays as it is, or is a mistake."""
    with suppress(ValueError):
        form = canonical(record, text)
        assert canonical(record, form) == form


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Example.ID.", "example.id"),
        (".", "."),
        ("_dmarc.example.id", "_dmarc.example.id"),
        ("*.example.id", "*.example.id"),
        ("kota.makassar", "kota.makassar"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_dns_names(text: str, name: str):
    """A DNS name has one form: ASCII, lower case, no final dot. Underscores are fine."""
    assert dns_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "a..b",
        "a b",
        "a/b",
        "a@b",
        "http://a",
        "-a",
        "a-.id",
        "a" * 64,
        "a." * 130,
        "a\n",
        "a\0",
    ],
)
def test_what_is_no_dns_name(text: str):
    """What is no DNS name is refused when the configuration is read."""
    with pytest.raises(ValueError):
        dns_name(text)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.0.2.7", "7.2.0.192.in-addr.arpa"),
        ("2001:db8::7", "7." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa"),
        ("7.2.0.192.in-addr.arpa", "7.2.0.192.in-addr.arpa"),
    ],
)
def test_pointer_of_an_address(address: str, name: str):
    """A PTR check takes an address as it is written, or its reverse name."""
    assert spec(name=address, record="PTR").question_name == name


@pytest.mark.parametrize(
    ("fields", "target", "host"),
    [
        ({}, "www.example.id/A", None),
        ({"nameservers": ["127.0.0.1:5353"]}, "www.example.id/A@127.0.0.1:5353", "127.0.0.1"),
        (
            {"nameservers": ["127.0.0.1", "ns1.example.id"], "record": "MX"},
            "www.example.id/MX@127.0.0.1,ns1.example.id",
            "ns1.example.id",
        ),
        ({"nameservers": ["[::1]:53"]}, "www.example.id/A@[::1]:53", "::1"),
    ],
)
def test_target_and_host(fields: dict[str, Any], target: str, host: str | None):
    """A target names what is asked and whom; its host is the server that is furthest away."""
    assert spec(**fields).target() == target
    assert spec(**fields).dialled_host() == host


@pytest.mark.parametrize(
    ("fields", "server", "way"),
    [
        ({}, "10.0.0.53", ("udp", 53, None)),
        ({}, "10.0.0.53:5353", ("udp", 5353, None)),
        ({"transport": "tcp"}, "10.0.0.53", ("tcp", 53, None)),
        ({"transport": "tls"}, "dns.example.id", ("tls", 853, None)),
        ({"transport": "https"}, "dns.example.id", ("https", 443, None)),
        ({"transport": "tls"}, "udp://10.0.0.53", ("udp", 53, None)),
        ({}, "TCP://10.0.0.53:54", ("tcp", 54, None)),
        ({}, "tls://[2001:db8::53]", ("tls", 853, None)),
        ({}, "https://dns.example.id", ("https", 443, None)),
        ({}, "https://dns.example.id/", ("https", 443, None)),
        ({}, "https://dns.example.id:8443/x?y=z", ("https", 8443, "/x?y=z")),
    ],
)
def test_how_a_server_is_asked(
    fields: dict[str, Any], server: str, way: tuple[str, int, str | None]
):
    """A server's URL says how it is asked, else `transport` does; each way has its port."""
    (found,) = spec(nameservers=[server], **fields).ways

    assert (found.transport, found.port, found.path) == way


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.53",
        "10.0.0.53:5353",
        "[2001:db8::53]:53",
        "2001:db8::53",
        "tls://10.0.0.53",
        "tls://[2001:db8::53]",
        "tls://[2001:db8::53]:8853",
        "https://dns.example.id:8443/x?y=z",
    ],
)
def test_server_is_shown_as_it_is_written(text: str):
    """A name server reads in every output as it does in the configuration."""
    (server,) = spec(nameservers=[text]).nameservers

    assert str(server) == text


def test_target_holds_no_query_string():
    """What stands behind the ? of a server's URL may be a token, and is in no target."""
    target = spec(nameservers=["https://dns.example.id/q?token=hunter2"]).target()

    assert target == "www.example.id/A@https://dns.example.id/q"


def test_how_questions_are_put():
    """The fields of a check become options of its questions, and settings of its handshakes."""
    options = spec(
        nameservers=["tls://10.0.0.53"],
        recursion=False,
        checking_disabled=True,
        nsid=True,
        server_name="dns.example.id",
        insecure=True,
        http_method="GET",
    ).options

    assert (options.recursion, options.checking_disabled, options.nsid) == (False, True, True)
    assert (options.tls.server_name, options.tls.insecure) == ("dns.example.id", True)
    assert options.get


def test_unverified_certificates_are_warned_of():
    """A check that verifies nothing says so when it is validated."""
    assert spec(nameservers=["tls://10.0.0.53"], insecure=True).warnings()
    assert not spec(nameservers=["tls://10.0.0.53"]).warnings()


@pytest.mark.parametrize(
    ("ip", "families"),
    [("any", ["any", "ip4", "ip6"]), ("both", ["ip4", "ip6", "ip4", "ip6"])],
)
def test_ways_to_a_server(ip: str, families: list[str]):
    """`both` asks a server that has a name over either family; an address has its own."""
    servers = ["ns1.example.id", "10.0.0.53", "2001:db8::53"]

    assert [way.family for way in spec(nameservers=servers, ip=ip).ways] == families


@pytest.mark.parametrize(
    "fields",
    [
        {"nameservers": ["::1"], "ip": "ip4"},
        {"nameservers": ["10.0.0.53"], "ip": "ip6"},
        {"nameservers": ["10.0.0.53:0"]},
        {"nameservers": ["user@10.0.0.53"]},
        {"record": "OPT"},
        {"record": "TYPE65536"},
        {"transport": "https"},
        {"transport": "quic", "nameservers": ["10.0.0.53"]},
        {"nameservers": ["https://user@dns.example.id/"]},
        {"nameservers": ["http://dns.example.id/"]},
        {"nameservers": ["tls://"]},
        {"nameservers": ["10.0.0.53"], "ca_file": "/etc/ca.pem"},
        {"nameservers": ["10.0.0.53"], "expect": {"same_everywhere": True}},
        {"name": "id", "expect": {"no_wildcard": True}},
        {"name": "*.example.id", "expect": {"no_wildcard": True}},
        {"expect": {"no_wildcard": True, "rcode": "REFUSED"}},
        {"expect": {"authenticated": True, "no_flags": ["ad"]}},
        {"expect": {"flags": ["qr"]}},
        {"expect": {"rcode": "OK"}},
        {"expect": {"answers": {"any_match": "("}}},
        {"expect": {"answers": {"exactly": []}}},
        {"expect": {"min_answers": -1}},
        {"expect": {"maxttl": "5m"}},
        {"name": "a b"},
    ],
)
def test_mistakes_are_refused(fields: dict[str, Any]):
    """A field that can't be meant as written is refused when the configuration is read."""
    with pytest.raises(ValidationError):
        spec(**fields)


def asked(
    server: str = "10.0.0.53:53",
    *,
    seconds: float = 0.01,
    failure: Failure | None = None,
    cause: UnknownCause | None = None,
) -> Asked:
    return Asked(
        server=server,
        named=True,
        address=server.rpartition(":")[0],
        phases={"resolve": 0.0, "connect": 0.0, "request": seconds},
        reply=replied("192.0.2.7"),
        failure=failure,
        cause=cause,
    )


WRONG = Failure(FailureKind.ANSWER, "answers: none")
OURS = Failure(FailureKind.CONNECT_UNREACHABLE, "no descriptors")


def test_fault_of_ours_is_unknown():
    """Where only a fault of ours kept a server from being asked, nothing is known."""
    outcome = combine("A", [asked(), asked(failure=OURS, cause=UnknownCause.LOCAL)])

    assert outcome.status is OutcomeStatus.UNKNOWN
    assert outcome.cause is UnknownCause.LOCAL


def test_real_failure_counts_beside_a_fault_of_ours():
    """A server that failed did fail, whatever happened to the others."""
    outcome = combine(
        "A", [asked(failure=OURS, cause=UnknownCause.LOCAL), asked("10.0.0.54:53", failure=WRONG)]
    )

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.cause is None
    assert outcome.failure == Failure(
        FailureKind.ANSWER, "answers: none (from 10.0.0.54:53); 2 of 2 name servers failed"
    )


def test_numbers_are_those_of_the_slowest():
    """When all succeed, the slowest server's numbers are reported."""
    outcome = combine("A", [asked(seconds=0.01), asked("10.0.0.54:53", seconds=0.2)])

    assert outcome.measurements[series("probe_dns_duration_seconds", phase="request")] == 0.2
    assert outcome.facts["server"] == "10.0.0.54:53"


def test_disagreement_fails_where_each_is_right():
    """Servers that are right one by one, but not together, make the check fail."""
    outcome = combine("A", [asked(), asked("10.0.0.54:53")], WRONG)

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure == WRONG


def test_a_servers_own_failure_comes_before_a_disagreement():
    """Where a server failed by itself, that is what is told."""
    outcome = combine(
        "A", [asked(), asked("10.0.0.54:53", failure=OURS)], Failure(FailureKind.ANSWER, "differ")
    )

    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.CONNECT_UNREACHABLE


@pytest.mark.parametrize(
    ("nsid", "shown"), [(b"ns1.jkt", "ns1.jkt"), (b"\x00\xff", "00ff"), (b"a\x1b[2J", "611b5b324a")]
)
def test_identifier_of_a_server(nsid: bytes, shown: str):
    """A server's identifier is shown as text if it is one, else in hexadecimal."""
    reply = replace(
        replied("192.0.2.7"), edns=Edns(version=0, payload=1232, dnssec_ok=False, nsid=nsid)
    )

    outcome = combine("A", [replace(asked(), reply=reply)])

    assert outcome.facts["edns"]["nsid"] == shown


def test_reading_a_configuration_loads_no_network_code():
    """A configuration with dns checks is read without the network layer or a DNS library."""
    script = (
        "import sys; from monitor.probes.dns import DnsSpec;"
        "DnsSpec.model_validate({'name': 'www.example.id', 'record': 'MX',"
        " 'nameservers': ['10.0.0.53:53'],"
        " 'expect': {'answers': {'exactly': ['10 mail.example.id']}}});"
        "print([name for name in sys.modules if name == 'dns' or name == 're2'"
        " or name.startswith('monitor.net.')])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


SILENT = Failure(FailureKind.TIMEOUT, "no answer from 192.0.2.2:53 within 3.00 s")
PHASES = {"resolve": 0.0, "connect": 0.0, "request": 0.0}
UNASKED = Asked(server="ns2", named=True, address="192.0.2.2", phases=PHASES, warning=SILENT)
PROVEN = Asked(
    server="ns1",
    named=True,
    address="192.0.2.1",
    phases=PHASES,
    validated=Validated(security=Security.SECURE),
)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ([PROVEN, UNASKED], OutcomeStatus.DEGRADED),
        ([PROVEN, replace(UNASKED, cause=UnknownCause.LOCAL)], OutcomeStatus.OK),
        ([UNASKED], OutcomeStatus.FAILED),
        ([replace(UNASKED, cause=UnknownCause.LOCAL)], OutcomeStatus.UNKNOWN),
    ],
    ids=["beside-another", "ours-beside-another", "alone", "ours-alone"],
)
def test_servers_whose_keys_could_not_be_asked_for(asked: list[Asked], status: OutcomeStatus):
    """A server that tells no keys degrades beside others and fails alone; our own fault does neither."""
    assert combine("A", weighed(asked)).status is status
