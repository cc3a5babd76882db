"""A receiver that is away for six hours misses nothing, though the monitor is killed twenty times."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.instant import microseconds
from tests.daemon import ROOT
from tests.fakes import NOON
from tests.integration.alerting.outage import BACK_AT, MINUTE, check_id, outages
from tests.record import DELIVERED, SUPERSEDED, Record

SECONDS = 300  # of a machine that has other things to do; by itself it takes ten


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the outbox; times are seconds since the beginning."""

    id: str
    receiver: str
    kind: str
    incident: str
    occurred_at: str
    state: int
    created_at: float
    settled_at: float | None
    detail: str


class Story:
    """All that happened: what the database holds, and what the receivers saw."""

    def __init__(self, folder: Path) -> None:
        record = Record(folder)
        lines = [json.loads(line) for line in (folder / "journal").read_text().splitlines()]
        self.deaths = sum("died" in line for line in lines)
        self.attempts = [line for line in lines if "receiver" in line]
        self.rows = {row.id: row for row in _rows(record)}
        self.changes = {
            (incident.id, kind, _seconds(at), incident.service)
            for incident in record.incidents()
            for kind, at in (
                ("alert.firing", incident.started_at),
                ("alert.resolved", incident.ended_at),
            )
        }

    def taken(self, receiver: str) -> list[dict]:
        """Return what a receiver took, each message once, in order."""
        own = [each for each in self.attempts if each["receiver"] == receiver and each["took"]]
        return list({each["id"]: each for each in reversed(own)}.values())[::-1]

    def told(self, receiver: str, incident: str, kind: str) -> dict | None:
        """Return the message by which a receiver learnt of a change: its own, or one that stands
        for it.
        """
        [row] = [
            row
            for row in self.rows.values()
            if (row.receiver, row.incident, row.kind) == (receiver, incident, kind)
        ]
        while row.state == SUPERSEDED:
            row = self.rows[row.detail]
        if row.state != DELIVERED:
            return None
        return next((each for each in self.taken(receiver) if each["id"] == row.id), None)


def _rows(record: Record) -> list[Row]:
    found = record.rows(
        "SELECT id, receiver, alert, state, created_at, settled_at, detail FROM outbox"
    )
    rows = []
    for row_id, receiver, text, state, created_at, settled_at, detail in found:
        alert = json.loads(text)
        rows.append(
            Row(
                id=row_id,
                receiver=receiver,
                kind=alert["type"],
                incident=(alert["incident"] or {}).get("id", ""),
                occurred_at=alert["occurred_at"],
                state=state,
                created_at=_seconds(created_at),
                settled_at=settled_at and _seconds(settled_at),
                detail=detail,
            )
        )
    return rows


def _seconds(at: int) -> float:
    return (at - microseconds(NOON)) / 1e6


@pytest.fixture(scope="module")
def story(tmp_path_factory) -> Story:
    folder = tmp_path_factory.mktemp("outage")
    command = [sys.executable, "-m", "tests.integration.alerting.outage", str(folder), "1"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return Story(folder)


def test_it_was_hard_enough(story):
    """There were 200 changes of 50 checks, of which 160 came in pairs while the receiver was away,
    and 20 deaths.
    """
    gone = [each for each in outages() if each.ended * MINUTE < BACK_AT]

    assert story.deaths == 20
    assert len({each.check for each in outages()}) == 50
    assert (len(outages()), len(gone)) == (100, 80)


def test_no_change_is_lost(story):
    """Each of 200 changes of status is one change in the record, at the minute when it was seen."""
    services = Counter(service for _, _, _, service in story.changes)

    assert len(story.changes) == 200
    assert services == {check_id(n): 2 * c for n, c in Counter(o.check for o in outages()).items()}


@pytest.mark.parametrize("receiver", ["ill", "well"])
def test_every_change_is_told(receiver, story):
    """All 200 changes are told: by a message of their own, or by one that stands for it and says
    so; every row is settled, and nothing else was told.
    """
    untold = [
        (incident, kind)
        for incident, kind, _, _ in story.changes
        if story.told(receiver, incident, kind) is None
    ]
    bodies = [json.loads(each["body"]) for each in story.taken(receiver)]
    merged = sum(body.get("firing_undelivered", False) for body in bodies)
    own = [body for body in bodies if body["type"] != "self.undelivered"]

    assert untold == []
    assert len(own) + merged == 200
    assert {row.state for row in story.rows.values()} <= {DELIVERED, SUPERSEDED}
    assert all(row.settled_at is not None for row in story.rows.values())


def test_told_with_the_time_when_it_happened(story):
    """A message says when its change happened, and the record when the message arrived."""
    for incident, kind, at, _ in story.changes:
        message = story.told("ill", incident, kind)
        body, row = json.loads(message["body"]), story.rows[message["id"]]
        own = body["incident"]["started_at" if kind == "alert.firing" else "ended_at"]

        assert own == _utc(at)
        assert body["occurred_at"] == _utc(_seconds_of(body))
        assert 0 <= row.settled_at - message["at"] <= 5 * MINUTE


def _seconds_of(body: dict) -> float:
    happened = body["incident"]["ended_at"] or body["incident"]["started_at"]
    return (datetime.fromisoformat(happened) - NOON).total_seconds()


def _utc(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def test_in_order(story):
    """Messages about an incident arrive in the order in which it went."""
    for receiver in ("ill", "well"):
        seen: dict[str, list[str]] = {}
        for each in story.taken(receiver):
            body = json.loads(each["body"])
            if body["incident"]:
                seen.setdefault(body["incident"]["id"], []).append(body["type"])
        both = ["alert.firing", "alert.resolved"]

        assert len(seen) == 100
        assert all(kinds in (both, both[1:]) for kinds in seen.values())


def test_the_dead_endpoint_is_left_alone(story):
    """In six hours the endpoint sees 40 attempts at most, and a death costs none of the patience."""
    vain = [each for each in story.attempts if each["receiver"] == "ill" and not each["took"]]

    assert 20 <= len(vain) <= 40


def test_all_is_told_soon_after_the_return(story):
    """The first success comes within 15 minutes of the return, and all that waited in the next 60 s."""
    taken = story.taken("ill")
    first = taken[0]["at"]
    late = [each["at"] - max(first, story.rows[each["id"]].created_at) for each in taken]

    assert first - BACK_AT <= 15 * MINUTE
    assert max(late) <= 60


def test_the_healthy_one_waits_for_nothing(story):
    """The other receiver has 99 of 100 messages within five seconds of their being due."""
    waits = sorted(each["at"] - story.rows[each["id"]].created_at for each in story.taken("well"))

    assert waits[int(len(waits) * 0.99) - 1] <= 5


def test_at_most_one_repeat_a_death(story):
    """What is told twice is told twice because of a death, word for word."""
    taken = [each for each in story.attempts if each["took"]]
    bodies: dict[str, set[str]] = {}
    for each in story.attempts:
        bodies.setdefault(each["id"], set()).add(each["body"])

    assert len(taken) - len({each["id"] for each in taken}) <= story.deaths
    assert all(len(each) == 1 for each in bodies.values())


def test_somebody_hears_of_it(story):
    """That a receiver has been failing for long is told to another one."""
    heard = [json.loads(each["body"])["type"] for each in story.taken("well")]

    assert "self.undelivered" in heard
