"""What a report says in words, section by section."""

import re
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest

from monitor.domain.availability import Parts
from monitor.domain.check import CheckId
from monitor.domain.incident import Concern
from monitor.domain.instant import instant
from monitor.locales import Language
from monitor.reports.charts import DayMark
from monitor.reports.document import Blank, Document, Points, Section, Signatures, Table
from monitor.reports.report import Applied, DayAccount, Retired, Wording
from monitor.reports.sections.days import day_mark
from monitor.reports.worded import worded
from tests.unit.reports.builders import (
    HOUR,
    JUNE,
    MINUTE,
    VECTOR_DAY,
    WORDING,
    city,
    correction,
    day_figures,
    marks,
    occasion,
    outage,
    report,
    scope,
    vector,
)

HASH = "0f" * 32
CITY = city(30, scope(*JUNE))
SECTIONS = [
    *("summary", "basis", "scope", "method", "results", "days", "incidents", "maintenance"),
    *("completeness", "changes", "certificates", "follow-up", "glossary", "approval"),
    "attachments",
]


def sections(document: Document) -> dict[str, Section]:
    """Return all sections and their parts by id."""
    found, left = {}, list(document.sections)
    while left:
        one = left.pop(0)
        found[one.id] = one
        left += one.parts
    return found


def strings(value) -> list[str]:
    """Return every text in a document or a part of it, alternative texts too."""
    if isinstance(value, str):
        return [value]
    if hasattr(value, "__dataclass_fields__"):
        return [
            text
            for name in value.__dataclass_fields__
            if name not in ("svg", "id")
            for text in strings(getattr(value, name))
        ]
    if isinstance(value, (list, tuple)):
        return [text for each in value for text in strings(each)]
    return []


def said(value) -> str:
    return "\n".join(strings(value))


def table(section: Section, place: int = 0) -> Table:
    return [each for each in section.blocks if isinstance(each, Table)][place]


@pytest.mark.parametrize("language", Language)
def test_all_sections_in_the_order_in_which_an_auditor_asks(language):
    """A report has all its sections, also where there is nothing to say in them."""
    for made in (CITY, report([], scope(*JUNE), wording=Wording())):
        document = worded(made, language, HASH)
        assert [each.id for each in document.sections] == SECTIONS
        titles = [each.title for each in document.sections[:-1]]
        assert [int(title.partition(".")[0]) for title in titles] == list(range(1, 15))


def shape(value):
    """Return a document without its words."""
    if hasattr(value, "__dataclass_fields__"):
        return type(value).__name__, [
            shape(getattr(value, name)) for name in value.__dataclass_fields__
        ]
    if isinstance(value, (list, tuple)):
        return [shape(each) for each in value]
    return value if isinstance(value, (bool, int)) else type(value).__name__


@pytest.mark.parametrize("made", [CITY, report([], scope(*JUNE)), vector()])
def test_both_languages_say_the_same(made):
    """What is told in one language is told in the other, block by block."""
    documents = [worded(made, language, HASH) for language in Language]
    assert shape(documents[0]) == shape(documents[1])


@pytest.mark.parametrize("language", Language)
def test_no_text_is_left_to_be_formatted(language):
    """Every place in a text has been filled in."""
    assert re.findall(r"\{\w*\}", said(worded(CITY, language, HASH))) == []


def test_tables_are_whole():
    """Each row has a cell for each column, and each section its own id."""
    found = sections(worded(CITY, Language.ID))
    tables = [one for each in found.values() for one in each.blocks if isinstance(one, Table)]
    assert len(tables) > 20
    for one in tables:
        assert {len(row) for row in one.rows} <= {len(one.columns)}
        assert one.nothing


