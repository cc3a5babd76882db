"""Open data: the days, outages, planned work and corrections of public services.

Presidential Regulation 39/2019 (Satu Data Indonesia) asks for data that meet a standard, have
metadata, and can be used by other programs. Nothing here names a check, a host, a person, or a
reason that was not written for the public.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitor.domain.availability import Figures
from monitor.domain.correction import CorrectionRecord
from monitor.domain.instant import instant, microseconds
from monitor.domain.observation import Status
from monitor.domain.service import ALWAYS
from monitor.domain.visibility import public_service_of, public_services
from monitor.domain.windowrecord import Occasion
from monitor.domain.windows import Window, intersection
from monitor.reports.exactly import exact, harmless, number
from monitor.reports.opendatacatalogue import Publication, dictionary, metadata, plain
from monitor.reports.opendatawords import AVAILABILITY, CORRECTIONS, OUTAGES, TABLES, WORK, Table
from monitor.reports.report import Account, DayAccount, Report, Scope, Told

Row = Mapping[str, str | int | bool | None]

_STATES = {
    Status.UP: "naik",
    Status.DEGRADED: "menurun",
    Status.DOWN: "turun",
    Status.UNKNOWN: "tidak_diketahui",
}
_DICTIONARY = ("berkas", "variabel", "tipe", "satuan", "keterangan", "description")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms the data may be used, and whom to ask; None where nobody said so."""

    licence: str | None = None
    contact: str | None = None


def finished(period: Window, zone: ZoneInfo, now: int) -> Window:
    """Return the days of a period that are over; an empty window where none is."""
    today = instant(now).astimezone(zone).date()
    midnight = microseconds(datetime(today.year, today.month, today.day, tzinfo=zone))
    return Window(period.start, max(period.start, min(period.end, midnight)))


def open_data(report: Report, terms: Terms) -> Iterator[tuple[str, bytes]]:
    """Yield the files of open data by their names; the same report gives the same bytes."""
    told = report_of_public(report)
    publication = _publication(told, terms)
    rows: Mapping[Table, Sequence[Row]] = {
        AVAILABILITY: list(_days(told.accounts)),
        OUTAGES: list(_outages(told)),
        WORK: list(_work(told.accounts)),
        CORRECTIONS: list(_corrections(told.accounts)),
    }
    about = {
        table: {**metadata(table, publication), "jumlah_baris": len(rows[table])}
        for table in TABLES
    }
    for table in TABLES:
        yield f"{table.name}.csv", csv_file([one.name for one in table.variables], rows[table])
        whole = {"metadata": about[table], "data": rows[table]}
        yield f"{table.name}.json", json_file(whole)
    yield from dictionary_files()
    yield "metadata.json", json_file([about[table] for table in TABLES])


def dictionary_files() -> Iterator[tuple[str, bytes]]:
    """Yield the data dictionary by the names of its files."""
    rows = [row for table in TABLES for row in dictionary(table)]
    yield "kamus-data.csv", csv_file(_DICTIONARY, rows)
    yield "kamus-data.json", json_file(rows)


def report_of_public(report: Report) -> Report:
    """Return the same report on nothing but public services and their outages."""
    services = public_services(account.service for account in report.accounts)
    names = {service.id for service in services}
    accounts = [account for account in report.accounts if account.service.id in names]
    incidents = [
        told for told in report.incidents if public_service_of(told.incident, services) is not None
    ]
    return replace(report, accounts=accounts, incidents=incidents)


def _publication(report: Report, terms: Terms) -> Publication:
    first, last = _first_and_last(report.scope)
    return Publication(
        publisher=report.wording.publisher,
        contact=terms.contact,
        licence=terms.licence,
        information_class=report.wording.information_class,
        first=first,
        last=last,
        zone=report.scope.zone,
        vantage=report.provenance.vantage,
        software=report.provenance.software,
    )


