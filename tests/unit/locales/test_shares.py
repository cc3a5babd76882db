"""Figures as people read them: rounded so that none looks better than it is."""

from dataclasses import replace

import pytest

from monitor.domain.availability import Figures, Parts, Verdict
from monitor.locales import Language
from monitor.locales.shares import (
    VERDICTS,
    coverage_text,
    gross_text,
    headline,
    lower_text,
    mtbf_text,
    mttr_text,
    resolution_text,
    upper_text,
)

ID, EN = Language.ID, Language.EN
SECOND = 1_000_000


def some(*, outages=0, **parts):
    return Figures(parts=Parts(**parts), outages=outages, interval=60 * SECOND)


DAY = some(
    up=77_970 * SECOND,
    down=1_380 * SECOND,
    unknown=3_450 * SECOND,
    up_in_maintenance=1_800 * SECOND,
    down_in_maintenance=1_800 * SECOND,
    outages=2,
)


@pytest.mark.parametrize(
    ("text", "indonesian", "english"),
    [
        (headline, "98,260 %", "98.260%"),
        (lower_text, "94,166 %", "94.166%"),
        (upper_text, "98,334 %", "98.334%"),
        (gross_text, "96,166 %", "96.166%"),
        (coverage_text, "95,833 %", "95.833%"),
        (resolution_text, "98,109 % – 98,413 %", "98.109% – 98.413%"),
    ],
)
def test_the_figures_of_a_day(text, indonesian, english):
    """The headline and the lower bound are rounded down, the upper bound is rounded up."""
    assert text(DAY, ID) == indonesian
    assert text(DAY, EN) == english


def test_a_hundred_is_a_hundred():
    """100,000 is printed only without any downtime and without any unknown time."""
    clean = some(up=1_000)

    assert {text(clean, ID) for text in (headline, lower_text, upper_text, gross_text)} == {
        "100,000 %"
    }


def test_no_downtime_but_unknown_time():
    """Without downtime but with unknown time the headline is no number."""
    blind = some(up=1_000, unknown=1)

    assert headline(blind, ID) == "tidak ada waktu henti terukur"
    assert headline(blind, EN) == "no downtime measured"
    assert gross_text(blind, ID) == "tidak ada waktu henti terukur"
    assert lower_text(blind, ID) == "99,900 %"
    assert upper_text(blind, ID) == "≤100,000 %"


def test_an_upper_bound_with_downtime():
    """With downtime an upper bound that would round to 100 stays below it."""
    assert upper_text(some(up=10_000_000, down=1), ID) == "<100,000 %"
    assert headline(some(up=9_999_951, down=49), ID) == "99,999 %"


def test_unknown_time_in_maintenance_is_seen_by_the_gross_figure():
    """The gross figure counts maintenance, so what was unknown there keeps it from 100,000."""
    hidden = some(up=1_000, unknown_in_maintenance=1)

    assert headline(hidden, ID) == "100,000 %"
    assert gross_text(hidden, ID) == "tidak ada waktu henti terukur"


def test_nothing_measured():
    """Where nothing was seen every figure says so."""
    assert headline(some(), ID) == "tidak terukur"
    assert upper_text(some(), EN) == "not measured"
    assert resolution_text(some(), ID) == "tidak terukur"


def test_mean_times():
    """Mean times read as durations; without an outage there is none, and never infinity."""
    assert mtbf_text(DAY, ID) == "10 jam 49 menit 45 detik"
    assert mttr_text(DAY, EN) == "11 minutes 30 seconds"
    assert mtbf_text(some(up=5), ID) == "tidak ada gangguan"
    assert mttr_text(some(up=5), EN) == "no incident"
    assert mttr_text(replace(some(up=5, down=7_500_000), outages=2), ID) == "3 detik"


def test_no_mean_time_of_what_was_not_measured():
    """Where nobody looked no report says that nothing happened."""
    assert mtbf_text(some(unknown=5), ID) == "tidak terukur"
    assert mttr_text(some(), EN) == "not measured"
    assert mtbf_text(some(up=5, unknown=1), ID) == "tidak ada gangguan terukur"
    assert mttr_text(some(up=5, unknown=1), EN) == "no incident measured"


def test_every_verdict_has_words():
    """The verdict reads met, missed or inconclusive, in both languages."""
    assert VERDICTS[ID][Verdict.MET] == "memenuhi"
    assert VERDICTS[ID][Verdict.MISSED] == "tidak memenuhi"
    assert VERDICTS[ID][Verdict.INCONCLUSIVE] == "tidak dapat disimpulkan"
    assert all(set(VERDICTS[language]) == set(Verdict) for language in Language)
