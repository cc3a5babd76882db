"""Which time a command is about: a month, or local days from one to another."""

from dataclasses import dataclass
from datetime import date, tzinfo

from monitor.domain.instant import instant
from monitor.domain.periods import between, month
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
    *, in_month: str | None, first: date | None, until: date | None, zone: tzinfo, now: int
) -> Period:
    """Return the period that a user means, up to `now` (microseconds) at most.

    Either a month (YYYY-MM), or local days from `first` up to and without `until`. Raises
    NoPeriod for anything else, and for a period that has not begun.
    """
    window = _window(in_month, first, until, zone)
    if window.start >= window.end:
        raise NoPeriod("the period ends before it begins: --to names the day after its last")
    if window.start >= now:
        raise NoPeriod("the period has not begun yet")
    cut = Window(window.start, min(window.end, now))
    return Period(cut, running=window.end > now, whole=window)


def _window(in_month: str | None, first: date | None, until: date | None, zone: tzinfo) -> Window:
    if in_month is not None and first is None and until is None:
        try:
            return month(in_month, zone)
        except ValueError as error:
            raise NoPeriod(str(error)) from None
    if in_month is None and first is not None and until is not None:
        return between(first, until, zone)
    raise NoPeriod("give --month YYYY-MM, or --from and --to YYYY-MM-DD")


def heading(asked: Period, zone: tzinfo, language: Language) -> str:
    """Return which time the figures are about, as people write it."""
    start, end = (moment_text(instant(at), zone, language) for at in asked.window)
    whole = _HEADING[language].format(start=start, end=end)
    return whole + _RUNNING[language] if asked.running else whole
