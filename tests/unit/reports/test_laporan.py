"""laporan.json: all that a report says, for programs and auditors."""

import hashlib
import json
from dataclasses import replace
from fractions import Fraction

import jsonschema
import pytest

from monitor.reports.form import schema
from monitor.reports.laporan import laporan
from monitor.reports.report import Wording
from tests.unit.reports.reports import a_report


def read(report):
    return json.loads(laporan(report).body)


@pytest.fixture(scope="module")
def whole():
    return a_report()


def test_a_report_is_as_its_schema_says(whole):
    """laporan.json is what its published schema says: full, and of nothing at all."""
    validator = jsonschema.Draft202012Validator(
        schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    empty = replace(whole, accounts=(), incidents=(), marks=(), applied=(), wording=Wording())

    validator.validate(read(whole))
    validator.validate(read(empty))


def test_the_schema_takes_nothing_else(whole):
    """What has a member that is not named, or lacks one, is no laporan.json."""
    validator = jsonschema.Draft202012Validator(schema())
    more, less = read(whole), read(whole)
    more["services"][0]["days"][0]["lebih"] = 1
    del less["services"][0]["figures"]["around_the_clock"]["outages"]

    assert not validator.is_valid(more)
    assert not validator.is_valid(less)


def test_days_sum_to_the_period(whole):
    """The microseconds of the days of each service are those of its period, exactly."""
    for service in read(whole)["services"]:
        for which in ("around_the_clock", "in_hours"):
            total = service["figures"][which]
            if total is None:
                continue
            days = [day[which] for day in service["days"]]
            for part, length in total["microseconds"].items():
                assert sum(day["microseconds"][part] for day in days) == length
            assert sum(day["received"] for day in days) == total["received"]


def test_shares_follow_from_the_times(whole):
    """Who reads the file can compute each share anew, and finds just what is written."""
    for service in read(whole)["services"]:
        for day in service["days"]:
            figures = day["around_the_clock"]
            up, down = figures["microseconds"]["up"], figures["microseconds"]["down"]
            assert Fraction(figures["availability"]["exact"]) == Fraction(up, up + down)


def test_one_file_reads_in_every_language(whole):
    """Each figure stands as it is printed in Indonesian and in English beside what it is."""
    [_, portal] = read(whole)["services"]

    found = portal["figures"]["around_the_clock"]["availability"]
    assert (found["id"], found["en"]) == ("98,888 %", "98.888%")
    assert portal["target"]["verdict_text"]["id"] == "tidak memenuhi"


def test_corrected_and_measured_figures_stand_side_by_side(whole):
    """Where a correction counts, what was measured is told as well; where none does, nothing is."""
    [tax, portal] = read(whole)["services"]

    corrected, measured = portal["figures"], portal["as_measured"]
    down = [each["around_the_clock"]["microseconds"]["down"] for each in (corrected, measured)]
    assert down == [30 * 60_000_000, 60 * 60_000_000]
    assert tax["as_measured"] is None
    assert [bool(each["withdrawn"]) for each in portal["corrections"]] == [False, True]


def test_what_people_write_of_an_incident_stands_with_it(whole):
    """Causes from report.yaml go with their incident, beside what was said while it lasted."""
    [incident] = read(whole)["incidents"]

    assert incident["cause"] == "Kabel putus"
    assert incident["notes"][0]["text"] == "-sedang dilihat"


def test_the_same_report_gives_the_same_bytes(whole):
    """Made twice it is the same to the byte, and so is its fingerprint: the SHA-256 of the file."""
    again = laporan(a_report()).body

    assert laporan(whole).body == again
    assert laporan(whole).fingerprint == hashlib.sha256(again).hexdigest()


def test_a_service_is_a_line(whole):
    """Services stand on a line each, so that a city's year can be read piece by piece."""
    lines = laporan(whole).body.splitlines()

    assert sum(line.startswith(b'{"service"') for line in lines) == len(whole.accounts)
