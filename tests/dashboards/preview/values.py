"""Values as text and colour, by what a panel says of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from monitor.locales import Language
from monitor.locales.numbers import decimal

_NAMED = {
    "red": "#d64545",
    "green": "#3f9c5a",
    "yellow": "#d9a521",
    "orange": "#dd7a2b",
    "blue": "#4c82c9",
    "text": "#d5d8de",
}
_SPANS = ((86_400, "h", "d"), (3600, "j", "h"), (60, "mnt", "min"))


def colour(name: str) -> str:
    """Return a colour as CSS knows it, softer than the name alone."""
    return _NAMED.get(name, name)


def text_of(value: float, field: Mapping[str, Any], now: float, language: Language) -> str:
    """Return a value as a panel's field says: its word, or a number with its unit."""
    word = word_of(f"{value:g}", field)
    if word is not None:
        return str(word["text"])
    unit, decimals = field.get("unit", "none"), field.get("decimals")
    if unit == "dateTimeFromNow":
        return _span(now - value / 1000, language)
    if unit == "dateTimeAsIso":
        return f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d}"
    if unit == "s":
        return _span(value, language)
    if unit == "percentunit":
        return _number(value * 100, 1 if decimals is None else decimals, language) + " %"
    return _number(value, 0 if value == int(value) else 2, language)


def colour_of(value: float, field: Mapping[str, Any]) -> str:
    """Return the colour of a value: that of its word, or of the last step that it reaches."""
    word = word_of(f"{value:g}", field)
    if word is not None:
        return colour(word["color"])
    steps = field.get("thresholds", {}).get("steps", [])
    reached = [s["color"] for s in steps if s["value"] is None or value >= s["value"]]
    return colour(reached[-1] if reached else "text")


def word_of(value: str, field: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what is shown instead of a value, and in which colour, if anything is."""
    for mapping in field.get("mappings", ()):
        found: Mapping[str, Any] | None = mapping["options"].get(value)
        if found is not None:
            return found
    return None


def _span(seconds: float, language: Language) -> str:
    for length, indonesian, english in _SPANS:
        if abs(seconds) >= length:
            unit = indonesian if language is Language.ID else english
            return f"{_number(seconds / length, 1, language)} {unit}"
    if abs(seconds) < 1:
        return f"{_number(seconds * 1000, 1, language)} ms"
    return _number(seconds, 1, language) + (" dtk" if language is Language.ID else " s")


def _number(value: float, decimals: int, language: Language) -> str:
    return decimal(Fraction(value), language, places=decimals)
