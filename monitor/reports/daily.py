"""The days of all services as CSV (RFC 4180): what data.csv holds, in no language.

Percentages are numbers with a point, rounded as the policy says; one is left empty where three
decimals would say more than was measured. Beside each stands the exact fraction.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO

from monitor.domain.availability import Figures, Parts
from monitor.domain.service import ALWAYS
from monitor.reports.exactly import SHARES, exact, harmless, number, times
from monitor.reports.report import Account, DayAccount, Report

_NAMES = ("service", "name", "owner", "criticality", "date", "hours")
_QUANTILES = ("p50", "p95", "p99")
COLUMNS = (
    *_NAMES,
    *(f"{name}_{form}" for name in SHARES for form in ("percent", "exact")),
    *(f"{part}_microseconds" for part in times(Parts())),
    *("outages", "expected", "received"),
    *(f"{name}_microseconds" for name in _QUANTILES),
)


def daily(report: Report) -> Iterator[str]:
    """Yield the lines of data.csv, the names of the columns first.

    A service has a line for each day around the clock and, where other hours were promised, one
    for these. Days of which nothing was known yet have none.
    """
    yield _line(COLUMNS)
    for account in report.accounts:
        for day in account.days:
            for record in _records(account, day):
                yield _line([harmless(record[column]) for column in COLUMNS])


def _records(account: Account, day: DayAccount) -> Iterator[Mapping[str, object]]:
    if day.in_hours is not None:
        yield _record(account, day, account.hours or ALWAYS, day.in_hours)
    if day.figures is not None:
        yield _record(account, day, ALWAYS, day.figures)


def _record(
    account: Account, day: DayAccount, hours: str, figures: Figures
) -> Mapping[str, object]:
    service, response = account.service, day.response
    record: dict[str, object] = {
        "service": service.id,
        "name": service.name,
        "owner": service.owner,
        "criticality": service.criticality.value,
        "date": day.date.isoformat(),
        "hours": hours,
    }
    for name in SHARES:
        record[f"{name}_percent"] = number(name, figures)
        record[f"{name}_exact"] = exact(getattr(figures, name))
    for part, length in times(figures.parts).items():
        record[f"{part}_microseconds"] = length
    for name in _QUANTILES:
        record[f"{name}_microseconds"] = response and getattr(response, name)
    return record | {
        "outages": figures.outages,
        "expected": figures.expected,
        "received": figures.received,
    }


def _line(cells: Iterable[str]) -> str:
    text = StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
