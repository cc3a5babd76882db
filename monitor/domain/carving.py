"""Which maintenance is carved out of the figures of a service: what was known before it began."""

from collections.abc import Iterable, Sequence

from monitor.domain.check import Check
from monitor.domain.instant import instant, microseconds
from monitor.domain.service import Service
from monitor.domain.windowrecord import Occasion, WindowRecord, occasions
from monitor.domain.windows import Window, intersection, union


def concerning(
    records: Iterable[WindowRecord], service: Service, checks: Sequence[Check], period: Window
) -> tuple[Occasion, ...]:
    """Return the work on any of `checks` that touches `period`, in order of its start."""
    found = (
        occasion
        for record in records
        if any(record.window.covers(service, check) for check in checks)
        for occasion in occasions(record, instant(period.start), instant(period.end))
    )
    return tuple(sorted(found, key=_order))


def carved_out(work: Iterable[Occasion], service: Service, checks: Sequence[Check]) -> list[Window]:
    """Return when work was planned on every check at once; a window may cover all, or some.

    Where a check goes on that nobody works on, the service is accounted for as ever.
    """
    planned = [each for each in work if not each.after_the_fact]
    covered = [
        union(
            window
            for each in planned
            if each.record.window.covers(service, check)
            for window in _counted(each)
        )
        for check in checks
    ]
    common = covered[0] if covered else []
    for windows in covered[1:]:
        common = intersection(common, windows)
    return common


def _counted(occasion: Occasion) -> list[Window]:
    part = occasion.counted
    return [] if part is None else [Window(microseconds(part.start), microseconds(part.end))]


def _order(occasion: Occasion) -> tuple[int, str]:
    return microseconds(occasion.occurrence.start), occasion.record.window.id