def test_the_figures_of_the_vector():
    """The figures are those of the test vector, rounded so that none looks better than it is."""
    results = sections(worded(vector(), Language.ID))["figures"]
    shares, times = table(results).rows[0], table(results, 1).rows[0]
    assert shares[2:] == (
        *("98,260 %", "94,166 %", "98,334 %", "96,166 %", "95,833 %"),
        *("98,0 %", "tidak dapat disimpulkan"),
    )
    assert times[2:6] == ("21 jam 39 menit 30 detik", "23 menit", "57 menit 30 detik", "1 jam")
    assert times[8:11] == ("2", "10 jam 49 menit 45 detik", "11 menit 30 detik")
    assert times[11] == "98,109 % – 98,413 %"


def test_the_hours_that_were_promised_decide():
    """A verdict goes by the promised hours; figures around the clock stand beside, without one."""
    kept = day_figures(Parts(up=8 * HOUR), 8 * HOUR)
    days = [DayAccount(date=VECTOR_DAY, figures=vector().accounts[0].always, in_hours=kept)]
    made = vector(hours="jam-kerja", in_hours=kept, days=days)
    found = sections(worded(made, Language.ID))
    promised, always = table(found["figures"]).rows
    assert (promised[1], promised[2], promised[8]) == ("jam-kerja", "100,000 %", "memenuhi")
    assert (always[1], always[2], always[7:]) == ("24×7", "98,260 %", ("–", "–"))
    assert table(found["daily"]).rows[0][1] == "100,000 %"
    assert table(found["summary"]).rows[0][3:5] == ("100,000 %", "memenuhi")


def test_nothing_reads_as_perfect_that_is_not():
    """100,000 % stands only where nothing was down and nothing unknown."""
    asked = scope(*JUNE)
    length = asked.period.length
    clear, unseen = Parts(up=length), Parts(up=length - MINUTE, unknown=MINUTE)
    for parts, is_perfect in ((clear, True), (unseen, False)):
        found = replace(CITY.accounts[0], always=day_figures(parts, length), measured=None)
        made = worded(report([found], asked), Language.ID)
        cells = table(sections(made)["figures"]).rows[0]
        assert (cells[2] == "100,000 %") is is_perfect


def test_verdicts_are_counted_and_the_mean_is_by_time():
    """The statement counts verdicts; a mean is labelled as one by time, and no other is there."""
    summary = said(sections(worded(CITY, Language.ID))["summary"])
    counts = [int(n) for n in re.findall(r"(\d+)", summary.splitlines()[1])]
    assert counts[0] == sum(counts[1:4]) < 30
    assert "Rerata menurut waktu, ΣU / Σ(U + D)" in summary


def test_a_period_that_is_not_over_says_so():
    """A provisional report says so on its title page and in its summary."""
    asked = scope(*JUNE)
    part = scope(*JUNE, known=asked.period.start + 24 * HOUR)
    made = worded(city(2, part), Language.ID)
    assert "periode belum selesai" in said(made.facts)
    assert "masih dapat berubah" in said(sections(made)["summary"])
    assert "belum selesai" not in said(worded(city(2, asked), Language.ID).facts)


def blanks(made):
    """Return the sections that ask a person to write something."""
    return [
        name
        for name, one in sections(worded(made, Language.ID)).items()
        for each in one.blocks
        if isinstance(each, Blank)
    ]


def test_what_nobody_wrote_is_left_blank():
    """What only people can say is a blank to fill, and never made up."""
    made = worded(report(CITY.accounts, CITY.scope, wording=Wording()), Language.ID)
    assert blanks(report(CITY.accounts, CITY.scope, wording=Wording())) == [
        "basis",
        "follow-up",
        "monitor",
    ]
    assert ("Nomor laporan", None) in made.facts.pairs
    assert ("Klasifikasi informasi", None) in made.facts.pairs
    [places] = [
        each.places for each in sections(made)["approval"].blocks if isinstance(each, Signatures)
    ]
    assert [(each.role, each.name) for each in places] == [
        ("Disusun oleh", None),
        ("Diperiksa oleh", None),
        ("Disahkan oleh", None),
    ]


