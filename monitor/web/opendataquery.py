"""For which months open data is asked."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from monitor.domain.text import visible_text
from monitor.locales import Language
from monitor.web.texts_opendata import REFUSALS

_KNOWN = ("month", "year", "from", "to", "lang")
_LONGEST_SHOWN = 40
# As in `domain.periods`: what has a year before and after it.
_YEARS = range(1970, 9999)

Days = tuple[date, date]
"""The first and the last day."""


class Unasked(Exception):
    """What was asked for can't be given. The message says why; `is_well_put` that it may come."""

    def __init__(
        self, why: str, language: Language, *, is_well_put: bool = False, **facts: object
    ) -> None:
        self.is_well_put = is_well_put
        super().__init__(REFUSALS[language][why].format(**facts))


def check_parameters(
    query: Sequence[tuple[str, str]], known: Sequence[str], language: Language
) -> Mapping[str, str]:
    """Return the parameters, each of which is known and stands there once. Raise Unasked."""
    given: dict[str, str] = {}
    for key, written in query:
        if key not in known:
            raise Unasked("unknown", language, key=_shown(key))
        if key in given:
            raise Unasked("twice", language, key=key)
        given[key] = written
    if given.get("lang", "id") not in tuple(Language):
        raise Unasked("lang", language)
    return given


def days_asked(query: Sequence[tuple[str, str]], covered: Days, language: Language) -> Days:
    """Return the days of the months that are asked for, of those that there are.

    Whole months, but for the days of the last one that are not over; the month that is going on
    where none is named. Raise Unasked.
    """
    given = check_parameters(query, _KNOWN, language)
    began, over = covered
    first, last = _months_asked(given, language) or (over.replace(day=1), over)
    if last < began:
        raise Unasked("early", language, is_well_put=True, month=f"{began:%Y-%m}")
    if first > over:
        raise Unasked("late", language, is_well_put=True, day=over.isoformat())
    return max(first, began.replace(day=1)), min(last, over)


def _months_asked(given: Mapping[str, str], language: Language) -> Days | None:
    named = [key for key in ("month", "year", "from", "to") if key in given]
    match named:
        case []:
            return None
        case ["month"]:
            first = _month("month", given["month"], language)
            return first, _end(first)
        case ["year"]:
            return _year(given["year"], language)
        case ["from", "to"]:
            first, last = (_month(key, given[key], language) for key in named)
            if last < first:
                raise Unasked("order", language)
            return first, _end(last)
        case ["from"] | ["to"]:
            raise Unasked("half", language, key="to" if named == ["from"] else "from")
        case _:
            raise Unasked("mixed", language)


def _month(key: str, written: str, language: Language) -> date:
    """Return the first day of a month written YYYY-MM."""
    year, _, month = written.partition("-")
    if _is_number(year, 4) and _is_number(month, 2):
        number = int(month)
        if int(year) in _YEARS and 1 <= number <= 12:
            return date(int(year), number, 1)
    raise Unasked("month", language, key=key, value=_shown(written))


def _year(written: str, language: Language) -> Days:
    if not (_is_number(written, 4) and int(written) in _YEARS):
        raise Unasked("year", language, value=_shown(written))
    return date(int(written), 1, 1), date(int(written), 12, 31)


def _is_number(text: str, digits: int) -> bool:
    return len(text) == digits and text.isascii() and text.isdigit()


def _end(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _shown(written: str) -> str:
    return repr(visible_text(written, _LONGEST_SHOWN))
