"""What an auditor computes from a bundle, without Pantau, is what `pantau availability` says."""

import asyncio
import contextlib
import io
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import time, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from monitor.cli.availability_document import document
from monitor.domain.calendar import Calendar, Hours
from monitor.domain.check import Check, CheckId
from monitor.domain.correction import Correction, Withdrawal
from monitor.domain.instant import instant
from monitor.domain.maintenance import MaintenanceWindow, Occurrence, Recurrence
from monitor.domain.service import Service, ServiceId, Sla
from monitor.domain.status import Status
from monitor.domain.windowrecord import Cancellation, Source, WindowRecord
from monitor.domain.windows import Window
from monitor.ledger import pantau_figures
from monitor.locales import Language
from monitor.ports import Change
from monitor.reports.entries import Terms
from monitor.reports.reckoning import entry
from monitor.reports.terms import terms_document
from monitor.store.ledgerreader import open_ledger
from monitor.store.reader import open_reader
from monitor.store.sealjob import Paces
from tests.fakes import NOON, a_check
from tests.integration.store.test_bundle_figures import DOWN, RULES, TWO, bundle, rows, sealed
from tests.integration.store.test_sealing import (
    BEGIN,
    FIRST,
    HOUR,
    MINUTE,
    changes,
    every_minute,
    lives,
)

WITA = ZoneInfo("Asia/Makassar")
SHARES = ("availability", "lower", "upper", "gross", "coverage")
SERVICE = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")
PROMISE = Sla(target=Fraction(99, 100), basis="SK", hours="jam")
WEEK = ((Hours(timedelta(hours=13), timedelta(hours=16)),),) * 7


def a_calendar(week: Any = None) -> Calendar:
    return Calendar(id="jam", name="Jam", zone=WITA, week=week)


def a_correction(number: int, start: int, end: int, status: Status, check: str | None = None):
    return Correction(
        id=f"c{number}",
        service=None if check else SERVICE.id,
        check=CheckId(check) if check else None,
        start=instant(start),
        end=instant(end),
        status=status,
        reason="salah",
        evidence="surat",
        by="Rina",
        at=instant(BEGIN + 90 * HOUR + number),
    )


def a_record(number: int, when: Occurrence | Recurrence, added: int, **covers: Any) -> WindowRecord:
    window = MaintenanceWindow(
        id=f"w{number}", when=when, reason="ganti disk", approved_by="Budi", **covers
    )
    return WindowRecord(window=window, source=Source.COMMAND, added_at=instant(added))


def once(start: int, end: int) -> Occurrence:
    return Occurrence(instant(start), instant(end))


class Case:
    """A database, and what figures go by besides it."""

    def __init__(self, home: Path, service: Service, paces: Paces, calendar: Calendar) -> None:
        self.home, self.service, self.calendar = home, service, calendar
        self.checks = [
            a_check(
                id=CheckId(name),
                service=service.id,
                interval=timedelta(microseconds=paces.intervals[name]),
                labels={"check": name},
            )
            for name in paces.intervals
        ]

    def bundle(self, window: Window, checks: Sequence[Check]) -> list[str]:
        """Write what an auditor gets; return the arguments that compute from it."""
        arguments = bundle(self.home / "data", self.home)
        with open_ledger(self.home / "data") as reader:
            terms = Terms(
                calendars={"jam": self.calendar},
                windows=reader.windows(),
                corrections=reader.corrections(),
            )
        found = terms_document([self.service], checks, window, terms)
        self.write(found)
        return [*arguments, "--terms", str(self.home / "terms.json")]

    def write(self, terms: Mapping[str, Any]) -> None:
        (self.home / "terms.json").write_text(json.dumps(terms))

    def terms(self) -> Any:
        return json.loads((self.home / "terms.json").read_text())

    def by_pantau(self, window: Window, checks: Sequence[Check]) -> dict[str, list[str]]:
        """Return the figures of `pantau availability --output json`, by their ways."""
        with open_reader(self.home / "data") as reader:
            terms = Terms(
                calendars={"jam": self.calendar},
                windows=reader.windows(),
                corrections=reader.corrections(),
            )
            found = entry(self.service, checks, reader, window, terms)
        said: Any = json.loads(json.dumps(document([found], window, WITA, Language.EN)))
        [service] = said["services"]
        ways = {"corrected": service, "as measured": service["as_measured"]}
        return {
            f"{way}, {hours}": list(_lines(figures))
            for way, each in ways.items()
            if each is not None
            for hours, figures in _by_hours(each)
        }


def _by_hours(figures: Any) -> Iterator[tuple[str, Any]]:
    if figures["around_the_clock"] is None:
        yield "around the clock", figures
    else:
        yield "in its hours", figures
        yield "around the clock", figures["around_the_clock"]


