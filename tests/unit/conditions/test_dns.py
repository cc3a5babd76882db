"""What a DNS reply must be, and the rules for sections that blackbox_exporter's modules hold."""

from typing import Any

import pytest

from monitor.conditions.dns import (
    BrokenRule,
    DnsConditions,
    RrRules,
    broken_rule,
    disagreement,
    judge,
    wildcard,
)
from monitor.domain.observation import Failure, FailureKind
from monitor.fields.patterns import Pattern
from monitor.net.dnsreport import Reply


def replied(*answers: str, **fields: Any) -> Reply:
    return Reply(**{"rcode": "NOERROR", "answers": answers, "ttls": (300,) * len(answers)} | fields)


@pytest.mark.parametrize(
    ("conditions", "detail"),
    [
        ({"flags": ("aa",)}, None),
        ({"flags": ("aa", "rd")}, None),
        ({"no_flags": ("ra", "ad")}, None),
        ({"flags": ("aa", "ra")}, "flags: qr aa rd, expected ra"),
        ({"no_flags": ("ra", "aa", "rd")}, "flags: qr aa rd, expected no aa, rd"),
    ],
)
def test_flags(conditions: dict[str, Any], detail: str | None):
    """An answer must bear the flags that are expected, and none that are not."""
    failure = judge(DnsConditions(**conditions), replied("192.0.2.7", flags=("qr", "aa", "rd")))

    assert failure == (detail and Failure(FailureKind.ANSWER, detail))


@pytest.mark.parametrize(
    ("alias_ttls", "ttl", "wrong"),
    [
        ((60,), 300, None),
        ((86400,), 60, "ttl: 86400 s, expected at most 3600 s"),
        ((60,), 86400, "ttl: 86400 s, expected at most 3600 s"),
        ((5, 60), 300, "ttl: 5 s, expected at least 30 s"),
        ((60,), 5, "ttl: 5 s, expected at least 30 s"),
    ],
)
def test_ttls_of_aliases_count(alias_ttls: tuple[int, ...], ttl: int, wrong: str | None):
    """A limit of TTLs is for each CNAME on the way as for the answers themselves."""
    limits = DnsConditions(max_ttl_seconds=3600, min_ttl_seconds=30)

    failure = judge(limits, replied("192.0.2.7", ttls=(ttl,), alias_ttls=alias_ttls))

    assert (failure and failure.detail) == wrong


def test_answer_that_nobody_validated():
    """Where the resolver must have validated the answer, one without its word fails as dnssec."""
    conditions = DnsConditions(authenticated=True)

    assert judge(conditions, replied("192.0.2.7", flags=("qr", "ad"))) is None
    assert judge(conditions, replied("192.0.2.7", flags=("qr", "ra"))) == Failure(
        FailureKind.DNSSEC, "flags: qr ra, expected ad: the resolver validated nothing"
    )


def test_servers_own_reason_is_told():
    """What the server says of its reasons stands behind the failure, safe to show."""
    reply = replied(rcode="SERVFAIL", errors=("DNSSEC bogus: \x1b[2Jexpired", "network error"))

    failure = judge(DnsConditions(), reply)

    assert failure is not None
    assert failure.kind is FailureKind.RESOLVE_SERVFAIL
    assert failure.detail.startswith("rcode: SERVFAIL, expected NOERROR (it says: DNSSEC bogus: ")
    assert failure.detail.endswith("expired; network error)")
    assert "\x1b" not in failure.detail


def test_servers_reason_alone_is_no_failure():
    """A right answer stays right, whatever the server adds to it."""
    assert judge(DnsConditions(), replied("192.0.2.7", errors=("stale answer",))) is None


def test_one_of_several_response_codes():
    """Any of the response codes that are expected will do."""
    either = DnsConditions(rcodes=("NOERROR", "NXDOMAIN"))

    assert judge(either, replied(rcode="NXDOMAIN")) is None
    assert judge(either, replied(rcode="REFUSED")) == Failure(
        FailureKind.RESOLVE_REFUSED, "rcode: REFUSED, expected NOERROR, NXDOMAIN"
    )


