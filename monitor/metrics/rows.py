"""What one scrape says of each check and service, taken from the board at one moment."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.domain.check import Check, CheckId
from monitor.domain.observation import Series, Status, UnknownCause
from monitor.domain.service import Service, ServiceId
from monitor.domain.tally import Totals
from monitor.domain.timeline import HOLD_FACTOR
from monitor.metrics.labels import escaped, label_name, rendered
from monitor.ports import StatusBoard, Watched

STATUS_CODES = {Status.DOWN: 0, Status.UP: 1, Status.DEGRADED: 2, Status.UNKNOWN: 3}
STATUSES = tuple(Status)
_NOTHING: Mapping[Series, float] = {}
_MICROSECOND = 1_000_000
_DOWN, _UNKNOWN, _NO_DATA = Status.DOWN, Status.UNKNOWN, UnknownCause.NO_DATA


Aparts = tuple[tuple[str, tuple[float, ...]], ...]


class CheckLabels(NamedTuple):
    """The labels of a check as text, what they were made from, and how long a sample holds."""

    check: Check
    service: Service | None
    own: str
    probe: str
    described: str
    hold: timedelta


class CheckRow(NamedTuple):
    """The numbers of one check. `success` is None, and nothing is measured, without sight.

    `seconds` are those that count as SLA, `apart` the others, by what they count as.
    """

    labels: CheckLabels
    status: int
    since: float | None
    last_run: float | None
    success: int | None
    duration: float
    measurements: Mapping[Series, float]
    seconds: tuple[float, ...]
    apart: Aparts
    runs: int
    failures: tuple[tuple[str, int], ...]
    maintained: bool


class ServiceRow(NamedTuple):
    """The numbers of one service. `target` is None when nothing was promised.

    `seconds` are those that count as SLA, `apart` the others, by what they count as. `needs` are
    the services that it depends on.
    """

    labels: str
    status: int
    seconds: tuple[float, ...]
    apart: Aparts
    target: float | None
    needs: tuple[str, ...]


class LabelCache:
    """Labels are made once and kept for as long as a check stays configured as it is."""

    def __init__(self, vantage: str) -> None:
        self._vantage = vantage
        self._known: dict[CheckId, CheckLabels] = {}

    def of(self, check: Check, service: Service | None) -> CheckLabels:
        """Return the labels of `check`."""
        known = self._known.get(check.id)
        if known is None or known.check is not check or known.service is not service:
            known = check_labels(check, service, self._vantage)
            self._known[check.id] = known
        return known

    def keep(self, watched: Sequence[Watched]) -> None:
        """Forget the checks that are no longer watched."""
        if len(self._known) > len(watched):
            wanted = {each.check.id for each in watched}
            self._known = {i: labels for i, labels in self._known.items() if i in wanted}


def check_labels(check: Check, service: Service | None, vantage: str) -> CheckLabels:
    """Return the three sets of labels that the series of a check carry."""
    own = [
        ("check", check.id),
        ("service", check.service),
        ("owner", service.owner if service else ""),
        ("vantage", vantage),
    ]
    probe = [*own, ("instance", check.target)]
    described = dict(
        [
            *probe,
            ("type", check.type),
            ("criticality", service.criticality if service else ""),
            ("affects", check.affects),
        ]
    )
    for name, value in check.labels.items():
        described.setdefault(label_name(name, described), value)
    return CheckLabels(
        check=check,
        service=service,
        own=rendered(own),
        probe=rendered(probe),
        described=rendered(described.items()),
        hold=check.interval * float(HOLD_FACTOR),
    )


def check_row(watched: Watched, labels: CheckLabels, now: datetime) -> CheckRow:
    """Return the row of a check as it stands at `now`."""
    state, tally, last = watched.state, watched.tally, watched.last
    sample = _UNKNOWN if last is None else last.sample
    in_sight = sample is not _UNKNOWN and still_tells(watched, now, labels.hold)
    return CheckRow(
        labels=labels,
        status=STATUS_CODES[state.status],
        since=None if state.since is None else state.since.timestamp(),
        last_run=None if last is None else last.started_at.timestamp(),
        success=int(sample is not _DOWN) if in_sight else None,
        duration=0.0 if last is None else last.duration.total_seconds(),
        measurements=last.outcome.measurements if in_sight and last else _NOTHING,
        seconds=_promised(tally.microseconds, tally.apart),
        apart=_aparts(tally.apart) if tally.apart else (),
        runs=tally.runs,
        failures=tuple(tally.failures.items()),
        maintained=watched.maintained_until is not None,
    )


def still_tells(watched: Watched, now: datetime, hold: timedelta) -> bool:
    """Say whether the last observation still tells how the target fares.

    It does not when sight was lost after it, or when it is older than a sample may be held.
    Before the first verdict (NO_DATA) the status is unknown too, but the probes are seen.
    """
    state, last = watched.state, watched.last
    if last is None or (state.status is _UNKNOWN and state.cause is not _NO_DATA):
        return False
    return watched.waits or now - last.scheduled_at <= hold


def services_by_id(services: Iterable[Service]) -> dict[ServiceId, Service]:
    return {service.id: service for service in services}


def service_row(board: StatusBoard, service: Service) -> ServiceRow:
    """Return the row of a service that the board has."""
    apart = board.service_apart(service.id)
    return ServiceRow(
        labels=rendered((("service", service.id), ("owner", service.owner))),
        status=STATUS_CODES[board.service_status(service.id)],
        seconds=_promised(board.service_tally(service.id), apart),
        apart=_aparts(apart),
        target=float(service.sla.target) if service.sla else None,
        needs=tuple(escaped(each) for each in service.depends_on),
    )


def _promised(microseconds: Mapping[Status, int], apart: Totals) -> tuple[float, ...]:
    """Return the seconds that count as SLA."""
    if not apart:
        return _seconds(microseconds)
    others = {s: sum(totals.get(s, 0) for totals in apart.values()) for s in STATUSES}
    return _seconds({s: microseconds.get(s, 0) - others[s] for s in STATUSES})


def _aparts(apart: Totals) -> Aparts:
    return tuple((kind.value, _seconds(totals)) for kind, totals in sorted(apart.items()))


def _seconds(microseconds: Mapping[Status, int]) -> tuple[float, ...]:
    return tuple([microseconds.get(status, 0) / _MICROSECOND for status in STATUSES])
