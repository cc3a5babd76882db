"""What the state of a domain means. Pure: what is known and the time go in, a finding comes out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from monitor.domain.observation import Failure, FailureKind, OutcomeStatus, UnknownCause
from monitor.domain.text import visible_text
from monitor.net.rdap import Registration, status_key

if TYPE_CHECKING:
    from monitor.probes.domain.memory import Known

DAY = 86_400.0
OLDEST = 7 * DAY  # what was learned earlier tells nothing any more

# What takes a name out of the DNS, or is about to (RFC 5731, 2.3; RFC 3915, 3.1).
_HELD = frozenset({"clienthold", "serverhold", "pendingdelete", "redemptionperiod"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainConditions:
    """What is expected. None, or an empty value, expects nothing.

    `statuses` and `not_statuses` are keys of statuses (`monitor.net.rdap.status_key`). `stated` is
    the date of expiry that the operator wrote. Below `min_days` the check is degraded, below
    `critical_days` it fails. `asks` says that there is a registry to ask.
    """

    min_days: int
    critical_days: int | None = None
    stated: date | None = None
    statuses: tuple[str, ...] = ()
    not_statuses: tuple[str, ...] = ()
    name_servers: tuple[str, ...] = ()
    registrar: str | None = None
    asks: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A status and why; `cause` is there when nothing can be decided."""

    status: OutcomeStatus = OutcomeStatus.OK
    failure: Failure | None = None
    cause: UnknownCause | None = None


_Level = tuple[OutcomeStatus, str]


def judge(conditions: DomainConditions, known: "Known | None", now: float) -> Finding:
    """Return how a domain does at `now` (Unix seconds)."""
    if not conditions.asks:
        return _by_date(conditions, _stated(conditions), now)
    learned_at = None if known is None else known.learned_at
    if known is None or learned_at is None or now - learned_at > OLDEST:
        return _unheard(conditions, known, now)
    told = known.registration
    if told is None:
        return _failed(FailureKind.ANSWER, "the registry knows no such domain")
    return _registered(conditions, told, now)


def _registered(conditions: DomainConditions, told: Registration, now: float) -> Finding:
    failing = tuple(_broken(conditions, told))
    if failing:
        return _failed(FailureKind.ANSWER, "; ".join(failing))
    contradiction = _contradiction(told)
    if contradiction is not None:  # such a date does not even prove that it is past
        return _undecided(contradiction)
    by_date = _by_date(conditions, told.expires or _stated(conditions), now)
    if by_date.status is OutcomeStatus.FAILED:
        return by_date
    doubt = next(_doubts(conditions, told), None)
    if doubt is not None:
        return _undecided(doubt)
    if by_date.status is not OutcomeStatus.OK:
        return by_date
    difference = _difference(conditions.stated, told)
    if difference is None:
        return by_date
    return Finding(status=OutcomeStatus.DEGRADED, failure=Failure(FailureKind.CHANGED, difference))


def held(told: Registration) -> tuple[str, ...]:
    """Return the statuses that take a name out of the DNS or are about to."""
    return tuple(each for each in told.statuses or () if status_key(each) in _HELD)


def _broken(conditions: DomainConditions, told: Registration) -> Iterator[str]:
    """Yield what is not as it must be."""
    present = {status_key(each): each for each in told.statuses or ()}
    unwanted = [present[key] for key in conditions.not_statuses if key in present]
    if bad := list(dict.fromkeys([*held(told), *unwanted])):
        yield f"status: {', '.join(bad)}"
    lacking = [key for key in conditions.statuses if key not in present]
    if lacking and told.statuses is not None:
        listed = ", ".join(told.statuses) or "none"
        yield f"status: {listed}, expected {', '.join(lacking)} among them"
    servers = told.name_servers
    if conditions.name_servers and servers is not None and servers != conditions.name_servers:
        listed = ", ".join(servers) or "none"
        yield f"name servers: {listed}, expected {', '.join(conditions.name_servers)}"
    wanted, registrar = conditions.registrar or "", told.registrar
    if registrar is not None and wanted.casefold() not in registrar.casefold():
        yield f"registrar: {registrar}, expected {wanted!r} in it"


