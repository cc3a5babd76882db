"""Exact numbers as text: decimal comma and thousands dots in Indonesian, the reverse in English.

Every rounding has a direction and is done once, on the exact value, in integers.
"""

from enum import Enum
from fractions import Fraction

from monitor.locales import Language

_MARKS = {Language.ID: (".", ","), Language.EN: (",", ".")}
_PERCENT = {Language.ID: " %", Language.EN: "%"}


class Rounding(Enum):
    """Which way the digits that don't fit push the last one that does."""

    DOWN = "down"
    UP = "up"
    NEAREST = "nearest"


def decimal(
    value: Fraction | int,
    language: Language,
    *,
    places: int = 0,
    rounding: Rounding = Rounding.NEAREST,
) -> str:
    """Return `value` with exactly `places` decimals: 1.234.567,891 or 1,234,567.891.

    NEAREST rounds a half to the even digit. DOWN is towards minus infinity, UP towards plus.
    """
    scaled = _whole(value.numerator * 10**places, value.denominator, rounding)
    return _written(scaled, language, places)


def _written(scaled: int, language: Language, places: int) -> str:
    """Return `scaled` / 10^places, with exactly so many decimals."""
    thousands, point = _MARKS[language]
    digits = f"{abs(scaled):0{places + 1}d}"
    head, tail = digits[: len(digits) - places], digits[len(digits) - places :]
    grouped = f"{int(head):,}".replace(",", thousands)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{grouped}{point}{tail}" if places else f"{sign}{grouped}"


def percent(
    share: Fraction | int,
    language: Language,
    *,
    places: int = 3,
    rounding: Rounding = Rounding.DOWN,
) -> str:
    """Return a share of one as a percentage: 98,260 % or 98.260%."""
    scaled = _whole(share.numerator * 10 ** (places + 2), share.denominator, rounding)
    return _written(scaled, language, places) + _PERCENT[language]


def plain_percent(share: Fraction, language: Language) -> str:
    """Return a share that was written as a decimal percentage, as it was written: 99,9 %.

    At least one decimal, and as many as it takes; a share that has no end is cut after nine.
    """
    places = next((n for n in range(1, 9) if (share * 100 * 10**n).denominator == 1), 9)
    return percent(share, language, places=places)


def _whole(numerator: int, denominator: int, rounding: Rounding) -> int:
    # No fraction is made but to round: to reduce one takes longer than to divide, and a report
    # writes a million of them.
    match rounding:
        case Rounding.DOWN:
            return numerator // denominator
        case Rounding.UP:
            return -(-numerator // denominator)
        case Rounding.NEAREST:
            return round(Fraction(numerator, denominator))
