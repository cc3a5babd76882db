"""The figures of several services, as the command line prints them."""

import csv
import io
import json
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from monitor.cli.availability_document import csv_text, document
from monitor.cli.availability_table import headings, notes, rows
from monitor.domain.availability import Figures, Parts
from monitor.domain.observation import UnknownCause
from monitor.domain.periods import month
from monitor.domain.service import Criticality, Service, ServiceId, Sla
from monitor.locales import Language
from monitor.reports.entries import Entry
from tests.payloads import PAYLOADS

ID, EN = Language.ID, Language.EN
WITA = ZoneInfo("Asia/Makassar")
JUNE = month("2026-06", WITA)
SECOND = 1_000_000


def entry(name="Portal", *, target="98.0", began=None, **parts):
    return Entry(
        began=began,
        service=Service(
            id=ServiceId("portal"),
            name=name,
            owner="diskominfo",
            criticality=Criticality.KRITIS,
            sla=Sla(target=Fraction(target) / 100, basis="SK 12/2026") if target else None,
        ),
        figures=Figures(
            parts=Parts(**parts or DAY),
            outages=2 if (parts or DAY).get("down") else 0,
            interval=60 * SECOND,
            expected=1_440,
            received=1_381,
            unknown_by_cause={UnknownCause.NO_DATA: 3_450 * SECOND},
        ),
    )


DAY = {
    "up": 77_970 * SECOND,
    "down": 1_380 * SECOND,
    "unknown": 3_450 * SECOND,
    "bridged": 90 * SECOND,
    "up_in_maintenance": 1_800 * SECOND,
    "down_in_maintenance": 1_800 * SECOND,
}


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            ID,
            {
                "Layanan": "Portal",
                "Ketersediaan": "98,260 %",
                "Batas bawah": "94,166 %",
                "Batas atas": "98,334 %",
                "Kotor": "96,166 %",
                "Cakupan": "95,833 %",
                "Waktu henti": "23 menit",
                "Tidak diketahui": "57 menit 30 detik",
                "Pemeliharaan": "1 jam",
                "Gangguan": "2",
                "Rerata antar-gangguan": "10 jam 49 menit 45 detik",
                "Rerata pemulihan": "11 menit 30 detik",
                "Sasaran": "98,0 %",
                "Putusan": "tidak dapat disimpulkan",
            },
        ),
        (
            EN,
            {
                "Service": "Portal",
                "Availability": "98.260%",
                "Lower bound": "94.166%",
                "Upper bound": "98.334%",
                "Gross": "96.166%",
                "Coverage": "95.833%",
                "Downtime": "23 minutes",
                "Unknown": "57 minutes 30 seconds",
                "Maintenance": "1 hour",
                "Outages": "2",
                "MTBF": "10 hours 49 minutes 45 seconds",
                "MTTR": "11 minutes 30 seconds",
                "Target": "98.0%",
                "Verdict": "inconclusive",
            },
        ),
    ],
)
def test_a_row(language, expected):
    """A row has a text for each heading, in the language of its reader."""
    assert dict(zip(headings(language), rows([entry()], language)[0], strict=True)) == expected


def test_a_service_without_a_target():
    """Without a target there is no verdict."""
    assert rows([entry(target=None)], ID)[0][2:4] == ("–", "–")


def test_notes_say_the_policy():
    """Below the table stands how the figures were made."""
    assert notes([entry()], JUNE, WITA, ID) == [
        "Satu sampel berlaku paling lama 2,5 selang pemeriksaan; selebihnya tidak diketahui.",
        "Ketersediaan dan batas bawah dibulatkan ke bawah, batas atas ke atas.",
        "Di bawah cakupan 95,0 % tidak ada yang disimpulkan.",
    ]


def test_notes_of_a_group():
    """A group has a minimum and a mean by time, labelled with its formula."""
    group = [entry(up=900 * SECOND, down=100 * SECOND), entry(up=10 * SECOND)]

    assert notes(group, JUNE, WITA, EN)[:2] == [
        "Lowest: 90.000% (Portal)",
        "Mean by time, ΣU / Σ(U + D): 90.099%",
    ]


LITTLE = {"up": 10 * SECOND, "unknown": 90 * SECOND}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            ID,
            (
                "Pemantauan dimulai di dalam periode; waktu sebelumnya tidak diketahui: "
                "Portal (Selasa, 2 Juni 2026, 00.00 WITA)"
            ),
        ),
        (
            EN,
            (
                "Watching began inside the period, and the time before is unknown: "
                "Portal (Tuesday, 2 June 2026, 00:00 WITA)"
            ),
        ),
    ],
)
def test_notes_of_a_newcomer(language, said):
    """A coverage that is low because watching began inside the period is explained, once."""
    began = JUNE.start + 86_400 * SECOND

    assert notes([entry(began=began, **LITTLE)], JUNE, WITA, language)[-1] == said


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ([entry("A", began=JUNE.end, unknown=SECOND)], ": A (no sample yet)"),
        (
            [entry(name, began=JUNE.end, **LITTLE) for name in "ABCDE"],
            ": A (no sample yet); B (no sample yet); C (no sample yet); +2",
        ),
    ],
)
def test_notes_of_newcomers_stay_one_line(group, said):
    """Who was never seen is told as well, and only a few are named."""
    assert notes(group, JUNE, WITA, EN)[-1].endswith(said)


