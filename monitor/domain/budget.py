"""How much downtime a promise allows, how much of it is used, and how fast it is being used.

Rates are computed from confirmed statuses: at one probe a minute a single failed one is 1.67 % of
an hour, more than 14.4 times what 99.9 % allows. The pairs of windows and their thresholds are
those of multi-window burn rate alerts for 30 days (Site Reliability Workbook, chapter 5).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import itemgetter
from typing import NamedTuple

from monitor.domain.availability import allowed_downtime, figures
from monitor.domain.observation import Status
from monitor.domain.timeline import Span, joined, within
from monitor.domain.windows import Window, difference, duration, union

_MINUTE = 60_000_000
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


class Pair(NamedTuple):
    """Two windows (microseconds) in both of which the rate must reach `threshold`.

    At it, what is allowed in 30 days is used up in 30 days by that number.
    """

    long: int
    short: int
    threshold: Fraction
    severity: str


PAIRS = (
    Pair(_HOUR, 5 * _MINUTE, Fraction(144, 10), "page"),
    Pair(6 * _HOUR, 30 * _MINUTE, Fraction(6), "page"),
    Pair(_DAY, 2 * _HOUR, Fraction(3), "ticket"),
    Pair(3 * _DAY, 6 * _HOUR, Fraction(1), "ticket"),
)
LOOK_BACK = max(pair.long for pair in PAIRS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """The rates of a pair of windows that end together. None where nothing can be said."""

    pair: Pair
    long: Fraction | None
    short: Fraction | None

    @property
    def is_high(self) -> bool:
        """Say whether the budget is used faster than `pair` allows, lately as well."""
        rates = (self.long, self.short)
        return all(rate is not None and rate >= self.pair.threshold for rate in rates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The downtime that a promise allows over a whole period, and what became of it by now.

    `allowed` and `used` are in microseconds. `used` is the downtime of the figures.
    """

    allowed: Fraction
    used: int
    burns: tuple[Burn, ...] = ()

    @property
    def left(self) -> Fraction:
        """What may still be used; negative where more was."""
        return self.allowed - self.used

    @property
    def share(self) -> Fraction | None:
        """What was used, as a share of what is allowed."""
        return Fraction(self.used, self.allowed) if self.allowed else None


def allowance(target: Fraction, hours: Iterable[Window], planned: Iterable[Window]) -> Fraction:
    """Return what `target` allows in `hours`, without the maintenance that was planned."""
    return allowed_downtime(target, duration(difference(hours, planned)))


def confirmed(shown: Sequence[Span], sampled: Sequence[Span]) -> list[Span]:
    """Return the statuses that were shown of a check, where samples say that anything was known.

    What was shown last stays shown while nobody looks.
    """
    seen = union(Window(*span[:2]) for span in sampled if span.status is not Status.UNKNOWN)
    blind = [span for span in sampled if span.status is Status.UNKNOWN]
    return joined(sorted([*within(shown, seen), *blind], key=itemgetter(0)))


def burns(
    timeline: Sequence[Span], hours: Sequence[Window], planned: Sequence[Window], target: Fraction
) -> tuple[Burn, ...]:
    """Return the rates of every pair of windows that ends where `timeline` does.

    Time outside `hours`, planned maintenance and unknown time say nothing of the rate.
    """
    if not timeline:
        return ()
    end = timeline[-1].end

    def rate(length: int) -> Fraction | None:
        lately = [w for w in _since(hours, end - length) if w.start < end]
        parts = figures(timeline, lately, interval=1, maintenance=planned).parts
        known, allowed = parts.up + parts.down, 1 - target
        return Fraction(Fraction(parts.down, known), allowed) if known and allowed else None

    return tuple(Burn(pair=pair, long=rate(pair.long), short=rate(pair.short)) for pair in PAIRS)


def _since(windows: Iterable[Window], start: int) -> list[Window]:
    return [Window(max(each.start, start), each.end) for each in windows if each.end > start]
