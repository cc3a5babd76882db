"""A report on paper: one PDF, or of a city a main volume and one for each owner.

All are made to PDF/A-3a and PDF/UA-1. The main one carries the data, and what the others must be.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256

from monitor.domain.instant import instant
from monitor.locales import Language
from monitor.reports.bound import main_volume, volume_document
from monitor.reports.daily import daily
from monitor.reports.pdf import Attachment, pdf, pdf_apart
from monitor.reports.report import Report
from monitor.reports.sections.binding import Bound
from monitor.reports.source import Pieces, Source
from monitor.reports.volumes import Volume, volumes
from monitor.reports.worded import worded

SUMS = "jilid.sha256"
_ATTACHED = {
    Language.ID: {
        "json": "Seluruh isi laporan, dengan pecahan tepat",
        "csv": "Angka tiap layanan dan tiap hari",
        "sums": "Nilai SHA-256 tiap jilid",
    },
    Language.EN: {
        "json": "All that the report says, in exact fractions",
        "csv": "Figures by service and day",
        "sums": "The SHA-256 of each volume",
    },
}


def papers(source: Source, stem: str) -> Mapping[str, Pieces]:
    """Return the files of a report on paper by name, the one that is signed last.

    It names what the others are, so these are made before it.
    """
    main = main_name(source.language, stem)
    parts = {one.name(stem, source.language): one for one in volumes(source.report)}
    if not parts:
        return {main: lambda: [_whole(source)]}
    bound: dict[str, Bound] = {}

    def made(name: str) -> Iterable[bytes]:
        body = _volume(source, parts[name])
        digest = sha256(body).hexdigest()
        bound[name] = Bound(volume=parts[name], name=name, digest=digest)
        return [body]

    def binding() -> Iterator[bytes]:
        for name in parts.keys() - bound.keys():
            made(name)
        yield _main(source, [bound[name] for name in parts])

    files: dict[str, Pieces] = {name: partial(made, name) for name in parts}
    return files | {main: binding}


def main_name(language: Language, stem: str) -> str:
    """Return what the PDF is called that is sealed and signed, and stands for all others."""
    return f"{stem}.{language.value}.pdf"


def _whole(source: Source) -> bytes:
    document = worded(source.report, source.language, source.whole.fingerprint)
    return pdf(document, _attached(source), instant(source.report.scope.until))


def _main(source: Source, bound: Sequence[Bound]) -> bytes:
    language, report = source.language, source.report
    document = main_volume(report, language, source.whole.fingerprint, bound)
    sums = Attachment(
        name=SUMS,
        type="text/plain",
        body="".join(f"{one.digest}  {one.name}\n" for one in bound).encode(),
        description=_ATTACHED[language]["sums"],
    )
    return pdf_apart(document, (*_attached(source), sums), instant(report.scope.until))


def _volume(source: Source, one: Volume) -> bytes:
    language, report = source.language, source.report
    document = volume_document(report, language, source.whole.fingerprint, one)
    return pdf_apart(document, [_days(one.of(report), language)], instant(report.scope.until))


def _attached(source: Source) -> tuple[Attachment, ...]:
    whole = Attachment(
        name="laporan.json",
        type="application/json",
        body=source.whole.body,
        description=_ATTACHED[source.language]["json"],
    )
    return whole, _days(source.report, source.language)


def _days(report: Report, language: Language) -> Attachment:
    return Attachment(
        name="data.csv",
        type="text/csv",
        body="".join(daily(report)).encode(),
        description=_ATTACHED[language]["csv"],
    )
