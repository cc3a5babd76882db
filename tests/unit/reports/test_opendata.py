"""Open data: what is public of public services, and nothing else."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.instant import instant, microseconds
from monitor.domain.windows import Window
from monitor.reports.opendata import Terms, finished, open_data
from tests.unit.reports.reports import PERIOD, START, ZONE, a_report

WITA = ZoneInfo(ZONE)
DAY = timedelta(days=1)
TABLES = ("ketersediaan", "gangguan", "pemeliharaan", "koreksi")


def published(*public, **changes):
    """Return the files of open data where only these services are public."""
    made = a_report(**changes)
    accounts = [
        replace(each, service=replace(each.service, public=each.service.id in public))
        for each in made.accounts
    ]
    return dict(open_data(replace(made, accounts=accounts), Terms(licence="CC-BY-4.0")))


def rows(files, name):
    return list(csv.DictReader(io.StringIO(files[f"{name}.csv"].decode())))


def test_days_are_those_of_the_report():
    """Each day of a public service has a line by each of its hours, as exact as the report."""
    files = published("portal", "pajak")
    found = rows(files, "ketersediaan")
    made = a_report()
    portal = next(each for each in made.accounts if each.service.id == "portal")

    around = [row for row in found if row["layanan"] == "portal" and row["jam_layanan"] == "24x7"]
    assert [row["tanggal"] for row in around] == ["2025-06-02", "2025-06-03"]
    assert sum(int(row["turun"]) for row in around) == portal.always.parts.down
    shares = [Fraction(row["ketersediaan_tepat"]) for row in around]
    assert shares == [day.figures.availability for day in portal.days]
    assert {row["jam_layanan"] for row in found} == {"24x7", "kantor"}


@pytest.mark.parametrize("public", [(), ("pajak",)])
def test_nothing_of_a_service_that_is_not_public(public):
    """Of a service that is not public there is no name, no day and no outage."""
    for name, body in published(*public).items():
        assert b"portal" not in body, name
        assert b"gangguan-1" not in body, name


def test_no_check_host_or_reason():
    """No file names a check, what failed, what somebody wrote of it, or why work was planned."""
    for body in published("portal", "pajak").values():
        for secret in (b"portal-web", b"503", b"dilihat", b"Pembaruan", b"Kabel", b"Rina"):
            assert secret not in body


def test_planned_work_as_the_report_has_it():
    """Each time of planned work stands with since when it is on record and whether it changes
    figures; of what is said of it only what is meant for the public.
    """
    made = a_report()
    portal = next(each for each in made.accounts if each.service.id == "portal")
    found = rows(published("portal"), "pemeliharaan")

    assert [(row["mulai"], row["selesai"]) for row in found] == [
        (z(each.occurrence.start), z(each.occurrence.end)) for each in portal.work
    ]
    assert [row["mengubah_angka"] for row in found] == ["ya"] * len(portal.work)
    assert {row["keterangan"] for row in found} == {""}
    assert [row["dibatalkan"] for row in found].count("") == 1


def test_work_put_down_later_changes_no_figure():
    """Work that was put down after it began is told, and told to change nothing."""
    portal = next(each for each in a_report().accounts if each.service.id == "portal")
    later = [
        replace(each, record=replace(each.record, added_at=each.occurrence.end))
        for each in portal.work
    ]
    account = replace(portal, work=later, carved=())
    found = rows(published("portal", accounts=[account]), "pemeliharaan")

    assert {row["mengubah_angka"] for row in found} == {"tidak"}


def test_corrections_as_the_report_has_them():
    """Each correction stands with its time and what it says, also one that was withdrawn."""
    found = rows(published("portal"), "koreksi")

    assert [(row["keadaan"], row["lingkup"], row["ditarik"]) for row in found] == [
        ("tidak_diketahui", "pemeriksaan", ""),
        ("tidak_diketahui", "pemeriksaan", z(START + timedelta(hours=52))),
    ]


def test_what_was_measured_stands_beside_what_was_corrected():
    """Where a correction counts, the availability before it stands beside the one with it."""
    second = [
        row
        for row in rows(published("portal"), "ketersediaan")
        if row["tanggal"] == "2025-06-03" and row["jam_layanan"] == "24x7"
    ]

    # Half an hour down, of which the correction says that nobody could know.
    assert [row["ketersediaan_tepat"] for row in second] == ["1/1"]
    assert [row["sebelum_koreksi_tepat"] for row in second] == ["47/48"]


def test_nothing_measured_apart_without_a_correction():
    """Without a correction there is nothing beside the figure."""
    found = rows(published("pajak"), "ketersediaan")

    assert {row["sebelum_koreksi_tepat"] for row in found} == {""}


def z(at):
    return at.isoformat().replace("+00:00", "Z")


def test_outage_with_its_end():
    """An outage stands with its beginning and its end, in UTC."""
    [row] = rows(published("portal"), "gangguan")
    assert row["mulai"] == (START + timedelta(hours=10)).isoformat().replace("+00:00", "Z")
    assert row["selesai"] == (START + timedelta(hours=10.5)).isoformat().replace("+00:00", "Z")
    assert row["dalam_pemeliharaan"] == "tidak"


def test_end_after_the_data_is_not_told():
    """What ended after the last day is not over by then, so the same days give the same data."""
    [told] = a_report().incidents
    later = replace(told, incident=replace(told.incident, ended_at=instant(PERIOD.end) + DAY))
    [row] = rows(published("portal", incidents=[later]), "gangguan")
    assert row["selesai"] == ""


def test_day_that_is_not_known_has_no_line():
    """A day of which nothing was known yet has no line, and counts as nothing."""
    portal = a_report().accounts[0]
    unknown = replace(portal.days[1], figures=None, in_hours=None)
    known = replace(portal, days=[portal.days[0], unknown])
    found = rows(published(portal.service.id, accounts=[known]), "ketersediaan")
    assert {row["tanggal"] for row in found} == {"2025-06-02"}


def test_json_says_what_csv_says():
    """JSON holds the same rows, with the metadata."""
    files = published("portal", "pajak")
    for name in TABLES:
        whole = json.loads(files[f"{name}.json"])
        told = [{key: text(value) for key, value in row.items()} for row in whole["data"]]
        held = [
            {key: value.removeprefix("'") for key, value in row.items()}
            for row in rows(files, name)
        ]
        assert told == held
        assert whole["metadata"]["jumlah_baris"] == len(held)


def text(value):
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    return "" if value is None else str(value)


def test_no_spreadsheet_computes_a_name():
    """A name that a spreadsheet would compute begins with an apostrophe."""
    names = {row["nama_layanan"] for row in rows(published("pajak"), "ketersediaan")}
    assert names == {"'=Pajak"}


def test_every_variable_is_explained():
    """The dictionary and the metadata explain every column of every table, in two languages."""
    files = published("portal")
    explained = rows(files, "kamus-data")
    for name in TABLES:
        columns = files[f"{name}.csv"].decode().splitlines()[0].split(",")
        assert [row["variabel"] for row in explained if row["berkas"] == name] == columns
    assert all(row["keterangan"] and row["description"] for row in explained)


def test_metadata_says_who_when_and_on_which_terms():
    """Metadata name title, producer, period, licence and software."""
    days, outages, *_ = json.loads(published("portal")["metadata.json"])
    assert days["judul"] == "Ketersediaan harian layanan digital"
    assert days["produsen_data"] == "Dinas Komunikasi dan Informatika"
    assert days["periode"] == {"dari": "2025-06-02", "sampai": "2025-06-03"}
    assert (days["lisensi"], days["zona_waktu"]) == ("CC-BY-4.0", ZONE)
    assert outages["berkas"] == ["gangguan.csv", "gangguan.json"]


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (START + 1.5 * DAY, START + DAY),
        (START + DAY, START + DAY),
        (START + timedelta(hours=23), START),
        (START + 40 * DAY, START + 2 * DAY),
    ],
)
def test_only_days_that_are_over(now, end):
    """A day is in the data once it is over in the zone."""
    days = finished(PERIOD, WITA, microseconds(now))
    assert days == Window(PERIOD.start, microseconds(end))