def test_what_people_wrote_stands_as_they_wrote_it():
    """Legal basis, follow-up and those who sign are taken from what people wrote, word by word."""
    found = sections(worded(CITY, Language.ID))
    [basis] = [each for each in found["basis"].blocks if isinstance(each, Points)]
    assert tuple(basis.items) == WORDING.legal_basis
    assert table(found["follow-up"]).rows[0][0] == WORDING.follow_ups[0].recommendation
    assert table(found["follow-up"]).rows[0][2] == "31 Agustus 2026"
    [places] = [each.places for each in found["approval"].blocks if isinstance(each, Signatures)]
    assert [(each.role, each.name) for each in places] == [("Disusun oleh", "Rina")]


def test_causes_that_people_confirmed_stand_beside_what_was_observed():
    """An incident shows what checks saw and what people found out; the rest is left to fill."""
    [account] = vector().accounts
    start = vector().scope.period.start
    one, other = outage(account, start, start + HOUR), outage(account, start + 3 * HOUR, None)
    words = Wording(causes={one.incident.id: "kabel putus"}, remarks={one.incident.id: "ganti"})
    made = replace(vector(), incidents=(one, other), wording=words)
    first, second = table(sections(worded(made, Language.ID))["incidents"], 1).rows
    assert first[0] == one.incident.id
    assert first[4] == "1 jam ± 1 menit"
    assert first[5] == "server tidak menjawab saat dihubungi (10.0.0.9:443, 10 s)"
    assert first[6:8] == ("kabel putus", "ganti")
    assert "Rina menangani sejak" in first[8]
    assert second[3] == "belum selesai"
    assert second[6] == second[7] != ""


def test_degraded_is_no_outage():
    """What was degraded is listed apart, and expiries and findings stand in their own section."""
    found = sections(worded(CITY, Language.ID))
    kinds = [told.incident for told in CITY.incidents]
    degraded = [each.id for each in kinds if each.concern is Concern.DEGRADATION]
    assert [row[0] for row in table(found["degraded"]).rows] == degraded
    assert {row[0] for row in table(found["incidents"], 1).rows}.isdisjoint(degraded)
    assert len(table(found["certificates"]).rows) == sum(each.expiry is not None for each in kinds)


def test_both_figures_of_what_was_corrected():
    """A correction is listed with who, when, why and evidence, and figures before and after."""
    [account] = vector().accounts
    parts = replace(account.always.parts, up=0, down=account.always.parts.up)
    acts = (correction(account.service, vector().scope, withdrawn=True),)
    made = vector(measured=replace(account.always, parts=parts), corrections=acts)
    changes = sections(worded(made, Language.ID))["changes"]
    [act] = table(changes).rows
    assert "tersedia; dicabut oleh Budi" in act[3]
    assert "Surat ISP No. 12/2026" in act
    before, after = table(changes, 1).rows
    assert (before[2], before[3]) == ("sebelum koreksi", "0,000 %")
    assert (after[2], after[3]) == ("sesudah koreksi", "98,260 %")


def test_work_shows_its_approval_and_what_was_seen_inside():
    """Maintenance shows who approved it, since when it was known, and the downtime inside."""
    section = sections(worded(vector(), Language.ID))["maintenance"]
    [row] = table(section).rows
    assert row[3] == "Kabid Infrastruktur"
    assert row[4] == "30 Mei 2026, 22.00.00 WITA oleh Budi"
    assert row[5] == "1 jam"
    assert table(section, 1).rows[0][1:4] == ("1 jam", "30 menit", "30 menit")


def test_work_put_down_late_is_no_exclusion():
    """Work that was put on record after it began is listed, and excludes nothing."""
    [account] = vector().accounts
    late = occasion(account.service, account.carved[0], added=timedelta(minutes=1))
    [row] = table(sections(worded(vector(work=(late,)), Language.ID))["maintenance"]).rows
    assert row[5] == "tidak ada: baru dicatat setelah mulai"


