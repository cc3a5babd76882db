"""The forms of a report: each as the bytes of a file, all of them from the same data."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from monitor.locales import Language
from monitor.reports.daily import daily
from monitor.reports.laporan import Whole, laporan
from monitor.reports.report import Report
from monitor.reports.workbook import workbook

Pieces = Callable[[], Iterable[bytes]]
"""Gives the bytes of a file, piece by piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A report, what laporan.json says of it, and the language of forms for people."""

    report: Report
    whole: Whole
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a report is written in one form.

    `needs` is a module of the extra `report`. What is `worded` is in one language, and its file
    says in which.
    """

    written: Callable[[Source], Iterable[bytes]]
    worded: bool = False
    needs: str | None = None


FORMS: Mapping[str, Form] = {
    "json": Form(written=lambda source: [source.whole.body]),
    "csv": Form(written=lambda source: (line.encode() for line in daily(source.report))),
    "xlsx": Form(
        written=lambda one: [workbook(one.report, one.whole.fingerprint, one.language)],
        worded=True,
        needs="xlsxwriter",
    ),
}


def files(source: Source, forms: Sequence[str], stem: str) -> Mapping[str, Pieces]:
    """Return the files of a report by name, each in one of `forms`."""
    return {
        f"{stem}.{source.language}.{name}" if FORMS[name].worded else f"{stem}.{name}": _pieces(
            FORMS[name], source
        )
        for name in forms
    }


def source_of(report: Report, language: Language) -> Source:
    """Return what all forms of a report are made from."""
    return Source(report=report, whole=laporan(report), language=language)


def lacking(forms: Iterable[str]) -> list[str]:
    """Return those of `forms` that need what is not installed."""
    return [name for name in forms if (needs := FORMS[name].needs) and find_spec(needs) is None]


def _pieces(form: Form, source: Source) -> Pieces:
    return lambda: form.written(source)
