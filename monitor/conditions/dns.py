"""What a DNS reply must be."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.domain.observation import Failure, FailureKind
from monitor.domain.text import visible_text
from monitor.fields.patterns import Pattern
from monitor.net.dnsreport import Reply

_MOST_SHOWN = 20  # answers in a failing text
_MOST_OF_A_DIFFERENCE = 5
_RCODE_KINDS = {
    "NXDOMAIN": FailureKind.RESOLVE_NXDOMAIN,
    "SERVFAIL": FailureKind.RESOLVE_SERVFAIL,
    "REFUSED": FailureKind.RESOLVE_REFUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsConditions:
    """When a reply is right. Every condition that is given must hold.

    Answers are canonical texts (`monitor.domain.dnstext`); `exactly` is sorted and without
    doubles. `min_answers` counts only where a NOERROR came. Flags are names such as aa.
    `authenticated` wants the resolver's word that it validated the answer.
    """

    rcodes: tuple[str, ...] = ("NOERROR",)
    min_answers: int = 0
    exactly: tuple[str, ...] | None = None
    contains: tuple[str, ...] = ()
    any_match: Pattern | None = None
    all_match: Pattern | None = None
    none_match: Pattern | None = None
    max_ttl_seconds: float | None = None
    min_ttl_seconds: float | None = None
    flags: tuple[str, ...] = ()
    no_flags: tuple[str, ...] = ()
    authenticated: bool = False


def judge(conditions: DnsConditions, reply: Reply) -> Failure | None:
    """Return why a reply is not what is expected, None if it is.

    What the server itself says of its reasons (RFC 8914) stands in the detail.
    """
    failure = _judge(conditions, reply)
    if failure is None or not reply.errors:
        return failure
    said = "; ".join(visible_text(error, 200) for error in reply.errors)
    return Failure(failure.kind, f"{failure.detail} (it says: {said})")


def _judge(conditions: DnsConditions, reply: Reply) -> Failure | None:
    if reply.rcode not in conditions.rcodes:
        kind = _RCODE_KINDS.get(reply.rcode, FailureKind.ANSWER)
        expected = ", ".join(conditions.rcodes)
        return Failure(kind, f"rcode: {reply.rcode}, expected {expected}")
    if conditions.authenticated and "ad" not in reply.flags:
        detail = f"flags: {_flags(reply)}, expected ad: the resolver validated nothing"
        return Failure(FailureKind.DNSSEC, detail)
    if reply.rcode == "NOERROR" and len(reply.answers) < conditions.min_answers:
        detail = f"answers: {_got(reply)}, expected at least {conditions.min_answers}"
        return Failure(FailureKind.RESOLVE_NODATA, detail)
    wrong = (
        _wrong_answers(conditions, reply)
        or _wrong_ttl(conditions, (*reply.alias_ttls, *reply.ttls))
        or _wrong_flags(conditions, reply)
    )
    return Failure(FailureKind.ANSWER, wrong) if wrong else None


def _wrong_answers(conditions: DnsConditions, reply: Reply) -> str | None:
    answers, got = reply.answers, f"answers: {_got(reply)}, expected"
    if conditions.exactly is not None and tuple(sorted({*answers})) != conditions.exactly:
        return f"{got} exactly {listed(conditions.exactly)}" + _difference(
            conditions.exactly, answers
        )
    missing = [text for text in conditions.contains if text not in answers]
    if missing:
        return f"{got} {listed(missing)} among them"
    if conditions.any_match and not any(map(conditions.any_match.search, answers)):
        return f"{got} one to match {conditions.any_match.text!r}"
    if conditions.all_match and not all(map(conditions.all_match.search, answers)):
        return f"{got} all to match {conditions.all_match.text!r}"
    if conditions.none_match and any(map(conditions.none_match.search, answers)):
        return f"{got} none to match {conditions.none_match.text!r}"
    return None


def _got(reply: Reply) -> str:
    """Return the answers; where there are none, the alias that leads to nothing."""
    got = listed(reply.answers)
    return (
        got if reply.answers or not reply.aliases else f"{got} behind {listed(reply.aliases[-1:])}"
    )


def _difference(expected: Sequence[str], answers: Sequence[str]) -> str:
    """Return what is too much and what is missing, where a list is too long to see it."""
    if max(len(expected), len(answers)) <= 2:
        return ""
    extra = sorted({*answers} - {*expected})
    missing = sorted({*expected} - {*answers})
    told = [
        f"{word} {listed(texts, _MOST_OF_A_DIFFERENCE)}"
        for word, texts in (("unexpected", extra), ("missing", missing))
    ]
    return ": " + ", ".join(one for one, texts in zip(told, (extra, missing), strict=True) if texts)


def _wrong_ttl(conditions: DnsConditions, ttls: Sequence[int]) -> str | None:
    most, least = conditions.max_ttl_seconds, conditions.min_ttl_seconds
    if most is not None and ttls and max(ttls) > most:
        return f"ttl: {max(ttls)} s, expected at most {most:g} s"
    if least is not None and ttls and min(ttls) < least:
        return f"ttl: {min(ttls)} s, expected at least {least:g} s"
    return None


def _wrong_flags(conditions: DnsConditions, reply: Reply) -> str | None:
    missing = [flag for flag in conditions.flags if flag not in reply.flags]
    if missing:
        return f"flags: {_flags(reply)}, expected {', '.join(missing)}"
    unwanted = [flag for flag in conditions.no_flags if flag in reply.flags]
    if unwanted:
        return f"flags: {_flags(reply)}, expected no {', '.join(unwanted)}"
    return None


def _flags(reply: Reply) -> str:
    return " ".join(reply.flags) or "none"


def wildcard(name: str, reply: Reply) -> Failure | None:
    """Return a failure if a name that nobody made, `name`, has answers: a wildcard gave them."""
    if reply.rcode != "NOERROR" or not (reply.answers or reply.aliases):
        return None
    got = listed(reply.answers or reply.aliases)
    return Failure(FailureKind.ANSWER, f"wildcard: {name}, a name at random, leads to {got}")


def disagreement(replies: Sequence[tuple[str, Reply]]) -> Failure | None:
    """Return a failure if servers, each with its name, say different things."""
    servers_by_said: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for server, reply in replies:
        said = reply.rcode, tuple(sorted({*reply.answers}))
        servers_by_said.setdefault(said, []).append(server)
    if len(servers_by_said) <= 1:
        return None
    told = [
        f"{listed(answers) if rcode == 'NOERROR' else rcode} ({', '.join(servers)})"
        for (rcode, answers), servers in servers_by_said.items()
    ]
    return Failure(FailureKind.ANSWER, f"answers differ: {' – '.join(told)}")


def listed(texts: Sequence[str], most: int = _MOST_SHOWN) -> str:
    """Return texts that a server wrote, in order, safe to show; `none` for none."""
    shown = [visible_text(text, 256) for text in sorted(texts)[:most]]
    more = len(texts) - len(shown)
    return (", ".join(shown) or "none") + (f" and {more} more" if more else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RrRules:
    """Rules for the lines of a section as blackbox_exporter means them, each an RE2 expression.

    `fail_if_all_match` means the opposite of its name: the section fails when some line does not
    match. Dashboards rely on it.
    """

    fail_if_matches: tuple[Pattern, ...] = ()
    fail_if_all_match: tuple[Pattern, ...] = ()
    fail_if_not_matches: tuple[Pattern, ...] = ()
    fail_if_none_matches: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRule:
    """The rule that a section broke, in blackbox_exporter's words."""

    message: str
    pattern: str | None = None
    line: str | None = None