def day(**parts) -> DayAccount:
    found = day_figures(Parts(**parts), sum(parts.values()))
    return DayAccount(date=JUNE[0], figures=found)


@pytest.mark.parametrize(
    ("one", "mark"),
    [
        (DayAccount(date=JUNE[0], figures=None), DayMark.NONE),
        (day(), DayMark.NONE),
        (day(up=99), DayMark.CLEAR),
        (day(up=96, unknown=4), DayMark.CLEAR),
        (day(up=94, unknown=6), DayMark.UNKNOWN),
        (day(up=995, down=5), DayMark.DIP),
        (day(up=90, down=10), DayMark.MISSED),
        (day(up=90, up_in_maintenance=10), DayMark.PLANNED),
        (day(up_in_maintenance=10), DayMark.PLANNED),
    ],
)
def test_what_a_day_was_like(one, mark):
    """Downtime is seen first, then what was not measured, then planned work."""
    assert day_mark(one, Fraction(99, 100)) is mark


@pytest.mark.parametrize("services", [30, 40])
def test_each_day_is_told_of_or_covered_by_a_sentence(services):
    """A day is left out of the tables only where it was up from beginning to end."""
    made = city(services, scope(*JUNE))
    listed = {
        (one.caption.partition(":")[0], row[0])
        for one in sections(worded(made, Language.ID))["daily"].blocks
        if isinstance(one, Table)
        for row in one.rows
    }
    for account in made.accounts:
        for one in account.days:
            was_whole = one.figures.parts.up == one.figures.parts.total
            is_listed = (account.service.name, f"{one.date.day} Juni 2026") in listed
            assert is_listed or was_whole


def test_a_year_is_told_by_months_that_sum_to_it():
    """A long period has a line for each month; their times sum to those of the year."""
    made = city(1, scope(date(2025, 1, 1), date(2026, 1, 1)))
    found = sections(worded(made, Language.ID))
    assert len(table(found["daily"]).rows) == 12
    assert found["days"].blocks[1].rows[0][1].height == 12 * 16


@pytest.mark.parametrize(
    ("first", "until", "name"),
    [
        (date(2026, 6, 1), date(2026, 7, 1), "Juni 2026"),
        (date(2026, 4, 1), date(2026, 7, 1), "Triwulan II 2026"),
        (date(2026, 1, 1), date(2027, 1, 1), "Tahun 2026"),
        (date(2026, 2, 1), date(2026, 5, 1), "1 Februari 2026 – 30 April 2026"),
        (date(2026, 6, 1), date(2026, 6, 2), "1 Juni 2026"),
        (date(2026, 6, 2), date(2026, 7, 2), "2 Juni 2026 – 1 Juli 2026"),
    ],
)
def test_a_period_by_its_name(first, until, name):
    """A month, a quarter and a year are called by their names, other periods by their days."""
    assert worded(report([], scope(first, until)), Language.ID).subject == name


def test_times_on_the_day_on_which_the_clock_is_set_back():
    """Where the clock shows a time twice, the zone's name tells which one it was."""
    asked = scope(date(2026, 10, 25), date(2026, 10, 26), "Europe/Berlin")
    [account] = city(1, asked).accounts
    start = asked.period.start + 2 * HOUR + 30 * MINUTE
    made = replace(city(1, asked), incidents=(outage(account, start, start + HOUR),))
    row = table(sections(worded(made, Language.EN))["incidents"], 1).rows[0]
    assert row[2:5] == (
        "25 October 2026, 02:30:00 CEST",
        "25 October 2026, 02:30:00 CET",
        "1 hour ± 1 minute",
    )


def test_never_says_that_the_profile_was_validated():
    """The document says by which rules it was made, and that nobody tested it for them."""
    text = said(sections(worded(CITY, Language.EN))["method-form"])
    assert "made to the profiles PDF/A-3a" in text
    assert "no independent program has tested" in text
    assert "validated" not in said(worded(CITY, Language.EN))


