"""Exact values as text: what programs read beside what people read."""

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from monitor.domain.availability import Figures, Parts
from monitor.domain.correction import CorrectionRecord
from monitor.domain.instant import instant
from monitor.domain.windowrecord import Occasion
from monitor.locales import Language
from monitor.locales.shares import (
    coverage_text,
    gross_text,
    headline,
    lower_text,
    upper_text,
)

SHARES = {
    "availability": headline,
    "lower": lower_text,
    "upper": upper_text,
    "gross": gross_text,
    "coverage": coverage_text,
}
DECIMALS = 3
WAYS: Mapping[str, Literal["down", "up"]] = {
    "availability": "down",
    "lower": "down",
    "upper": "up",
    "gross": "down",
    "coverage": "down",
}
ROUNDING: Mapping[str, object] = {"decimals": DECIMALS, **WAYS}
_SECOND = 1_000_000
# Also in full width, which spreadsheets of East Asia take for the same.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_STEERING = ("\t", "\r", "\n")
# What a spreadsheet drops, or nobody sees, does not keep a formula from being one.
_UNSEEN = " \t\r\n\xa0\u200b\u200c\u200d\u2060\ufeff"


def exact(value: Fraction | None) -> str | None:
    """Return a fraction as it is: 113/115."""
    return None if value is None else f"{value.numerator}/{value.denominator}"


def number(name: str, figures: Figures) -> Decimal | None:
    """Return a share in percent, rounded as the policy says: just what people read.

    None where they read words, or a bound, since no number of three decimals would be honest.
    """
    text = SHARES[name](figures, Language.EN)
    return Decimal(text.removesuffix("%")) if text[0].isdigit() else None


def in_seconds(mean: Fraction | None) -> Fraction | None:
    """Return a mean time of microseconds in seconds."""
    return None if mean is None else mean / _SECOND


def instant_text(at: int) -> str:
    """Return microseconds since the Unix epoch as RFC 3339 has them, in UTC."""
    return instant(at).isoformat().replace("+00:00", "Z")


def times(parts: Parts) -> dict[str, int]:
    """Return where the time went, with the sums of maintenance and of all."""
    return asdict(parts) | {"maintenance": parts.maintenance, "total": parts.total}


def harmless(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    is_formula = text.startswith(_STEERING) or text.lstrip(_UNSEEN).startswith(_FORMULA)
    return f"'{text}" if is_formula else text


def work_document(occasion: Occasion) -> Mapping[str, Any]:
    """Return a maintenance window as it was planned; `counted` is what of it was known before."""
    record, planned = occasion.record, occasion.occurrence
    counted = None if occasion.after_the_fact else occasion.counted
    return {
        "id": record.window.id,
        "start": planned.start.isoformat(),
        "end": planned.end.isoformat(),
        "after_the_fact": occasion.after_the_fact,
        "counted": None
        if counted is None
        else {"start": counted.start.isoformat(), "end": counted.end.isoformat()},
        "reason": record.window.reason,
        "approved_by": record.window.approved_by,
        "added_at": record.added_at.isoformat(),
        "added_by": record.added_by,
        "source": record.source.value,
        "cancelled": None
        if record.cancelled is None
        else {
            "at": record.cancelled.at.isoformat(),
            "by": record.cancelled.by,
            "reason": record.cancelled.reason,
        },
    }


def correction_document(record: CorrectionRecord) -> Mapping[str, Any]:
    """Return a correction, and that it was withdrawn if it was."""
    made, withdrawn = record.correction, record.withdrawn
    return {
        "id": made.id,
        "service": made.service,
        "check": made.check,
        "from": made.start.isoformat(),
        "to": made.end.isoformat(),
        "status": made.status.value,
        "reason": made.reason,
        "evidence": made.evidence,
        "by": made.by,
        "at": made.at.isoformat(),
        "withdrawn": None
        if withdrawn is None
        else {"at": withdrawn.at.isoformat(), "by": withdrawn.by, "reason": withdrawn.reason},
    }