def _days(accounts: Sequence[Account]) -> Iterator[Row]:
    for account in accounts:
        for day in account.days:
            if day.in_hours is not None:
                hours = account.hours or ALWAYS
                yield _day(account, day, hours, day.in_hours, day.measured_in_hours)
            if day.figures is not None:
                yield _day(account, day, ALWAYS, day.figures, day.measured)


def _day(
    account: Account, day: DayAccount, hours: str, figures: Figures, measured: Figures | None
) -> Row:
    percent = number("availability", figures)
    return _service(account) | {
        "tanggal": day.date.isoformat(),
        "jam_layanan": hours,
        "ketersediaan_persen": None if percent is None else str(percent),
        "ketersediaan_tepat": exact(figures.availability),
        "sebelum_koreksi_tepat": None if measured is None else exact(measured.availability),
        "cakupan_tepat": exact(figures.coverage),
        "naik": figures.parts.up,
        "turun": figures.parts.down,
        "tidak_diketahui": figures.parts.unknown,
        "pemeliharaan": figures.parts.maintenance,
    }


def _service(account: Account) -> dict[str, str | int | bool | None]:
    service = account.service
    return {
        "layanan": service.id,
        "nama_layanan": plain(service.name),
        "penanggung_jawab": plain(service.owner),
    }


def _outages(report: Report) -> Iterator[Row]:
    accounts = {account.service.id: account for account in report.accounts}
    until = instant(report.scope.until)
    for told in report.incidents:
        one = told.incident
        if one.started_at < until:
            yield {"gangguan": one.id, **_service(accounts[one.service]), **_when(told, until)}


def _when(told: Told, until: datetime) -> Row:
    ended = told.incident.ended_at
    return {
        "mulai": _moment(told.incident.started_at),
        "selesai": None if ended is None or ended > until else _moment(ended),
        "dalam_pemeliharaan": bool(told.planned),
    }


def _work(accounts: Sequence[Account]) -> Iterator[Row]:
    for account in accounts:
        for occasion in account.work:
            yield {**_service(account), **_planned(occasion, account.carved)}


def _planned(occasion: Occasion, carved: Sequence[Window]) -> Row:
    record, times = occasion.record, occasion.occurrence
    return {
        "mulai": _moment(times.start),
        "selesai": _moment(times.end),
        "diketahui_sejak": _moment(record.added_at),
        "mengubah_angka": _counts(occasion, carved),
        "dibatalkan": None if record.cancelled is None else _moment(record.cancelled.at),
        "keterangan": plain(record.window.public_reason),
    }


def _counts(occasion: Occasion, carved: Sequence[Window]) -> bool:
    part = None if occasion.after_the_fact else occasion.counted
    if part is None:
        return False
    return bool(intersection([Window(microseconds(part.start), microseconds(part.end))], carved))


def _corrections(accounts: Sequence[Account]) -> Iterator[Row]:
    for account in accounts:
        for record in account.corrections:
            yield {**_service(account), **_corrected(record)}


def _corrected(record: CorrectionRecord) -> Row:
    made, withdrawn = record.correction, record.withdrawn
    return {
        "mulai": _moment(made.start),
        "selesai": _moment(made.end),
        "lingkup": "layanan" if made.check is None else "pemeriksaan",
        "keadaan": _STATES[made.status],
        "dicatat": _moment(made.at),
        "ditarik": None if withdrawn is None else _moment(withdrawn.at),
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _first_and_last(scope: Scope) -> tuple[date, date]:
    zone = ZoneInfo(scope.zone)
    first = instant(scope.period.start).astimezone(zone).date()
    return first, (instant(scope.until) - timedelta(microseconds=1)).astimezone(zone).date()


def csv_file(names: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Return a table as RFC 4180 has it, in UTF-8; no cell is a formula."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(names)
    lines.writerows([_cell(row[name]) for name in names] for row in rows)
    return text.getvalue().encode()


def _cell(value: str | int | bool | None) -> str:  # noqa: FBT001 - a cell is one of these
    return ("ya" if value else "tidak") if isinstance(value, bool) else harmless(value)


def json_file(value: Any) -> bytes:
    """Return JSON that people can read as well, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