def test_glossary_is_in_order():
    """Words stand in alphabetical order, each once."""
    for language in Language:
        words = [
            row[0].casefold() for row in table(sections(worded(CITY, language))["glossary"]).rows
        ]
        assert all(one < other for one, other in pairwise(words))


def test_the_data_hash_is_on_every_page():
    """The title page has the hash of the data, and the foot of every page its beginning."""
    made = worded(CITY, Language.ID, HASH)
    assert ("Sidik data (SHA-256)", HASH) in made.facts.pairs
    assert HASH[:16] in made.footer


def test_targets_are_asked_for_only_where_the_configuration_changed():
    """Where the ledger shows no other configuration no target was changed; else a person says."""
    taken_up = Applied(at=instant(CITY.scope.period.start), hash="ef" * 32, changed=False)
    asked = {
        changed: blanks(replace(CITY, applied=[replace(taken_up, changed=changed)]))
        for changed in (False, True)
    }
    unsigned = replace(CITY, applied=[], provenance=replace(CITY.provenance, ledger=None))
    assert ["configuration" in found for found in asked.values()] == [False, True]
    assert "configuration" in blanks(unsigned)


def test_removed_checks_are_named_and_their_reasons_asked_for():
    """What is on record of removed checks is told; whose they were, nobody knows any more."""
    gone = Retired(check=CheckId("situs-lama-http"), last=instant(CITY.scope.period.start + HOUR))
    scope_of = {
        retired: sections(worded(replace(CITY, retired=retired), Language.ID))["scope"]
        for retired in ((), (gone,))
    }
    part = replace(CITY, scope=replace(CITY.scope, owners=("diskominfo",)))
    assert table(scope_of[gone,], 1).rows == [("situs-lama-http", "1 Juni 2026, 01.00.00 WITA")]
    assert not table(scope_of[()], 1).rows
    assert "scope" in blanks(replace(CITY, retired=(gone,)))
    assert "scope" not in blanks(CITY)
    assert "scope" in blanks(part)


def test_steps_of_the_clock_are_counted():
    """The largest step on record is told with its sign, by the numbers of the language."""
    step = replace(marks(CITY.scope)[-1], detail="-12.500 s")
    made = worded(replace(CITY, marks=[*marks(CITY.scope), step]), Language.ID)
    still = worded(replace(CITY, marks=[]), Language.ID)
    assert "tercatat: 2; yang terbesar -12,500 detik." in said(sections(made)["monitor"])
    assert "+1,204 detik" in said(table(sections(made)["monitor"]))
    assert "Tidak ada lompatan jam" in said(sections(still)["monitor"])


@pytest.mark.parametrize(
    ("until", "said_of_ticks", "ticks"), [(7, "tujuh hari", 5), (10, "awal bulan", 4)]
)
def test_long_timelines_have_a_tick_a_month(until, said_of_ticks, ticks):
    """A month has a tick every seven days, and what is longer than two has one at each month."""
    made = sections(worded(city(1, scope(date(2026, 6, 1), date(2026, until, 1))), Language.ID))
    timeline = table(made["incidents"])
    assert said_of_ticks in timeline.caption
    assert timeline.rows[0][1].svg.count("V16") == ticks


def test_days_that_are_not_over_take_one_row():
    """A report on a month that goes on lists the days that are known, and the rest as one."""
    asked = scope(*JUNE)
    part = scope(*JUNE, known=asked.period.start + 5 * 24 * HOUR)
    rows = table(sections(worded(city(1, part), Language.ID))["daily"]).rows
    assert [row[0] for row in rows[:5]] == [f"{day} Juni 2026" for day in range(1, 6)]
    assert rows[5][:2] == ("6 Juni 2026 – 30 Juni 2026", "belum diketahui")
    assert len(rows) == 6
