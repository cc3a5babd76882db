"""What all forms of a report are made from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from monitor.locales import Language
from monitor.reports.laporan import Telling, Whole, laporan
from monitor.reports.report import Report

Pieces = Callable[[], Iterable[bytes]]
"""Gives the bytes of a file, piece by piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A report, what laporan.json says of it, and the language of forms for people."""

    report: Report
    whole: Whole
    language: Language


def source_of(report: Report, language: Language, telling: Telling = iter) -> Source:
    """Return what all forms of a report are made from."""
    return Source(report=report, whole=laporan(report, telling), language=language)
