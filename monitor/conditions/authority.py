"""What the name servers of a zone must agree on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from monitor.conditions.dns import disagreement, listed
from monitor.domain.observation import Failure, FailureKind, OutcomeStatus, UnknownCause
from monitor.domain.text import visible_text
from monitor.net.authority import Authorities, Authority
from monitor.net.dnsreport import Reply

_MOST_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityConditions:
    """`max_serial_drift` is how far apart copies of a zone may be, in steps of its serial.

    With `same_delegation` the zone above must name the same servers as the zone itself.
    """

    max_serial_drift: int = 0
    same_delegation: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, and how badly; `cause` is set where the fault is ours."""

    status: OutcomeStatus = OutcomeStatus.OK
    failure: Failure | None = None
    cause: UnknownCause | None = None


def judge(conditions: AuthorityConditions, found: Authorities) -> Verdict:
    """Return the first thing that is wrong.

    No server that serves the zone, or different answers, are failures. A lame server beside good
    ones, a serial that lags and another delegation degrade: whoever asks still gets an answer.
    """
    serving = [one for one in found.servers if one.lame is None]
    if not serving:
        return _nobody(found)
    failure = _disagreement(serving)
    if failure:
        return Verdict(OutcomeStatus.FAILED, failure)
    detail = (
        _lame(found.servers)
        or _drifted(serving, conditions.max_serial_drift)
        or (_delegated_otherwise(found) if conditions.same_delegation else None)
    )
    if detail is None:
        return Verdict()
    return Verdict(OutcomeStatus.DEGRADED, Failure(FailureKind.ANSWER, detail))


def differs(reply: Reply, found: Authorities) -> Failure | None:
    """Return a failure if a resolver's reply is none that a server of the zone gives.

    TTLs don't count. Where a server's answer ends with an alias out of the zone, the resolver must
    have gone the same way.
    """
    serving = [one for one in found.servers if one.lame is None and one.reply]
    if not serving or any(_same(reply, one) for one in serving):
        return None
    theirs = sorted({_said(one.reply) for one in serving if one.reply})[:_MOST_SHOWN]
    detail = f"answers: {_said(reply)}, but the zone {found.zone} has {' or '.join(theirs)}"
    return Failure(FailureKind.ANSWER, detail)


def serial_drift(servers: Sequence[Authority]) -> int:
    """Return how far apart serials are, as RFC 1982 counts them: 0 comes next to 2^32 - 1."""
    serials = {one.serial for one in servers if one.serial is not None}
    return max((_distance(a, b) for a, b in combinations(serials, 2)), default=0)


def _distance(one: int, other: int) -> int:
    return min((one - other) % 2**32, (other - one) % 2**32)


def _nobody(found: Authorities) -> Verdict:
    """Return the verdict where no server serves the zone."""
    ours = [one.cause for one in found.servers if one.cause]
    first = next((one for one in found.servers if not one.cause), found.servers[0])
    kind = first.failure.kind if first.failure else FailureKind.ANSWER
    detail = f"no name server serves {found.zone} ({len(found.servers)} asked): {_fault(first)}"
    if len(ours) == len(found.servers):
        return Verdict(OutcomeStatus.UNKNOWN, Failure(kind, detail), ours[0])
    return Verdict(OutcomeStatus.FAILED, Failure(kind, detail))


def _lame(servers: Sequence[Authority]) -> str | None:
    lame = [one for one in servers if one.lame is not None and not one.cause]
    if not lame:
        return None
    told = "; ".join(map(_fault, lame[:_MOST_SHOWN]))
    return f"lame: {told} ({len(lame)} of {len(servers)} servers)"


def _fault(server: Authority) -> str:
    return f"{server}: {visible_text(server.lame or '', 200)}"


def _drifted(serving: Sequence[Authority], most: int) -> str | None:
    drift = serial_drift(serving)
    if drift <= most:
        return None
    serials = ", ".join(f"{one} has {one.serial}" for one in serving[:_MOST_SHOWN])
    return f"serial: {serials}; {drift} apart, expected at most {most}"


def _delegated_otherwise(found: Authorities) -> str | None:
    if found.delegated is None or found.delegated == found.listed:
        return None
    return (
        f"delegation: the zone above {found.zone} names {listed(found.delegated)}, "
        f"the zone itself {listed(found.listed)}"
    )


def _disagreement(serving: Sequence[Authority]) -> Failure | None:
    """Return a failure if servers say different things, of what is the zone's own affair.

    Where it ends with an alias, one that serves the other zone too may say more.
    """
    ends = [len(one.reply.aliases) for one in serving if one.reply and one.leads_away]
    replies = [(str(one), one.reply) for one in serving if one.reply]
    if ends:
        replies = [(server, _up_to(reply, min(ends))) for server, reply in replies]
    return disagreement(replies)


def _up_to(reply: Reply, count: int) -> Reply:
    """Return what a reply says up to its alias of this number, which then is its answer."""
    if len(reply.aliases) < count:
        return reply
    return replace(reply, rcode="NOERROR", answers=reply.aliases[:count])


def _same(reply: Reply, server: Authority) -> bool:
    theirs = server.reply
    if theirs is None:
        return False
    if server.leads_away:
        return reply.aliases[: len(theirs.aliases)] == theirs.aliases
    return (reply.rcode, {*reply.answers}) == (theirs.rcode, {*theirs.answers})


def _said(reply: Reply) -> str:
    return listed(reply.answers or reply.aliases) if reply.rcode == "NOERROR" else reply.rcode