def _lines(figures: Any) -> Iterator[str]:
    lengths = figures["microseconds"]
    names = ("up", "down", "unknown")
    outside = ", ".join(f"{name} {lengths[name]}" for name in names)
    inside = ", ".join(f"{name} {lengths[f'{name}_in_maintenance']}" for name in names)
    yield f"{outside} microseconds, {figures['outages']} outages"
    yield f"in planned work: {inside} microseconds"
    for name in SHARES:
        yield f"{name} {figures[name]['exact'] or 'none'} {figures[name]['text']}"


def by_program(said: str) -> dict[str, list[str]]:
    """Return the figures that the program printed, by their ways."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in said.splitlines():
        if line.startswith("  "):
            lines.append(line[2:])
        elif line.startswith(f"{SERVICE.id}, "):
            lines = found[line.partition(", ")[2]] = []
    return found


def program(arguments: Sequence[str], code: int = 0) -> str:
    """Return what the program says, on whichever stream it should."""
    with (
        contextlib.redirect_stdout(io.StringIO()) as said,
        contextlib.redirect_stderr(io.StringIO()) as failed,
    ):
        assert pantau_figures.main(arguments) == code, failed.getvalue()
    return said.getvalue() if code == 0 else failed.getvalue()


@st.composite
def acts(draw: st.DrawFn) -> list[Change]:
    """Draw corrections, some withdrawn, and planned work, some of it cancelled or too late."""
    times = st.integers(BEGIN - HOUR, BEGIN + 9 * HOUR)
    found = []
    for number in range(draw(st.integers(0, 5))):
        start = draw(times)
        end, status = start + draw(st.integers(1, 4 * HOUR)), draw(st.sampled_from(list(Status)))
        check = draw(st.sampled_from([None, *TWO, "nobody"]))
        made = a_correction(number, start, end, status, check)
        found.append(Change(corrections=(made,)))
        if draw(st.integers(0, 3)) == 0:
            withdrawn = Withdrawal(correction=made.id, by="Budi", reason="salah", at=made.at)
            found.append(Change(corrections=(withdrawn,)))
    for number in range(draw(st.integers(0, 4))):
        start = draw(times)
        when = draw(st.sampled_from([once(start, start + 2 * HOUR + number), nightly()]))
        covers = draw(st.sampled_from(COVERS))
        record = a_record(number, when, start + draw(st.sampled_from([-HOUR, 0, HOUR])), **covers)
        found.append(Change(windows=(record,)))
        if draw(st.booleans()):
            at = record.added_at + draw(st.integers(0, 3)) * timedelta(hours=1)
            ended = record.ended(Cancellation(at=at, by="Budi", reason="batal"))
            found.append(Change(windows=(ended,)))
    return found


def nightly() -> Recurrence:
    return Recurrence(
        rule="FREQ=DAILY",
        first=(NOON - timedelta(days=9)).date(),
        start=time(13, 30),
        duration=timedelta(hours=1),
        zone=WITA,
    )


COVERS: list[dict[str, Any]] = [
    {"services": frozenset({SERVICE.id})},
    {"services": frozenset({ServiceId("other")})},
    {"owners": frozenset({SERVICE.owner})},
    {"labels": {"check": TWO[0]}},
    {"labels": {"check": TWO[1]}},
]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    data=st.data(),
    both=st.tuples(lives(), lives()),
    terms=st.tuples(st.sampled_from(RULES), st.sampled_from([None, PROMISE])),
    done=acts(),
)
def test_same_figures(empty_store, data, both, terms, done):
    """Whatever was recorded, promised, planned and corrected: it prints the figures of `pantau
    availability`, exactly and as they read, by the hours of a service and around the clock.
    """
    (one, other), (rule, sla) = both, terms
    paces = Paces(intervals={TWO[0]: one[0], TWO[1]: other[0]})
    hours = max(one[-1], other[-1]) // HOUR + 2 - FIRST
    recorded = [*done, changes(one, TWO[0]), changes(other, TWO[1])]
    with tempfile.TemporaryDirectory() as home:
        case = Case(Path(home), replace(SERVICE, status=rule, sla=sla), paces, a_calendar(WEEK))
        shutil.copytree(empty_store, case.home / "data")
        asyncio.run(sealed(case.home / "data", recorded, paces, hours))
        has_leaves = "SELECT name FROM check_name WHERE id IN (SELECT check_id FROM sealed_hour)"
        there = [name for (name,) in rows(case.home / "data", has_leaves)]
        assume(there)
        [(newest,)] = rows(case.home / "data", "SELECT max(hour) FROM sealed_hour")
        end = (newest + 1) * HOUR
        start = data.draw(st.integers(BEGIN - HOUR, end - 1))
        window = Window(start, data.draw(st.integers(start + 1, end)))
        checks = [each for each in case.checks if each.id in there]
        said = by_program(program(case.bundle(window, checks)))
        assert said == case.by_pantau(window, checks)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Return five hours of two checks, one of them down for one, with work and corrections."""
    one = every_minute(5, check=TWO[0])
    other = (
        *every_minute(2, check=TWO[1]),
        *every_minute(1, check=TWO[1], start=BEGIN + 2 * HOUR, outcome=DOWN),
        *every_minute(2, check=TWO[1], start=BEGIN + 3 * HOUR),
    )
    work = once(BEGIN + 2 * HOUR, BEGIN + 2 * HOUR + 30 * MINUTE)
    part = once(BEGIN + 2 * HOUR + 45 * MINUTE, BEGIN + 2 * HOUR + 50 * MINUTE)
    recorded = [
        Change(
            windows=(
                a_record(1, work, BEGIN - HOUR, services=frozenset({SERVICE.id})),
                a_record(2, nightly(), BEGIN - HOUR, owners=frozenset({SERVICE.owner})),
                a_record(3, work, BEGIN - HOUR, services=frozenset({ServiceId("other")})),
                a_record(4, part, BEGIN - HOUR, labels={"check": TWO[0]}),
            ),
            corrections=(
                a_correction(1, BEGIN + HOUR, BEGIN + 2 * HOUR, Status.DOWN),
                a_correction(2, BEGIN + HOUR, BEGIN + 2 * HOUR, Status.UP, TWO[0]),
                a_correction(3, BEGIN + HOUR + MINUTE, BEGIN + 2 * HOUR, Status.UP),
                a_correction(4, BEGIN, BEGIN + HOUR, Status.DOWN),
            ),
        ),
        Change(
            corrections=(
                Withdrawal(
                    correction="c4", by="Budi", reason="salah", at=instant(BEGIN + 91 * HOUR)
                ),
            )
        ),
        Change(observations=(*one, *other)),
    ]
    paces = Paces(intervals=dict.fromkeys(TWO, MINUTE))
    asyncio.run(sealed(tmp_path / "data", recorded, paces, 4))
    return Case(tmp_path, replace(SERVICE, sla=PROMISE), paces, a_calendar(WEEK))


