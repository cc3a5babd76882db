"""Whatever was recorded, a bundle's report is computed anew from its ledger, to the last figure."""

import asyncio
import json
import re
import shutil
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import starmap
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from monitor.cli.availability_document import document
from monitor.domain.check import CheckId
from monitor.domain.correction import Withdrawal
from monitor.domain.instant import instant
from monitor.domain.periods import between
from monitor.domain.service import Rule, ServiceId, Sla, StatusRule
from monitor.domain.status import Status
from monitor.ledger import pantau_report
from monitor.ledger.pantau_bundle import Asked, code_of, local_header, unpacked, verdict
from monitor.locales import Language
from monitor.ports import Change
from monitor.reports.entries import Terms
from monitor.reports.reckoning import entry
from monitor.reports.report import Scope
from monitor.store.reader import open_reader
from monitor.store.sealjob import Paces
from tests.fakes import a_check
from tests.integration.store.changes import CHECKS, VANTAGE, observation
from tests.integration.store.test_bundle_figures import RULES, TWO, rows, sealed
from tests.integration.store.test_sealing import (
    BEGIN,
    DOWN,
    FIRST,
    HOUR,
    MINUTE,
    OK,
    changes,
    lives,
)
from tests.integration.store.test_standalone_figures import (
    SERVICE,
    WEEK,
    a_calendar,
    a_correction,
    a_record,
    acts,
    nightly,
    once,
)
from tests.integration.store.wholebundles import (
    archive,
    files_of,
    refusal,
    reported,
    said,
    watched,
)

THIRD = CHECKS[2]
ZONES = ["Asia/Makassar", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "America/St_Johns"]
TARGETS = [Fraction(999, 1000), Fraction(95, 100), Fraction(1, 3)]
OTHER = replace(SERVICE, id=ServiceId("pajak"), owner="dispenda", name="=Pajak")


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.data(),
    all_lives=st.tuples(lives(), lives(), lives()),
    rule=st.sampled_from(RULES),
    target=st.sampled_from(TARGETS),
    hours=st.sampled_from([None, "jam", "24x7"]),
    zone=st.sampled_from(ZONES),
    done=acts(),
)
def test_every_figure_of_a_report(  # noqa: PLR0917 - hypothesis draws each
    empty_store, data, all_lives, rule, target, hours, zone, done
):
    """Whatever was recorded, promised, planned and corrected, in whatever zone: every figure of a
    report is computed anew, and they are those of `pantau availability`.
    """
    named = dict(zip((*TWO, THIRD), all_lives, strict=True))
    intervals = {name: life[0] for name, life in named.items()}
    last = max(life[-1] for life in named.values()) // HOUR + 40 - FIRST
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "data"
        shutil.copytree(empty_store, folder)
        recorded = [*done, *(changes(life, name) for name, life in named.items())]
        asyncio.run(sealed(folder, recorded, Paces(intervals=intervals), last))
        [(newest,)] = rows(folder, "SELECT max(hour) FROM sealed_hour")
        assume(newest is not None)
        sla = None if hours is None else Sla(target=target, basis="SK", hours=hours)
        services = [replace(SERVICE, status=rule, sla=sla), OTHER]
        checks = [
            a_check(
                id=CheckId(name),
                service=OTHER.id if name == THIRD else SERVICE.id,
                interval=timedelta(microseconds=interval),
                labels={"check": name},
            )
            for name, interval in intervals.items()
        ]
        calendar = replace(a_calendar(WEEK), zone=ZoneInfo(zone))
        scope = data.draw(scopes(zone, (newest + 1) * HOUR))
        made = reported(folder, watched(services, checks, {"jam": calendar}), scope)
        files = files_of(folder, made)

        lines = said(archive(files))

        has_leaves = "SELECT name FROM check_name WHERE id IN (SELECT check_id FROM sealed_hour)"
        there = {name for (name,) in rows(folder, has_leaves)}
        for service in services:
            is_whole = {check.id for check in checks if check.service == service.id} <= there
            name = f"computed anew: {service.id}"
            assert any(line.startswith(name) for line in lines) == is_whole, lines
            told = next(
                each
                for each in json.loads(files["laporan.json"])["services"]
                if each["service"] == service.id
            )
            assert by_command(folder, service, checks, calendar, scope) == by_report(told)


@st.composite
def scopes(draw, zone, end):
    """Draw some local days, of which what was sealed is over."""
    first = instant(BEGIN).astimezone(ZoneInfo(zone)).date()
    days = draw(st.integers(1, 3))
    period = between(first, first + timedelta(days=days), ZoneInfo(zone))
    return Scope(period=period, until=min(period.end, end), zone=zone)