def test_unexpected_records_are_named():
    """Among many answers, those that are too many and those that are missing are named."""
    expected = tuple(f"192.0.2.{number}" for number in range(1, 6))
    got = (*expected[1:], "192.0.2.66", "192.0.2.67")

    failure = judge(DnsConditions(exactly=expected), replied(*got))

    assert failure is not None
    assert failure.detail.endswith(": unexpected 192.0.2.66, 192.0.2.67, missing 192.0.2.1")


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (replied(rcode="NXDOMAIN"), None),
        (replied(), None),
        (replied("192.0.2.99", rcode="REFUSED"), None),
        (replied("192.0.2.99"), "wildcard: x.id, a name at random, leads to 192.0.2.99"),
        (replied(aliases=("park.id",)), "wildcard: x.id, a name at random, leads to park.id"),
    ],
)
def test_wildcard(reply: Reply, found: str | None):
    """A name that nobody made has no answer and no alias; where it has, a wildcard gave them."""
    assert wildcard("x.id", reply) == (found and Failure(FailureKind.ANSWER, found))


def test_servers_that_agree():
    """The order of answers, doubles and TTLs make no difference between servers."""
    one = replied("192.0.2.7", "192.0.2.8")
    other = replied("192.0.2.8", "192.0.2.7", "192.0.2.7", ttls=(1, 2, 3))

    assert disagreement([("a", one), ("b", other)]) is None


def test_servers_that_disagree():
    """Servers that say different things are shown with what each says."""
    replies = [
        ("a", replied("192.0.2.7")),
        ("b", replied("192.0.2.8")),
        ("c", replied("192.0.2.7")),
        ("d", replied(rcode="NXDOMAIN")),
    ]

    assert disagreement(replies) == Failure(
        FailureKind.ANSWER,
        "answers differ: 192.0.2.7 (a, c) – 192.0.2.8 (b) – NXDOMAIN (d)",
    )


A7, A8, MX = (
    "www.id.\t300\tIN\tA\t192.0.2.7",
    "www.id.\t300\tIN\tA\t192.0.2.8",
    "www.id.\t300\tIN\tMX\t10 mail.id.",
)


def rules(**patterns: list[str]) -> RrRules:
    return RrRules(**{name: tuple(map(Pattern, texts)) for name, texts in patterns.items()})


@pytest.mark.parametrize(
    ("given", "lines", "message"),
    [
        (rules(), [], None),
        (rules(), [A7], None),
        (rules(fail_if_matches=["MX"]), [A7, A8], None),
        (rules(fail_if_matches=["TXT", "MX"]), [A7, MX], "At least one RR matched regexp"),
        (rules(fail_if_matches=["MX"]), [], None),
        (rules(fail_if_not_matches=["\tA\t"]), [A7, A8], None),
        (rules(fail_if_not_matches=["\tA\t"]), [A7, MX], "At least one RR did not match regexp"),
        (
            rules(fail_if_not_matches=["\tA\t", r"\.7$"]),
            [A7, A8],
            "At least one RR did not match regexp",
        ),
        (
            rules(fail_if_not_matches=["x"]),
            [],
            "fail_if_not_matches_regexp specified but no RRs returned",
        ),
        # The opposite of its name: some line that does not match is what fails.
        (rules(fail_if_all_match=["\tA\t"]), [A7, A8], None),
        (rules(fail_if_all_match=["\tA\t"]), [A7, MX], "Not all RRs matched regexp"),
        (rules(fail_if_all_match=["\tA\t", "MX"]), [A7, MX], "Not all RRs matched regexp"),
        (rules(fail_if_all_match=["\tA\t"]), [], None),
        (rules(fail_if_none_matches=["MX"]), [A7, MX], None),
        (rules(fail_if_none_matches=["TXT", "MX"]), [A7, MX], None),
        (rules(fail_if_none_matches=["MX"]), [A7, A8], "None of the RRs did matched any regexp"),
        (
            rules(fail_if_none_matches=["MX"]),
            [],
            "fail_if_none_matches_regexp specified but no RRs returned",
        ),
        (
            rules(fail_if_not_matches=["MX"], fail_if_none_matches=["MX"]),
            [],
            "fail_if_not_matches_regexp specified but no RRs returned",
        ),
        (
            rules(fail_if_all_match=["x"], fail_if_none_matches=["x"]),
            [A7],
            "Not all RRs matched regexp",
        ),
    ],
)
def test_rules_for_a_section(given: RrRules, lines: list[str], message: str | None):
    """A section is held against its rules as blackbox_exporter does it, in its order."""
    broken = broken_rule(given, lines)

    assert (broken and broken.message) == message


def test_broken_rule_says_which_line():
    """The rule that was broken, and the line that broke it, are told. Lines come first."""
    given = rules(fail_if_matches=["MX"], fail_if_not_matches=["IN"])

    assert broken_rule(given, [A7, MX]) == BrokenRule(
        message="At least one RR matched regexp", pattern="MX", line=MX
    )
