"""Which time a command is about: a month, or local days from one to another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from monitor.domain.instant import instant
from monitor.domain.periods import between, month, quarter, year
from monitor.domain.windows import Window
from monitor.locales import Language
from monitor.locales.dates import moment_text

_HEADING = {
    Language.ID: "{start} sampai {end}",
    Language.EN: "{start} to {end}",
}
_RUNNING = {
    Language.ID: " (sampai sekarang: periode belum selesai)",
    Language.EN: " (until now: the period is not over)",
}


class NoPeriod(ValueError):
    """What was asked for is no period; the message says why."""


@dataclass(frozen=True, slots=True)
class Period:
    """A window, and whether it was cut at the present because it is not over yet.

    `whole` is the one that was asked for.
    """

    window: Window
    running: bool
    whole: Window


def period(
    *,
    in_month: str | None,
    first: date | None,
    until: date | None,
    zone: tzinfo,
    now: int,
    in_quarter: str | None = None,
    in_year: str | None = None,
) -> Period:
    """Return the period that a user means, up to `now` (microseconds) at most.

    One of a month (YYYY-MM), a quarter (YYYY-Qn), a year (YYYY), and local days from `first` up to
    and without `until`. Raises NoPeriod for anything else, and for a period that has not begun.
    """
    named = ((month, in_month), (quarter, in_quarter), (year, in_year))
    asked = [(read, text) for read, text in named if text is not None]
    window = _window(asked, first, until, zone)
    if window.start >= window.end:
        raise NoPeriod("the period ends before it begins: --to names the day after its last")
    if window.start >= now:
        raise NoPeriod("the period has not begun yet")
    cut = Window(window.start, min(window.end, now))
    return Period(cut, running=window.end > now, whole=window)


def _window(
    named: Sequence[tuple[Callable[[str, tzinfo], Window], str]],
    first: date | None,
    until: date | None,
    zone: tzinfo,
) -> Window:
    if len(named) == 1 and first is None and until is None:
        [(read, text)] = named
        try:
            return read(text, zone)
        except ValueError as error:
            raise NoPeriod(str(error)) from None
    if not named and first is not None and until is not None:
        return between(first, until, zone)
    raise NoPeriod("give --month YYYY-MM, or --from and --to YYYY-MM-DD")


def heading(asked: Period, zone: tzinfo, language: Language) -> str:
    """Return which time the figures are about, as people write it."""
    start, end = (moment_text(instant(at), zone, language) for at in asked.window)
    whole = _HEADING[language].format(start=start, end=end)
    return whole + _RUNNING[language] if asked.running else whole