def broken_rule(rules: RrRules, lines: Sequence[str]) -> BrokenRule | None:
    """Return the first rule that the lines of a section break, None if they keep them all.

    Lines are as `monitor.net.dnspresent.zone_lines` writes them.
    """
    if not lines:
        return _broken_by_nothing(rules)
    for line in lines:
        broken = _broken_by(rules, line)
        if broken is not None:
            return broken
    if not all(pattern.search(line) for pattern in rules.fail_if_all_match for line in lines):
        return BrokenRule(message="Not all RRs matched regexp")
    wanted = rules.fail_if_none_matches
    if wanted and not any(pattern.search(line) for pattern in wanted for line in lines):
        return BrokenRule(message="None of the RRs did matched any regexp")
    return None


def _broken_by_nothing(rules: RrRules) -> BrokenRule | None:
    if rules.fail_if_not_matches:
        return BrokenRule(message="fail_if_not_matches_regexp specified but no RRs returned")
    if rules.fail_if_none_matches:
        return BrokenRule(message="fail_if_none_matches_regexp specified but no RRs returned")
    return None


def _broken_by(rules: RrRules, line: str) -> BrokenRule | None:
    for pattern in rules.fail_if_matches:
        if pattern.search(line):
            message = "At least one RR matched regexp"
            return BrokenRule(message=message, pattern=pattern.text, line=line)
    for pattern in rules.fail_if_not_matches:
        if not pattern.search(line):
            message = "At least one RR did not match regexp"
            return BrokenRule(message=message, pattern=pattern.text, line=line)
    return None
