"""The error budget of a service: what its target allows, what is used, and how fast."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from monitor.domain.availability import Figures
from monitor.domain.budget import LOOK_BACK, Budget, allowance, burns, confirmed
from monitor.domain.calendar import Calendar, open_windows
from monitor.domain.carving import carved_out, concerning
from monitor.domain.check import Check, CheckId
from monitor.domain.combination import combine
from monitor.domain.correction import Correction, corrected
from monitor.domain.instant import microseconds
from monitor.domain.observation import Status, UnknownCause
from monitor.domain.service import Service, Sla
from monitor.domain.timeline import Span, clip
from monitor.domain.windowrecord import WindowRecord
from monitor.domain.windows import Window


class Shown(Protocol):
    """A status that was shown of a check, from when to when."""

    @property
    def status(self) -> Status: ...
    @property
    def cause(self) -> UnknownCause | None: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def ended_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a budget is reckoned from, besides what was seen.

    `whole` is the period without being cut at the present: a target allows for all of it.
    """

    service: Service
    sla: Sla
    checks: Sequence[Check]
    hours: Calendar | None
    windows: Iterable[WindowRecord]
    whole: Window

    def budget(self, figures: Figures, timeline: Sequence[Span]) -> Budget:
        """Return the budget: `timeline` is that of confirmed statuses up to the present."""
        allowed = allowance(self.sla.target, self._hours(self.whole), self._planned(self.whole))
        lately = Window(timeline[0].start, timeline[-1].end)
        rates = burns(timeline, self._hours(lately), self._planned(lately), self.sla.target)
        return Budget(allowed=allowed, used=figures.parts.down, burns=rates)

    def _hours(self, period: Window) -> list[Window]:
        return [period] if self.hours is None else open_windows(self.hours, period)

    def _planned(self, period: Window) -> list[Window]:
        work = concerning(self.windows, self.service, self.checks, period)
        return carved_out(work, self.service, self.checks)


def looked_back(period: Window) -> Window:
    """Return the time that the rates at the end of `period` look at."""
    return Window(period.end - LOOK_BACK, period.end)


def shown_spans(shown: Iterable[Shown], window: Window) -> list[Span]:
    """Return statuses that were shown, in order, as a timeline within `window`."""
    spans = (
        Span(
            microseconds(each.started_at),
            window.end if each.ended_at is None else microseconds(each.ended_at),
            each.status,
            each.cause,
        )
        for each in shown
    )
    return clip(spans, window)


def confirmed_timeline(
    service: Service,
    sampled: Mapping[CheckId, Sequence[Span]],
    shown: Mapping[CheckId, Sequence[Span]],
    corrections: Sequence[Correction],
    window: Window,
) -> list[Span]:
    """Return the confirmed status of a service throughout `window`, with what was corrected."""
    timelines = [
        corrected(
            confirmed(shown[name], sampled[name]),
            [each for each in corrections if each.check == name],
        )
        for name in sampled
    ]
    whole = [each for each in corrections if each.check is None]
    return corrected(combine(timelines, service.status, window), whole)