WHOLE = Window(BEGIN, BEGIN + 5 * HOUR)


def test_figures(case: Case) -> None:
    """It says what was verified, what is taken as given, and every figure."""
    said = program(case.bundle(WHOLE, case.checks))

    assert by_program(said) == case.by_pantau(WHOLE, case.checks)
    assert said.split("portal, ")[0].splitlines()[2:] == [
        "portal: portal-http, portal-dns; rule all, taken as given",
        "portal: its hours are taken as given",
        "portal: days of work taken as given: rule FREQ=DAILY",
    ]
    assert len(by_program(said)) == 4


def test_part_of_the_period(case: Case) -> None:
    """Of a part of the period it computes the same from the terms of the whole."""
    arguments = case.bundle(WHOLE, case.checks)
    part = Window(BEGIN + HOUR + 7, BEGIN + 3 * HOUR)
    written = "/".join(instant(each).isoformat() for each in part)

    assert by_program(program([*arguments, "--period", written])) == case.by_pantau(
        part, case.checks
    )
    case.write({**case.terms(), "until": BEGIN + 2 * HOUR})
    assert "not within that of the terms" in program([*arguments, "--period", written], code=1)


def _hidden(service: Any) -> None:
    del service["corrections"][0]


def _made_up(service: Any) -> None:
    service["corrections"].append({**service["corrections"][0], "id": "c9"})


def _withdrawn(service: Any) -> None:
    service["corrections"].append(
        {
            **service["corrections"][0],
            "id": "c4",
            "start": BEGIN,
            "end": BEGIN + HOUR,
            "at": BEGIN + 90 * HOUR + 4,
        }
    )


def _longer(service: Any) -> None:
    service["corrections"][0]["end"] += 1


def _milder(service: Any) -> None:
    service["corrections"][0]["status"] = "degraded"


def _of_a_check(service: Any) -> None:
    service["corrections"][0].update(service=None, check=TWO[0])


def _longer_work(service: Any) -> None:
    next(each for each in service["work"] if each["id"] == "w1")["end"] += 1


def _longer_nightly(service: Any) -> None:
    next(each for each in service["work"] if each["id"] == "w2")["end"] += 1


