"""Numbers whose written form counts."""

# ruff: noqa: TRY004 (pydantic takes a ValueError, and no TypeError, for the writer's mistake)

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Self

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from monitor.fields.shown import shown


class WrittenFloat(float):
    """A float that still knows how it was written: 99.9 is 999/10, not 99.9000000000000057."""

    __slots__ = ("text",)

    text: str

    def __new__(cls, value: float, text: str = "") -> Self:
        number = super().__new__(cls, value)
        number.text = text
        return number


def parse_percentage(value: object) -> Fraction:
    """Return a percentage, over 0 and up to 100, as an exact share: 99.9 is 999/1000.

    A Fraction passes as the share that it is. Raise ValueError on anything else.
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{shown(value)} is no percentage: write a number such as 99.9")
    text = value.text if isinstance(value, WrittenFloat) else repr(value)
    if not 0 < value <= 100:
        raise ValueError(f"{text} is no percentage: it must be over 0 and at most 100")
    share = Fraction(Decimal(text)) / 100
    if not 0 < share <= 1:
        raise ValueError(f"{text} is no percentage: it must be over 0 and at most 100")
    return share


def _percent(share: Fraction) -> float:
    return float(share * 100)


Percentage = Annotated[
    Fraction,
    BeforeValidator(parse_percentage),
    PlainSerializer(_percent, return_type=float, when_used="json"),
    WithJsonSchema(
        {"type": "number", "exclusiveMinimum": 0, "maximum": 100, "examples": [99.9, 99.5]}
    ),
]
"""A share in (0, 1], exactly as the decimal was written."""
