"""How the files of a report are called: by its period, so that they sort."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

from monitor.domain.instant import instant
from monitor.reports.report import Scope

_DAY = timedelta(days=1)
_MOST_NAMED = 3


def stem(scope: Scope) -> str:
    """Return how the files of a report on `scope` are called, so that they sort by period.

    laporan-2026-10, laporan-2026-Q4, laporan-2026, laporan-2026-10-05--2026-10-11; then what it
    is about where that is not all, and until when it was known where the period was not over.
    """
    named = [*_few(scope.owners), *_few(scope.services)]
    parts = ["laporan", period_name(scope), *map(harmless, named)]
    if scope.until < scope.period.end:
        parts.append(f"hingga-{instant(scope.until).astimezone(UTC):%Y%m%dT%H%M%SZ}")
    return "-".join(parts)


def _few(names: Sequence[str]) -> list[str]:
    """Return the first of `names`, and how many more there are: with a mark that is theirs alone,
    since reports on others must not be called the same.
    """
    more = len(names) - _MOST_NAMED
    if more <= 0:
        return list(names)
    mark = hashlib.sha256("\n".join(names).encode()).hexdigest()[:8]
    return [*names[:_MOST_NAMED], f"+{more}-{mark}"]


def period_name(scope: Scope) -> str:
    """Return how a period is called: 2026-10, 2026-Q4, 2026, or by its first and last day."""
    zone = ZoneInfo(scope.zone)
    first = instant(scope.period.start).astimezone(zone).date()
    last = instant(scope.period.end - 1).astimezone(zone).date()
    return _named(first, last + _DAY)


def _named(first: date, after: date) -> str:
    """Return the name of the days from `first` up to and without `after`."""
    months = 12 * (after.year - first.year) + after.month - first.month
    if first.day == after.day == 1:
        if months == 1:
            return f"{first:%Y-%m}"
        if months == 3 and first.month % 3 == 1:
            return f"{first:%Y}-Q{first.month // 3 + 1}"
        if months == 12 and first.month == 1:
            return f"{first:%Y}"
    return f"{first.isoformat()}--{(after - _DAY).isoformat()}"


def harmless(name: str) -> str:
    """Return a name without what a path, or another system, would take for something else."""
    return "".join(c if c.isalnum() or c in "_.+" else "-" for c in name)[:60]
