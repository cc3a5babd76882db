"""Who gets which reports by mail, and with which files."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from monitor.domain.alert import (
    Alert,
    AlertType,
    AttachedFile,
    Notification,
    ReportNotice,
    notification_id,
)
from monitor.domain.reportfiling import Gist, ReportFiling
from monitor.domain.reportplan import Every

_PERIODS = {
    Every.MONTH: re.compile(r"[0-9]{4}-[0-9]{2}\Z"),
    Every.QUARTER: re.compile(r"[0-9]{4}-Q[1-4]\Z"),
    Every.YEAR: re.compile(r"[0-9]{4}\Z"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """Readers of the reports of a schedule.

    `through` is the receiver of alerts.yaml that says how mail is sent. `forms` are attached in
    this order, the PDF with its seal where it is `sealed`, then other volumes of it; what would
    be over `largest` bytes together is not. `place` is where readers find the files, None for the
    folder in which they are filed.
    """

    every: Every
    through: str
    readers: Sequence[str]
    language: str
    forms: Sequence[str]
    largest: int
    owners: Sequence[str] = ()
    services: Sequence[str] = ()
    sealed: bool = False
    place: str | None = None


def reader_names(mailings: Sequence[Mailing]) -> tuple[str, ...]:
    """Return what the outbox calls all readers, each once."""
    return tuple(dict.fromkeys(reader_name(m.through, who) for m in mailings for who in m.readers))


def reader_name(through: str, address: str) -> str:
    """Return what the outbox calls a reader. No receiver of alerts.yaml is called so."""
    return f"{through}/{address}"


def is_about(mailing: Mailing, filing: ReportFiling) -> bool:
    """Say whether a report is one of the schedule's."""
    return (
        _PERIODS[mailing.every].match(filing.period) is not None
        and sorted(mailing.owners) == sorted(filing.owners)
        and sorted(mailing.services) == sorted(filing.services)
    )


def attached(mailing: Mailing, filing: ReportFiling) -> Sequence[str] | None:
    """Return the names of the files that are attached, None while one of them was not filed yet."""
    stem = filing.name.rpartition("/")[2]
    names = [f"{stem}.{_ending(form, mailing)}" for form in mailing.forms]
    if not filing.files.keys() >= set(names):
        return None
    return [*names, *(_volumes(stem, mailing, filing) if "pdf" in mailing.forms else ())]


def letters(
    filing: ReportFiling,
    before: Sequence[ReportFiling],
    mailings: Sequence[Mailing],
    sizes: Mapping[str, int],
    folder: str,
) -> tuple[Notification, ...]:
    """Return what the readers of a report are told when it is filed.

    A version is told once: when it has all the files that are attached. `before` are its earlier
    entries, `sizes` those of its files in bytes, and `folder` is where they are.
    """
    told: dict[str, Notification] = {}
    for mailing in mailings:
        for each in _letters(filing, before, mailing, sizes, folder):
            told.setdefault(each.id, each)
    return tuple(told.values())


def _letters(
    filing: ReportFiling,
    before: Sequence[ReportFiling],
    mailing: Mailing,
    sizes: Mapping[str, int],
    folder: str,
) -> Iterator[Notification]:
    names, gist = attached(mailing, filing), filing.gist.get(mailing.language)
    if names is None or gist is None or not is_about(mailing, filing):
        return
    if any(attached(mailing, each) is not None for each in before):
        return
    notice = _notice(filing, gist, mailing, [_attached(n, filing, sizes) for n in names], folder)
    for address in mailing.readers:
        yield _letter(filing, notice, reader_name(mailing.through, address), filing.at)


def _letter(
    filing: ReportFiling, notice: ReportNotice, receiver: str, at: datetime
) -> Notification:
    detail = f"{notice.gist.subject}, v{filing.version}"
    alert = Alert(
        type=AlertType.REPORT_FILED, occurred_at=at, sequence=0, detail=detail, report=notice
    )
    name = notification_id(f"report|{filing.name}", receiver, alert.type, alert.sequence)
    return Notification(id=name, receiver=receiver, alert=alert)


def _notice(
    filing: ReportFiling,
    gist: Gist,
    mailing: Mailing,
    files: Sequence[AttachedFile],
    folder: str,
) -> ReportNotice:
    sizes = accumulate(each.size for each in files)
    fitting = sum(size <= mailing.largest for size in sizes)
    return ReportNotice(
        name=filing.name,
        language=mailing.language,
        version=filing.version,
        fingerprint=filing.fingerprint,
        gist=gist,
        place=mailing.place or folder,
        number=filing.number,
        is_correction=filing.replaces is not None,
        attached=tuple(files[:fitting]),
        left_out=tuple(files[fitting:]),
    )


def _attached(name: str, filing: ReportFiling, sizes: Mapping[str, int]) -> AttachedFile:
    return AttachedFile(name=name, sha256=filing.files[name], size=sizes[name])


def _ending(form: str, mailing: Mailing) -> str:
    """Return how the name of a form's file ends, in the language of the letter if it has any."""
    if form in ("json", "csv"):
        return form
    seal = "segel." if form == "pdf" and mailing.sealed else ""
    return f"{mailing.language}.{seal}{form}"


def _volumes(stem: str, mailing: Mailing, filing: ReportFiling) -> Sequence[str]:
    """Return the names of the volumes beside the main one, which one seal stands for."""
    begins, ends = f"{stem}-jilid-", f".{mailing.language}.pdf"
    return sorted(name for name in filing.files if name.startswith(begins) and name.endswith(ends))
