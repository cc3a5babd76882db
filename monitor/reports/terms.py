"""What figures go by besides samples, in plain numbers: an auditor computes them anew from it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitor.domain.calendar import open_windows
from monitor.domain.carving import concerning
from monitor.domain.check import Affects, Check
from monitor.domain.correction import Correction, standing
from monitor.domain.instant import microseconds
from monitor.domain.service import Rule, Service
from monitor.domain.text import visible_text
from monitor.domain.windowrecord import Occasion
from monitor.domain.windows import Window
from monitor.reports.entries import Terms
from monitor.reports.report import Account, Report


def terms_document(
    services: Iterable[Service], checks: Sequence[Check], period: Window, terms: Terms
) -> Mapping[str, Any]:
    """Return the terms of services as JSON values; times are microseconds since the Unix epoch.

    `hours` is null around the clock. `work` is when planned work went on, as far as it counts.
    """
    return {
        "from": period.start,
        "until": period.end,
        "services": [_service(each, _counted(each, checks), period, terms) for each in services],
    }


def terms_of(report: Report) -> Mapping[str, Any]:
    """Return the terms of just what a report tells, whatever was recorded since."""
    return {
        "from": report.scope.known.start,
        "until": report.scope.known.end,
        "services": [_told(each, report.scope.known) for each in report.accounts],
    }


def _told(one: Account, period: Window) -> Mapping[str, Any]:
    records = {each.record.key: each.record for each in one.work}
    terms = Terms(windows=tuple(records.values()), corrections=tuple(one.corrections))
    hours = None if one.in_hours is None else [list(each) for each in one.open_hours]
    return {**_service(one.service, one.checks, period, terms), "hours": hours}


def _counted(service: Service, checks: Iterable[Check]) -> list[Check]:
    return [
        check
        for check in checks
        if check.service == service.id and check.affects is Affects.AVAILABILITY
    ]


def _service(
    service: Service, checks: Sequence[Check], period: Window, terms: Terms
) -> Mapping[str, Any]:
    rule, names = service.status, {check.id for check in checks}
    hours = terms.calendars.get(service.sla.hours) if service.sla else None
    work = concerning(terms.windows, service, checks, period)
    return {
        "service": service.id,
        "owner": service.owner,
        "rule": str(rule.quorum) if rule.rule is Rule.QUORUM else rule.rule.value,
        "checks": {check.id: dict(check.labels) for check in checks},
        "hours": None if hours is None else [list(each) for each in open_windows(hours, period)],
        "work": [row for each in work if (row := _work(each, period))],
        "corrections": [
            _correction(each)
            for each in standing(terms.corrections, period)
            if each.service == service.id or each.check in names
        ],
    }


def _work(occasion: Occasion, period: Window) -> Mapping[str, Any] | None:
    """Return what of an occasion is taken out of figures, None where it is nothing."""
    counted, record = occasion.counted, occasion.record
    if occasion.after_the_fact or counted is None:
        return None
    window = Window(microseconds(counted.start), microseconds(counted.end))
    if window.end <= period.start:
        return None  # it was cancelled before
    return {
        "id": visible_text(record.window.id),
        "added_at": microseconds(record.added_at),
        "start": window.start,
        "end": window.end,
    }


def _correction(made: Correction) -> Mapping[str, Any]:
    return {
        "id": made.id,
        "service": made.service,
        "check": made.check,
        "start": made.window.start,
        "end": made.window.end,
        "status": made.status.value,
        "at": microseconds(made.at),
    }
