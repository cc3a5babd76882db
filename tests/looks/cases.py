"""Which reports are looked at: few and many services, long names, nothing, hours that come twice."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from monitor.domain.availability import Figures, Parts
from monitor.reports.report import Report, Wording
from tests.unit.reports.builders import JUNE, city, day_figures, report, scope

AUTUMN = (date(2026, 10, 1), date(2026, 11, 1))
YEAR = (date(2026, 1, 1), date(2027, 1, 1))


def unmeasured(services: int = 3) -> Report:
    """Return a report on services of which nothing is on record, and nothing was written."""
    known = city(services, scope(*JUNE))
    length = known.scope.period.length
    nothing = _unknown(length)
    accounts = [
        replace(
            each,
            always=nothing,
            measured=None,
            days=[replace(day, figures=_unknown(length // 30), response=None) for day in each.days],
            response=None,
            corrections=(),
            work=(),
            carved=(),
            began=known.scope.period.end,
        )
        for each in known.accounts
    ]
    bare = replace(known.provenance, ledger=None)
    return report(accounts, known.scope, wording=Wording(), provenance=bare)


def _unknown(length: int) -> Figures:
    """Return a day in which nothing was received of two checks a minute."""
    return replace(day_figures(Parts(unknown=length), 2 * length), received=0)


CASES: Mapping[str, Callable[[], Report]] = {
    "one": lambda: city(1, scope(*JUNE)),
    "six": lambda: city(6, scope(*JUNE)),
    "long": lambda: city(6, scope(*JUNE), long_names=True),
    "none": lambda: report([], scope(*JUNE), wording=Wording()),
    "unmeasured": unmeasured,
    "berlin": lambda: city(6, scope(*AUTUMN, "Europe/Berlin")),
    "lord-howe": lambda: city(2, scope(*AUTUMN, "Australia/Lord_Howe")),
    "year": lambda: city(4, scope(*YEAR)),
    "thirty": lambda: city(30, scope(*JUNE)),
    "many": lambda: city(300, scope(*JUNE)),
}