def _hidden_work(service: Any) -> None:
    service["work"] = [each for each in service["work"] if each["id"] != "w1"]


def _made_up_work(service: Any) -> None:
    service["work"].append({**service["work"][0], "id": "w9"})


def _of_others(service: Any) -> None:
    first = next(each for each in service["work"] if each["id"] == "w1")
    service["work"].append({**first, "id": "w3"})


def _of_later(service: Any) -> None:
    service["work"][0]["added_at"] += 1


@pytest.mark.parametrize(
    ("bend", "says"),
    [
        (_hidden, "correction c1: terms and ledger do not agree"),
        (_made_up, "correction c9"),
        (_withdrawn, "correction c4"),
        (_longer, "correction c1"),
        (_milder, "correction c1"),
        (_of_a_check, "correction c1"),
        (_longer_work, "planned work w1: terms and ledger do not agree"),
        (_longer_nightly, "planned work w2"),
        (_hidden_work, "planned work w1"),
        (_made_up_work, "planned work w9"),
        (_of_others, "planned work w3"),
        (_of_later, "planned work w"),
    ],
)
def test_tampered(case: Case, bend: Any, says: str) -> None:
    """Terms that say of corrections or planned work what the ledger doesn't are refused."""
    arguments, terms = case.bundle(WHOLE, case.checks), case.terms()
    bend(terms["services"][0])
    case.write(terms)

    assert says in program(arguments, code=1)


def test_work_that_was_entered_late(tmp_path: Path) -> None:
    """Work that is entered with an earlier time once its hour was sealed was not planned."""
    paces = Paces(intervals={TWO[0]: MINUTE})
    observed = Change(observations=every_minute(3, check=TWO[0]))
    asyncio.run(sealed(tmp_path / "data", [observed], paces, 2))
    late = a_record(1, once(BEGIN + HOUR, BEGIN + 2 * HOUR), BEGIN, services=frozenset({"portal"}))
    asyncio.run(sealed(tmp_path / "data", [Change(windows=(late,))], paces, 2))
    case = Case(tmp_path, SERVICE, paces, a_calendar(WEEK))

    arguments = case.bundle(Window(BEGIN, BEGIN + 3 * HOUR), case.checks)
    assert "work w1 was entered after its hour had been sealed" in program(arguments, code=1)


@pytest.mark.parametrize(
    "change",
    [
        {"rule": "most"},
        {"rule": "0"},
        {"rule": 1},
        {"rule": None},
        {"hours": [[BEGIN + 2, BEGIN + 1]]},
        {"hours": [[BEGIN + 5, BEGIN + 9], [BEGIN, BEGIN + 4]]},
        {"hours": [[BEGIN, BEGIN + 2], [BEGIN + 1, BEGIN + 4]]},
        {"hours": [[BEGIN, BEGIN + 1.5]]},
        {"hours": [[BEGIN]]},
        {"hours": "24x7"},
        {"checks": ["portal-http"]},
        {"checks": {"portal-http": None}},
        {"checks": {"nobody": {}}},
        {"owner": None, "more": 1},
        {"corrections": None},
        {"work": [{"id": "w1"}]},
    ],
)
def test_malformed(case: Case, change: Mapping[str, Any]) -> None:
    """Terms that are none are refused, and no figure is printed."""
    arguments, terms = case.bundle(WHOLE, case.checks), case.terms()
    terms["services"][0].update(change)
    case.write(terms)

    assert "NOT VERIFIED" in program(arguments, code=1)


@pytest.mark.parametrize("member", ["from", "until", "services"])
def test_incomplete(case: Case, member: str) -> None:
    """Nothing may be missing from the terms, or be there twice."""
    arguments, terms = case.bundle(WHOLE, case.checks), case.terms()
    case.write({name: value for name, value in terms.items() if name != member})
    assert "NOT VERIFIED" in program(arguments, code=1)
    case.write({**terms, "services": terms["services"] * 2})
    assert "NOT VERIFIED" in program(arguments, code=1)
    (case.home / "terms.json").write_text("{")
    assert "NOT VERIFIED" in program(arguments, code=1)
    (case.home / "terms.json").unlink()
    assert "not readable" in program(arguments, code=2)


def test_check_without_hours(case: Case) -> None:
    """Of a service with a check of which no hour was sealed no figure is printed, and it says so."""
    unseen = a_check(id=CheckId("new"), service=SERVICE.id, interval=timedelta(minutes=1))
    case.service = SERVICE
    said = program(case.bundle(WHOLE, [*case.checks, unseen]))

    assert "portal: NOT COMPUTED ANEW: no hour was sealed of new" in said
    assert by_program(said) == {}