@pytest.mark.parametrize(
    "one", [entry(**LITTLE), entry(began=JUNE.start + SECOND, up=99 * SECOND, unknown=SECOND)]
)
def test_notes_explain_nothing_else(one):
    """A low coverage that has another reason, or one that is high, gets no such note."""
    assert "inside the period" not in "".join(notes([one], JUNE, WITA, EN))


def test_csv():
    """CSV carries exact fractions, whole seconds, microseconds, and the policy in each line."""
    line = next(csv.DictReader(io.StringIO(csv_text([entry()], JUNE, ID))))

    assert line["from"] == "2026-05-31T16:00:00Z"
    assert (line["availability"], line["availability_exact"]) == ("98,260 %", "113/115")
    assert (line["down_seconds"], line["down_microseconds"]) == ("1380", "1380000000")
    assert (line["mtbf_seconds"], line["verdict"]) == ("38985/1", "inconclusive")
    assert (line["hold_factor"], line["minimum_coverage"]) == ("5/2", "19/20")
    assert "upper up" in line["rounding"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(name):
    """A name that a spreadsheet would run as a formula gets an apostrophe."""
    line = next(csv.DictReader(io.StringIO(csv_text([entry(name)], JUNE, ID), newline="")))

    assert line["name"] == f"'{name}"


def test_csv_is_read_as_it_was_meant():
    """Whatever a service is called, a line of CSV has all its cells, and none of them is run."""
    names = [text[:2000] for text in PAYLOADS]
    text = csv_text([entry(name) for name in names], JUNE, ID)
    read = list(csv.DictReader(io.StringIO(text, newline="")))

    cells = [cell for line in read for cell in line.values()]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    assert [line["name"].removeprefix("'") for line in read] == [
        name.removeprefix("'") for name in names
    ]
    assert {line["service"] for line in read} == {"portal"}


def test_csv_of_nothing():
    """Without services the CSV still has its heading."""
    assert csv_text([], JUNE, ID).startswith("service,name,owner,from,until,availability,")


def test_seconds_of_a_line_sum():
    """Whole seconds in a line sum to the whole period, whatever the microseconds were."""
    odd = entry(up=1_400_000, down=1_300_000, unknown=1_300_000)
    line = next(csv.DictReader(io.StringIO(csv_text([odd], JUNE, ID))))
    times = [int(line[f"{name}_seconds"]) for name in ("up", "down", "unknown", "maintenance")]

    assert sum(times) == int(line["total_seconds"]) == 4


def test_document():
    """JSON carries the exact fraction beside the text, and integers for time."""
    text = json.dumps(document([entry()], JUNE, WITA, ID), ensure_ascii=False)
    made = json.loads(text)
    service = made["services"][0]

    assert made["period"]["from_text"] == "Senin, 1 Juni 2026, 00.00 WITA"
    assert made["policy"]["hold_factor"] == "5/2"
    assert service["availability"] == {"exact": "113/115", "text": "98,260 %"}
    assert service["resolution"]["low"] == "519/529"
    assert service["resolution"]["high"] == "2603/2645"
    assert service["seconds"]["total"] == 86_400
    assert service["microseconds"]["bridged"] == 90_000_000
    assert service["target"] == {
        "exact": "49/50",
        "text": "98,0 %",
        "basis": "SK 12/2026",
        "hours": "24x7",
    }
    assert service["mttr_seconds"] == {"exact": "690/1", "text": "11 menit 30 detik"}
    assert service["unknown_by_cause_microseconds"] == {"no_data": 3_450_000_000}
    assert made["group"]["lowest"]["text"] == "98,260 %"


def test_document_holds_no_float():
    """No figure in the JSON is a float."""

    def refuse(text):
        raise AssertionError(text)

    json.loads(json.dumps(document([entry()], JUNE, WITA, EN)), parse_float=refuse)


def test_document_without_an_outage():
    """Without an outage the mean times are null, and read as no incident."""
    clean = document([entry(up=SECOND)], JUNE, WITA, ID)["services"][0]

    assert clean["mtbf_seconds"] == {"exact": None, "text": "tidak ada gangguan"}
    assert clean["availability"]["text"] == "100,000 %"


def test_document_of_nothing():
    """Without services there is no group figure."""
    assert document([], JUNE, WITA, ID)["group"]["lowest"] == {
        "exact": None,
        "text": "tidak terukur",
    }