SAME = ("microseconds", "outages", "availability", "lower", "upper", "gross", "coverage")


def by_command(data, service, checks, calendar, scope):
    """Return the figures of `pantau availability --output json`, as far as a report has them."""
    with open_reader(data, VANTAGE) as reader:
        terms = Terms(
            calendars={"jam": calendar}, windows=reader.windows(), corrections=reader.corrections()
        )
        found = entry(service, checks, reader, scope.known, terms)
    zone = ZoneInfo(scope.zone)
    told = json.loads(json.dumps(document([found], scope.known, zone, Language.EN)))
    return _told(told["services"][0])


def _told(service):
    both = [service["around_the_clock"] or service]
    both += [service] if service["around_the_clock"] else []
    return [{name: _exact(each[name]) for name in SAME} for each in both]


def by_report(service):
    both = [each for each in service["figures"].values() if each is not None]
    return [{name: _exact(each[name]) for name in SAME} for each in both]


def _exact(value):
    return value["exact"] if isinstance(value, dict) and "exact" in value else value


ISLAND = "Australia/Lord_Howe"  # its clocks went back half an hour on 5 April 2026
DAYS = between(date(2026, 4, 4), date(2026, 4, 6), ZoneInfo(ISLAND))
STEP = 10 * MINUTE
SERVICES = [
    replace(
        SERVICE,
        status=StatusRule(rule=Rule.ANY),
        sla=Sla(target=Fraction(999, 1000), basis="SK", hours="jam"),
    ),
    replace(OTHER, sla=Sla(target=Fraction(9, 10), basis="SK")),
]
PLACES = {TWO[0]: SERVICES[0], TWO[1]: SERVICES[0], THIRD: SERVICES[1]}


