"""Open data: the days and outages of public services, with what Satu Data Indonesia asks for.

Presidential Regulation 39/2019 asks for data that meet a standard, have metadata, and can be used
by other programs. Nothing here names a check, a host, or a reason.
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
from monitor.domain.check import Affects
from monitor.domain.incident import Concern
from monitor.domain.instant import instant, microseconds
from monitor.domain.service import ALWAYS
from monitor.domain.windows import Window
from monitor.reports.exactly import exact, harmless, number
from monitor.reports.report import Account, DayAccount, Report, Scope, Told

Row = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Variable:
    """A column: its name, what it holds, its type and unit, and what it says."""

    name: str
    kind: str
    unit: str
    id: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """A table of open data; `name` is that of its files."""

    name: str
    title: str
    variables: Sequence[Variable]
    rows: Sequence[Row]


_SERVICE = (
    Variable("layanan", "teks", "", "Tanda pengenal layanan", "Identifier of the service"),
    Variable("nama_layanan", "teks", "", "Nama layanan", "Name of the service"),
    Variable("penanggung_jawab", "teks", "", "Perangkat daerah yang bertanggung jawab", "Owner"),
)
_DAYS = (
    *_SERVICE,
    Variable("tanggal", "tanggal", "", "Hari menurut zona waktu data", "Day in the data's zone"),
    Variable(
        "jam_layanan",
        "teks",
        "",
        "24x7, atau nama kalender jam layanan yang dijanjikan",
        "24x7, or the calendar of the promised hours",
    ),
    Variable(
        "ketersediaan_persen",
        "angka",
        "%",
        "Waktu naik dibagi waktu naik dan turun, dibulatkan ke bawah; kosong bila tiga desimal "
        "menyatakan lebih dari yang terukur",
        "Up over up and down, rounded down; empty where three decimals say too much",
    ),
    Variable(
        "ketersediaan_tepat",
        "pecahan",
        "",
        "Nilai yang sama sebagai pecahan tepat; kosong bila tidak ada yang terukur",
        "The same as an exact fraction; empty where nothing was measured",
    ),
    Variable(
        "cakupan_tepat",
        "pecahan",
        "",
        "Bagian waktu yang diketahui keadaannya",
        "Share of time of which the state is known",
    ),
    Variable("naik", "bilangan bulat", "mikrodetik", "Lama layanan naik", "Time up"),
    Variable("turun", "bilangan bulat", "mikrodetik", "Lama layanan turun", "Time down"),
    Variable(
        "tidak_diketahui",
        "bilangan bulat",
        "mikrodetik",
        "Lama keadaan tidak diketahui; tidak dihitung naik maupun turun",
        "Time unknown; counted neither as up nor as down",
    ),
    Variable(
        "pemeliharaan",
        "bilangan bulat",
        "mikrodetik",
        "Lama pemeliharaan terencana; di luar ketersediaan",
        "Time in planned maintenance; outside availability",
    ),
)
_OUTAGES = (
    Variable("gangguan", "teks", "", "Tanda pengenal gangguan", "Identifier of the outage"),
    *_SERVICE,
    Variable("mulai", "waktu", "UTC", "Kegagalan pertama", "First failure"),
    Variable(
        "selesai",
        "waktu",
        "UTC",
        "Keberhasilan pertama sesudahnya; kosong bila belum selesai pada akhir data",
        "First success after it; empty where not over by the end of the data",
    ),
    Variable(
        "dalam_pemeliharaan",
        "ya/tidak",
        "",
        "Apakah terjadi selama pemeliharaan terencana",
        "Whether it happened during planned maintenance",
    ),
)


def finished(period: Window, zone: ZoneInfo, now: int) -> Window:
    """Return the days of a period that are over; an empty window where none is."""
    today = instant(now).astimezone(zone).date()
    midnight = microseconds(datetime(today.year, today.month, today.day, tzinfo=zone))
    return Window(period.start, max(period.start, min(period.end, midnight)))


def open_data(report: Report, licence: str | None) -> Iterator[tuple[str, bytes]]:
    """Yield the files of open data by their names; the same report gives the same bytes."""
    told = report_of_public(report)
    sets = (
        DataSet(
            name="ketersediaan",
            title="Ketersediaan harian layanan digital",
            variables=_DAYS,
            rows=list(_days(told.accounts)),
        ),
        DataSet(
            name="gangguan",
            title="Gangguan layanan digital",
            variables=_OUTAGES,
            rows=list(_outages(told)),
        ),
    )
    for one in sets:
        yield f"{one.name}.csv", _csv([each.name for each in one.variables], one.rows)
        yield (
            f"{one.name}.json",
            _json({"metadata": _metadata(told, one, licence), "data": one.rows}),
        )
    yield "kamus-data.csv", _csv(_DICTIONARY, [row for one in sets for row in _dictionary(one)])
    yield "metadata.json", _json([_metadata(told, one, licence) for one in sets])


def report_of_public(report: Report) -> Report:
    """Return the same report on nothing but public services."""
    accounts = [account for account in report.accounts if account.service.public]
    names = {account.service.id for account in accounts}
    incidents = [told for told in report.incidents if told.incident.service in names]
    return replace(report, accounts=accounts, incidents=incidents)


def _days(accounts: Sequence[Account]) -> Iterator[Row]:
    for account in accounts:
        for day in account.days:
            if day.in_hours is not None:
                yield _day(account, day, account.hours or ALWAYS, day.in_hours)
            if day.figures is not None:
                yield _day(account, day, ALWAYS, day.figures)


def _day(account: Account, day: DayAccount, hours: str, figures: Figures) -> Row:
    percent = number("availability", figures)
    return _service(account) | {
        "tanggal": day.date.isoformat(),
        "jam_layanan": hours,
        "ketersediaan_persen": None if percent is None else str(percent),
        "ketersediaan_tepat": exact(figures.availability),
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
        "nama_layanan": service.name,
        "penanggung_jawab": service.owner,
    }


def _outages(report: Report) -> Iterator[Row]:
    accounts = {account.service.id: account for account in report.accounts}
    until = instant(report.scope.until)
    for told in report.incidents:
        one = told.incident
        is_outage = one.affects is Affects.AVAILABILITY and one.concern is Concern.OUTAGE
        if is_outage and one.started_at < until:
            yield {"gangguan": one.id, **_service(accounts[one.service]), **_when(told, until)}


def _when(told: Told, until: datetime) -> Row:
    ended = told.incident.ended_at
    return {
        "mulai": _moment(told.incident.started_at),
        "selesai": None if ended is None or ended > until else _moment(ended),
        "dalam_pemeliharaan": bool(told.planned),
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _metadata(report: Report, one: DataSet, licence: str | None) -> dict[str, Any]:
    first, last = _first_and_last(report.scope)
    return {
        "judul": one.title,
        "produsen_data": report.wording.publisher,
        "periode": {"dari": first.isoformat(), "sampai": last.isoformat()},
        "zona_waktu": report.scope.zone,
        "frekuensi": "harian",
        "lisensi": licence,
        "klasifikasi": report.wording.information_class,
        "metode": "Dihitung dari sampel pemeriksaan berkala; waktu yang tidak diamati tidak "
        "dihitung sebagai naik.",
        "titik_pantau": report.provenance.vantage,
        "perangkat_lunak": f"Pantau {report.provenance.software}",
        "berkas": [f"{one.name}.csv", f"{one.name}.json"],
        "jumlah_baris": len(one.rows),
        "variabel": [
            {"nama": each.name, "tipe": each.kind, "satuan": each.unit or None}
            | {"keterangan": each.id, "description": each.en}
            for each in one.variables
        ],
    }


def _first_and_last(scope: Scope) -> tuple[date, date]:
    zone = ZoneInfo(scope.zone)
    first = instant(scope.period.start).astimezone(zone).date()
    return first, (instant(scope.until) - timedelta(microseconds=1)).astimezone(zone).date()


_DICTIONARY = ("berkas", "variabel", "tipe", "satuan", "keterangan", "description")


def _dictionary(one: DataSet) -> Iterator[Row]:
    for each in one.variables:
        cells = (one.name, each.name, each.kind, each.unit, each.id, each.en)
        yield dict(zip(_DICTIONARY, cells, strict=True))


def _csv(names: Sequence[str], rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(names)
    lines.writerows([_cell(row[name]) for name in names] for row in rows)
    return text.getvalue().encode()


def _cell(value: str | int | bool | None) -> str:  # noqa: FBT001 - a cell is one of these
    return ("ya" if value else "tidak") if isinstance(value, bool) else harmless(value)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
