"""The forms of a report: each as the bytes of a file, all of them from the same data."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from monitor.reports.daily import daily
from monitor.reports.html import html
from monitor.reports.papers import papers
from monitor.reports.source import Pieces, Source
from monitor.reports.worded import worded
from monitor.reports.workbook import workbook


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a report is written in one form: which files it has beside others that begin the same.

    `needs` is a module of the extra `report`. What is in one language has a name that says which.
    """

    written: Callable[[Source, str], Mapping[str, Pieces]]
    needs: str | None = None


def _page(source: Source, stem: str) -> Mapping[str, Pieces]:
    def page() -> Iterable[bytes]:
        yield html(worded(source.report, source.language, source.whole.fingerprint)).encode()

    return {f"{stem}.{source.language.value}.html": page}


def _json(source: Source, stem: str) -> Mapping[str, Pieces]:
    return {f"{stem}.json": lambda: [source.whole.body]}


def _csv(source: Source, stem: str) -> Mapping[str, Pieces]:
    return {f"{stem}.csv": lambda: (line.encode() for line in daily(source.report))}


def _sheets(source: Source, stem: str) -> Mapping[str, Pieces]:
    def book() -> Iterable[bytes]:
        yield workbook(source.report, source.whole.fingerprint, source.language)

    return {f"{stem}.{source.language.value}.xlsx": book}


FORMS: Mapping[str, Form] = {
    "pdf": Form(written=papers, needs="typst"),
    "html": Form(written=_page),
    "json": Form(written=_json),
    "csv": Form(written=_csv),
    "xlsx": Form(written=_sheets, needs="xlsxwriter"),
}


def files(source: Source, forms: Sequence[str], stem: str) -> Mapping[str, Pieces]:
    """Return the files of a report by name, in `forms`, to be written in this order."""
    return {
        name: pieces for form in forms for name, pieces in FORMS[form].written(source, stem).items()
    }


def lacking(forms: Iterable[str]) -> list[str]:
    """Return those of `forms` that need what is not installed."""
    return [name for name in forms if (needs := FORMS[name].needs) and find_spec(needs) is None]
