"""The forms of a report: each as the bytes of a file, all of them from the same data."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from monitor.domain.instant import instant
from monitor.locales import Language
from monitor.reports.daily import daily
from monitor.reports.html import html
from monitor.reports.laporan import Whole, laporan
from monitor.reports.pdf import Attachment, pdf
from monitor.reports.report import Report
from monitor.reports.worded import worded
from monitor.reports.workbook import workbook

_ATTACHED = {
    Language.ID: ("Seluruh isi laporan, dengan pecahan tepat", "Angka tiap layanan dan tiap hari"),
    Language.EN: ("All that the report says, in exact fractions", "Figures by service and day"),
}

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


def _paper(source: Source) -> Iterable[bytes]:
    """Yield the PDF, with the data that it is made from as attachments; its date is theirs."""
    language, until = source.language, source.report.scope.until
    document = worded(source.report, language, source.whole.fingerprint)
    attached = (
        Attachment(
            name="laporan.json",
            type="application/json",
            text=source.whole.body.decode(),
            description=_ATTACHED[language][0],
        ),
        Attachment(
            name="data.csv",
            type="text/csv",
            text="".join(daily(source.report)),
            description=_ATTACHED[language][1],
        ),
    )
    yield pdf(document, attached, instant(until))


def _page(source: Source) -> Iterable[bytes]:
    yield html(worded(source.report, source.language, source.whole.fingerprint)).encode()


FORMS: Mapping[str, Form] = {
    "pdf": Form(written=_paper, worded=True, needs="typst"),
    "html": Form(written=_page, worded=True),
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
