"""What a version of a report says otherwise than the one before it."""

import json
from copy import deepcopy
from dataclasses import replace

import pytest

from monitor.locales import Language
from monitor.reports.differences import differences
from monitor.reports.laporan import laporan
from monitor.reports.report import LedgerState, Wording
from monitor.reports.sections.vocabulary import FIGURES
from tests.unit.reports.reports import a_report

ORIGIN = "pantau/balaikota"


@pytest.fixture(scope="module")
def whole():
    return json.loads(laporan(a_report()).body)


def test_the_same_data_is_no_difference(whole):
    """When and by which software a report was made, and how far its ledger was, is no difference."""
    report = a_report()
    later = replace(
        report.provenance,
        software="2.0",
        configuration="ef" * 32,
        ledger=LedgerState(origin=ORIGIN, size=9, root="00" * 32),
    )
    again = replace(report, provenance=later, version=2, replaces="ab" * 32)

    assert differences(whole, json.loads(laporan(again).body)) == ()


def test_a_figure_is_told_with_both_values(whole):
    """A figure that changed is told as it was and is, exactly and in both languages."""
    after = deepcopy(whole)
    portal = next(each for each in after["services"] if each["service"] == "portal")
    figures = portal["figures"]["around_the_clock"]
    figures["microseconds"]["down"] += 60_000_000
    figures["availability"] |= {"exact": "1/2", "id": "50,000 %", "en": "50.000%"}

    share, length = differences(whole, after)

    assert (share.service, share.figure, share.hours) == (
        "portal",
        "availability",
        "around_the_clock",
    )
    assert (share.after.exact, share.after.words[Language.ID]) == ("1/2", "50,000 %")
    assert (length.figure, int(length.after.exact) - int(length.before.exact)) == (
        "down",
        60_000_000,
    )
    assert length.before.words[Language.ID] != length.after.words[Language.ID]


def test_corrections_stand_beside_what_they_changed(whole):
    """A figure names the corrections that came, or were withdrawn, since the version before."""
    before = deepcopy(whole)
    portal = next(each for each in before["services"] if each["service"] == "portal")
    portal["corrections"] = [each for each in portal["corrections"] if each["id"] != "k1"]
    [withdrawn] = portal["corrections"]
    withdrawn["withdrawn"] = None
    portal["figures"]["around_the_clock"]["outages"] += 1

    rows = differences(before, whole)

    assert {row.figure: set(row.corrections) for row in rows} == {
        "outages": {"k1", "k2"},
        "corrections": {"k1", "k2"},
    }


def test_services_that_came_or_went_are_told(whole):
    """A service that only one of two versions is about is told by its name."""
    after = deepcopy(whole)
    gone = after["services"].pop()

    [row] = differences(whole, after)
    [back] = differences(after, whole)

    assert (row.service, row.figure, row.before.exact, row.after) == (
        gone["service"],
        "service",
        gone["name"],
        None,
    )
    assert (back.before, back.after.exact) == (None, gone["name"])


def test_nothing_that_differs_is_left_out(whole):
    """Every part of laporan.json that says something else is told, and has a name in words."""
    circumstances = {"format", "version", "replaces", "provenance", "differences", "services"}
    for part in whole.keys() - circumstances:
        rows = differences(whole, whole | {part: ["other"]})
        assert [row.figure for row in rows] == [part]
        assert all(part in FIGURES[language] for language in Language)
    for part in whole["services"][0].keys() - {"service", "corrections", "figures", "target"}:
        after = deepcopy(whole)
        after["services"][0][part] = [{"other": 1}]
        [row] = differences(whole, after)
        assert all(row.figure in FIGURES[language] for language in Language)


def test_what_people_wrote_is_a_difference(whole):
    """A report with another number or signatory is another version."""
    after = json.loads(laporan(replace(a_report(), wording=Wording(number="7"))).body)

    assert "wording" in [row.figure for row in differences(whole, after)]