@pytest.fixture(scope="module")
def island(tmp_path_factory) -> dict[str, bytes]:
    """Return the files of a bundle on two days of half-hour zones, with something of everything."""
    data = tmp_path_factory.mktemp("pulau") / "data"
    start, end = DAYS.start - HOUR, DAYS.end + HOUR
    down = {TWO[0]: (5, 9), TWO[1]: (7, 12), THIRD: (23.5, 24.5)}
    seen = tuple(
        observation(
            check=name,
            scheduled_at=instant(at),
            started_at=instant(at),
            duration=timedelta(microseconds=at % 99_991),
            outcome=DOWN if begin <= (at - DAYS.start) / HOUR < until else OK,
        )
        for name, (begin, until) in down.items()
        for at in range(start, end, STEP)
        if not (name == THIRD and 14 <= (at - DAYS.start) / HOUR < 15)
    )
    daily = replace(nightly(), first=date(2026, 4, 1), zone=ZoneInfo(ISLAND))
    planned = once(DAYS.start + 8 * HOUR, DAYS.start + 9 * HOUR)
    fixes = [
        (1, DAYS.start + 6 * HOUR, DAYS.start + 7 * HOUR, Status.UP, TWO[0]),
        (2, DAYS.start + 10 * HOUR, DAYS.start + 11 * HOUR, Status.UNKNOWN, None),
        (3, DAYS.start + 20 * HOUR, DAYS.start + 21 * HOUR, Status.DOWN, None),
    ]
    recorded = [
        Change(
            windows=(
                a_record(1, planned, DAYS.start, services=frozenset({SERVICE.id})),
                a_record(2, planned, DAYS.end, services=frozenset({SERVICE.id})),
                a_record(3, daily, DAYS.start - 9 * HOUR, owners=frozenset({"dispenda"})),
            ),
            corrections=tuple(starmap(a_correction, fixes)),
        ),
        Change(
            corrections=(Withdrawal(correction="c3", by="Budi", reason="salah", at=instant(BEGIN)),)
        ),
        Change(observations=seen),
    ]
    paces = Paces(intervals=dict.fromkeys(PLACES, STEP))
    asyncio.run(sealed(data, recorded, paces, end // HOUR - 1 - FIRST))
    checks = [
        a_check(
            id=CheckId(name),
            service=service.id,
            interval=timedelta(minutes=10),
            labels={"check": name},
        )
        for name, service in PLACES.items()
    ]
    calendar = replace(a_calendar(WEEK), zone=ZoneInfo(ISLAND))
    scope = Scope(period=DAYS, until=DAYS.end, zone=ISLAND)
    return files_of(data, reported(data, watched(SERVICES, checks, {"jam": calendar}), scope))


def test_report_with_everything(island):
    """Planned work, corrections, hours of service, a day of 24 and a half hours: all is computed
    anew, and what is taken as given is said.
    """
    report = json.loads(island["laporan.json"])
    first = report["services"][0]

    lines = said(archive(island))

    lengths = [day["around_the_clock"]["microseconds"]["total"] for day in first["days"]]
    assert lengths == [24 * HOUR, 24 * HOUR + HOUR // 2]
    assert first["figures"]["around_the_clock"]["microseconds"]["maintenance"] == HOUR
    assert first["as_measured"] != first["figures"]
    assert report["services"][1]["carved"]
    across = report["services"][1]
    assert [day["around_the_clock"]["outages"] for day in across["days"]] == [1, 1]
    assert across["figures"]["around_the_clock"]["outages"] == 1
    given, both = "  taken as given: ", "portal-http every 600 s, portal-dns every 600 s"
    assert [line for line in lines if line.startswith(given)] == [
        f"{given}{both}; rule any; target 999/1000; its hours of service",
        f"{given}{THIRD} every 600 s; rule all; target 9/10; days of work by rule FREQ=DAILY",
    ]
    assert lines[-2].startswith("Hasil: SESUAI. Setiap angka laporan dihitung ulang")
    assert lines[-1].startswith("Result: ALL AGREES. Every figure")


def places_of(value, path=()):
    """Yield the path of each value that a JSON document holds."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from places_of(each, (*path, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from places_of(each, (*path, number))
    else:
        yield path


def other(value):
    """Return another value that would pass for one in its place."""
    if isinstance(value, int):
        return value + 1
    return "0/1" if value is None else value.replace(value[-1], "1" if value[-1] != "1" else "2")


def put(document, path, change):
    for step in path[:-1]:
        document = document[step]
    document[path[-1]] = change(document[path[-1]])


FIGURES = ("figures", "as_measured", "days", "response", "carved", "open_hours", "began")


def test_every_figure_counts(island):
    """Whichever figure or text of one is another in laporan.json, it is refused, and named."""
    files = unpacked(archive(island))
    hold, report, ledger, terms = held_apart(files)
    number = 0
    for path in places_of(report):
        is_figure = path[0] == "group" or (path[0] == "services" and path[2] in FIGURES)
        if not is_figure and path[2:3] != ("target",):
            continue
        if path[2:] in {("target", "basis"), ("target", "hours")}:
            continue
        bent = json.loads(files["laporan.json"])
        put(bent, path, other)
        with pytest.raises(Exception) as refused:
            list(hold.held(bent, terms, ledger))
        name = "group" if path[0] == "group" else report["services"][path[1]]["service"]
        assert name in str(refused.value) or path[-1] in {"start", "end", "exact"}, path
        number += 1
    assert number > 300


def held_apart(files):
    """Return what holds a report, and what it is held against, once for many."""
    hold = pantau_report
    verify = hold.verify
    entries = verify.entries_in(files["entries.jsonl"])
    _, signed = verify.verified(
        files["entries.jsonl"], [files["checkpoints"].decode()], files["key"].decode()
    )
    leaves, _ = verify.leaves_in(files["hours.jsonl"], entries, signed)
    blocks = verify.blocks_in(files["blocks"], leaves)
    report = hold.read(files["laporan.json"], "laporan.json")
    terms = hold.read(files["terms.json"], "terms.json")
    return hold, report, hold.ledger_of(entries, leaves, blocks), terms


def _hide(report):
    del report["services"][0]["corrections"][0]


def _by_another(report):
    report["services"][0]["corrections"][0]["by"] = "Budi"


def _stands_again(report):
    next(e for e in report["services"][0]["corrections"] if e["withdrawn"])["withdrawn"] = None


def _withdrawn(report):
    return next(e for e in report["services"][0]["corrections"] if e["withdrawn"])["withdrawn"]


def _withdrawn_by_another(report):
    _withdrawn(report)["by"] = "Rina"


def _withdrawn_for_another_reason(report):
    _withdrawn(report)["reason"] = "perintah"


def _withdrawn_later(report):
    _withdrawn(report)["at"] = report["period"]["end"]


def _approved_by_another(report):
    report["services"][0]["maintenance"][0]["approved_by"] = "Rina"


def _approved_before(report):
    report["services"][0]["maintenance"][1]["after_the_fact"] = False


def _another_zone(report):
    report["period"]["zone"] = "Asia/Tokyo"


def _more(report):
    report["services"][0]["remark"] = "baik"


def _another_check(report):
    report["services"][1]["checks"][0]["id"] = TWO[0]


def _earlier(report):
    report["period"]["known"] = report["period"]["start"]


def _no_such_zone(report):
    report["period"]["zone"] = "../../../etc/localtime"


@pytest.mark.parametrize(
    ("bend", "says"),
    [
        (_hide, "correction c1 is not told"),
        (_by_another, "correction c1: by: 'Budi', but the entries come to 'Rina'"),
        (_stands_again, "correction c3: laporan.json and the entries do not agree"),
        (_withdrawn_by_another, "correction c3: undone: by: 'Rina', but the entries"),
        (_withdrawn_for_another_reason, "correction c3: undone: reason: 'perintah'"),
        (_withdrawn_later, "correction c3: undone at"),
        (_approved_by_another, "planned work w1: approved_by: 'Rina', but the entries"),
        (_approved_before, "planned work w2: after the fact"),
        (_another_zone, "the period does not begin and end with its days"),
        (_more, "portal remark: it is missing, or does not belong there"),
        (_another_check, "pajak: the checks"),
        (_earlier, "terms.json: the period"),
        (_no_such_zone, ""),
    ],
)
def test_what_is_told_is_entered(island, bend, says):
    """What a report tells of corrections, planned work, checks and its period is held as well."""
    report = json.loads(island["laporan.json"])
    bend(report)
    hold, _, ledger, terms = held_apart(island)
    with pytest.raises(Exception) as refused:
        list(hold.held(report, terms, ledger))
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("entry", "told", "is_same"),
    [
        ("ganti disk…", "ganti disk dan kabel", True),
        ("ganti disk…", "perintah atasan", False),
        ("a\ufffdb (1)", "a\u2028b (1)", True),
        ("a\ufffdb (1)", "semua lain", False),
        ("baris satu", "baris\nsatu", True),
    ],
)
def test_text_that_an_entry_cuts(entry, told, is_same):
    """An entry that is cut, or hides a sign, still stands for the rest of its text and no other."""
    try:
        pantau_report.same_text(told, entry, "reason")
    except pantau_report.Refused:
        assert not is_same
    else:
        assert is_same


def test_twice_is_no_figure(island):
    """A member that is there twice, of which programs read one or the other, is refused."""
    twice = island["laporan.json"].replace(b'"outages":', b'"outages":0,"outages":', 1)
    assert "laporan.json: a member is there twice" in refusal(
        archive(island | {"laporan.json": twice})
    )


def test_every_line_of_days(island):
    """Each cell of data.csv is that of laporan.json; another is named by its line and column."""
    lines = island["data.csv"].decode().split("\r\n")
    columns = lines[0].split(",")
    cells = lines[3].split(",")
    for place, column in enumerate(columns):
        bent = [*cells[:place], cells[place] + "1", *cells[place + 1 :]]
        raw = "\r\n".join([*lines[:3], ",".join(bent), *lines[4:]]).encode()
        said_of = f"data.csv, line 4: {column} is not what laporan.json says"
        assert refusal(archive(island | {"data.csv": raw})) == said_of
    short = island["data.csv"].rsplit(b"\r\n", 2)[0] + b"\r\n"
    assert "data.csv is not what" in refusal(archive(island | {"data.csv": short}))


def test_every_byte_is_named(island):
    """Whichever byte of a whole bundle is another, it is refused; one of a file by its name."""
    whole = archive(island)
    at, regions = 0, []
    for name, body in unpacked(whole).items():
        head = len(local_header(name, 0, 0))
        regions.append((at, at + head, None, 1))
        regions.append((at + head, at + head + len(body), name, max(1, len(body) // 400)))
        at += head + len(body)
    regions.append((at, len(whole), "the directory at the end|in the archive is changed", 1))
    for start, end, says, step in regions:
        for place in range(start, end, step):
            bent = bytearray(whole)
            bent[place] ^= 1 << place % 8
            told = refusal(bytes(bent))
            assert told != "NOTHING", place
            assert says is None or re.search(says, told), (place, told)


def test_checkpoints_that_were_kept(island):
    """A checkpoint that an auditor kept is held against the ledger of the bundle as well."""
    note = island["checkpoints"].decode()
    assert list(verdict(archive(island), Asked(kept=[note])))
    with pytest.raises(Exception, match="signature"):
        list(verdict(archive(island), Asked(kept=[note.replace("pantau", "lain", 1)])))


def test_not_sealed_yet(island):
    """Of a period that is not all sealed nothing is computed anew; that is said, and no success."""
    hold, report, ledger, terms = held_apart(island)
    early = [leaf for leaf in ledger.sealed if leaf["hour"] < DAYS.end // HOUR - 1]
    lines = list(hold.held(report, terms, ledger._replace(sealed=early)))
    assert lines == ["NOT COMPUTED ANEW: not all of the period was sealed and signed"]
    assert code_of(lines) == 3