def _doubts(conditions: DomainConditions, told: Registration) -> Iterator[str]:
    """Yield why nothing can be decided although nothing is known to be wrong."""
    if conditions.statuses and told.statuses is None:
        yield "the registry tells no status"
    if conditions.name_servers and told.name_servers is None:
        yield "the registry tells no name servers"
    if conditions.registrar is not None and told.registrar is None:
        yield "the registry tells no registrar"


def _contradiction(told: Registration) -> str | None:
    """Return how the registry's dates contradict each other, None where they don't."""
    registered = told.registered
    if not told.expires or registered is None or told.expires[0] > registered:
        return None
    return (
        f"the registry's dates contradict each other: registered {date_text(registered)}, "
        f"expires {date_text(told.expires[0])}"
    )


def _by_date(conditions: DomainConditions, dates: tuple[float, ...], now: float) -> Finding:
    """Return what the dates of expiry say; several must say the same."""
    if not dates:
        return _undecided("the registry gives no date of expiry: state it with expires_on")
    levels = [_level(conditions, at, now) for at in dates]
    if len({status for status, _ in levels}) > 1:
        listed = " and ".join(map(date_text, (dates[0], dates[-1])))
        return _undecided(f"the registry gives several dates of expiry: {listed}")
    status, detail = levels[0]
    if status is OutcomeStatus.OK:
        return Finding()
    return Finding(status=status, failure=Failure(FailureKind.EXPIRES_SOON, detail))


def _level(conditions: DomainConditions, at: float, now: float) -> _Level:
    days = (at - now) / DAY
    if days <= 0:
        return OutcomeStatus.FAILED, f"expired {date_text(at)}, {-days:.1f} days ago"
    critical = conditions.critical_days
    said = f"expires {date_text(at)}, in {days:.1f} days, expected at least"
    if critical is not None and days < critical:
        return OutcomeStatus.FAILED, f"{said} {critical}"
    if days < conditions.min_days:
        return OutcomeStatus.DEGRADED, f"{said} {conditions.min_days}"
    return OutcomeStatus.OK, ""


def _stated(conditions: DomainConditions) -> tuple[float, ...]:
    return () if conditions.stated is None else (_midnight(conditions.stated),)


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def _difference(stated: date | None, told: Registration) -> str | None:
    """Return how the operator's date differs from the registry's, by more than a zone may do."""
    if stated is None or not told.expires:
        return None
    first = told.expires[0]
    if -DAY <= first - _midnight(stated) < 2 * DAY:
        return None
    return f"the registry says that it expires {date_text(first)}, expires_on says {stated}"


def _unheard(conditions: DomainConditions, known: "Known | None", now: float) -> Finding:
    """Return what can be said without the registry: that the date which was stated is near."""
    stated = _stated(conditions)
    by_date = _by_date(conditions, stated, now) if stated else Finding()
    if by_date.failure is not None and by_date.cause is None:
        return by_date
    why = "" if known is None or not known.said else f": {known.said}"
    if known is not None and known.learned_at is not None:
        return _undecided(f"the registry last told something {date_text(known.learned_at)}{why}")
    return _undecided(f"the registry has told nothing yet{why}")


def _failed(kind: FailureKind, detail: str) -> Finding:
    return Finding(status=OutcomeStatus.FAILED, failure=Failure(kind, visible_text(detail)))


def _undecided(detail: str) -> Finding:
    return Finding(
        status=OutcomeStatus.UNKNOWN,
        failure=Failure(FailureKind.ANSWER, visible_text(f"cannot decide: {detail}")),
        cause=UnknownCause.NO_DATA,
    )


def date_text(seconds: float) -> str:
    """Return the day of a time (Unix seconds) in UTC: 2027-03-01."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
