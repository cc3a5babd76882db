"""Error budgets as people read them and as JSON values."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Any

from monitor.domain.budget import PAIRS, Budget, Burn, Pair
from monitor.fields import format_duration
from monitor.locales import Language
from monitor.locales.dates import duration_text
from monitor.locales.numbers import Rounding, decimal, percent
from monitor.reports.entries import Entry

_FIRST = {
    Language.ID: ("Jatah waktu henti", "Diizinkan", "Terpakai", "Sisa"),
    Language.EN: ("Error budget", "Allowed", "Used", "Left"),
}
_RATE = {Language.ID: "Laju {long} / {short}", Language.EN: "Burn {long} / {short}"}
_UNITS = {
    Language.ID: (("hari", 86_400), ("jam", 3_600), ("menit", 60)),
    Language.EN: (("d", 86_400), ("h", 3_600), ("m", 60)),
}
_OVER = {Language.ID: "lewat {0}", Language.EN: "over by {0}"}
_NONE = "–"
_HIGH = " !"
_LEGEND = {
    Language.ID: "! : jatah waktu henti terpakai terlalu cepat, pada kedua rentang laju itu.",
    Language.EN: "! : the error budget is used too fast, over both windows of the rate.",
}
_MICROSECOND = timedelta(microseconds=1)


def budget_headings(language: Language) -> tuple[str, ...]:
    """Return the headings of `budget_rows`."""
    return (*_FIRST[language], *(_pair(each, language) for each in PAIRS))


def budget_rows(entries: Iterable[Entry], language: Language) -> list[tuple[str, ...]]:
    """Return a row for each service that has a target."""
    return [
        (entry.service.name, *_cells(entry.budget, language))
        for entry in entries
        if entry.budget is not None
    ]


def budget_notes(entries: Iterable[Entry], language: Language) -> list[str]:
    """Return what the mark beside a rate means, where one has it."""
    budgets = [entry.budget for entry in entries if entry.budget is not None]
    high = any(burn.is_high for budget in budgets for burn in budget.burns)
    return [_LEGEND[language]] if high else []


def budget_document(budget: Budget, language: Language) -> Mapping[str, Any]:
    """Return a budget as JSON values: exact fractions beside what they read as."""
    return {
        "allowed_microseconds": _exact(budget.allowed),
        "used_microseconds": budget.used,
        "left_microseconds": _exact(budget.left),
        "allowed_text": _length(budget.allowed, language),
        "left_text": _left(budget.left, language),
        "used_share": {
            "exact": _exact(budget.share),
            "text": _NONE
            if budget.share is None
            else percent(budget.share, language, places=1, rounding=Rounding.UP),
        },
        "burn": [_burn(each, language) for each in budget.burns],
    }


def _burn(burn: Burn, language: Language) -> Mapping[str, Any]:
    return {
        "long": _duration(burn.pair.long),
        "short": _duration(burn.pair.short),
        "threshold": _exact(burn.pair.threshold),
        "severity": burn.pair.severity,
        "long_rate": {"exact": _exact(burn.long), "text": _rate(burn.long, language)},
        "short_rate": {"exact": _exact(burn.short), "text": _rate(burn.short, language)},
        "high": burn.is_high,
    }


def _cells(budget: Budget, language: Language) -> tuple[str, ...]:
    return (
        _length(budget.allowed, language),
        _length(Fraction(budget.used), language),
        _left(budget.left, language),
        *(_rates(each, language) for each in budget.burns),
    )


def _rates(burn: Burn, language: Language) -> str:
    rates = f"{_rate(burn.long, language)} / {_rate(burn.short, language)}"
    return rates + _HIGH if burn.is_high else rates


def _rate(rate: Fraction | None, language: Language) -> str:
    """Return a rate rounded down, so that none reads as high that is not."""
    if rate is None:
        return _NONE
    return f"{decimal(rate, language, places=1, rounding=Rounding.DOWN)}×"


def _length(microseconds: Fraction, language: Language) -> str:
    """Return a length, to the whole second."""
    whole = microseconds.numerator // microseconds.denominator // 1_000_000
    return duration_text(timedelta(seconds=whole), language)


def _left(microseconds: Fraction, language: Language) -> str:
    if microseconds < 0:
        return _OVER[language].format(_length(-microseconds, language))
    return _length(microseconds, language)


def _pair(pair: Pair, language: Language) -> str:
    long, short = (_short(each, language) for each in (pair.long, pair.short))
    return _RATE[language].format(long=long, short=short)


def _short(microseconds: int, language: Language) -> str:
    seconds = microseconds // 1_000_000
    unit, length = next(each for each in _UNITS[language] if seconds % each[1] == 0)
    gap = " " if language is Language.ID else ""
    return f"{seconds // length}{gap}{unit}"


def _duration(microseconds: int) -> str:
    return format_duration(microseconds * _MICROSECOND)


def _exact(value: Fraction | None) -> str | None:
    return None if value is None else f"{value.numerator}/{value.denominator}"
