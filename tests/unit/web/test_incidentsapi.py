"""Incidents over HTTP."""

import json
from datetime import UTC, datetime

import pytest

from monitor.domain.incident import Acknowledgement, Hold, HoldReason
from monitor.domain.note import Note, NoteKind, Via
from monitor.ports import Sought, StoreError, Story
from monitor.web.app import create_app
from monitor.web.credentials import Authenticator
from tests.unit.metrics.board import NOON
from tests.unit.web.asking import FakeArchive, a_context, ask
from tests.unit.web.test_acklinks import INCIDENT, replace

STORY = Story(
    incident=replace(
        INCIDENT,
        receivers=("oncall",),
        hold=Hold(reason=HoldReason.SILENCE, by="k3q7", until=NOON),
        acknowledged=Acknowledgement(by="Rina", at=NOON, comment="Di jalan"),
    ),
    notes=(
        Note(incident="INC1", kind=NoteKind.COMMENT, by="Budi", at=NOON, text="Kabel", via=Via.API),
    ),
)


async def asked(path, query="", archive=None):
    archive = archive or FakeArchive({"INC1": STORY})
    app = create_app(a_context(archive=archive), Authenticator({}))
    answer = await ask(app, "GET", f"/api/v1/incidents{path}", query=query)
    return answer.status, json.loads(answer.text), archive


async def test_a_story():
    """Of an incident its checks, why nobody was told, who takes care and every note are given."""
    status, answer, _ = await asked("/INC1")

    assert status == 200
    assert answer["service"] == "sigap"
    assert answer["started_at"] == "2026-11-01T11:30:00+00:00"
    assert answer["ended_at"] is None
    assert answer["told"] == ["oncall"]
    assert answer["checks"][0]["failure"] == {
        "kind": "connect_refused",
        "detail": "10.0.0.9:443: refused",
    }
    assert answer["hold"] == {"reason": "silence", "by": "k3q7", "until": NOON.isoformat()}
    assert answer["acknowledged"] == {"by": "Rina", "at": NOON.isoformat(), "comment": "Di jalan"}
    assert [(note["by"], note["text"], note["via"]) for note in answer["notes"]] == [
        ("Budi", "Kabel", "api")
    ]


async def test_there_is_no_such_incident():
    """An id that nothing has is not found, and the answer names it on one line."""
    status, answer, _ = await asked("/NO\nTHING")

    assert (status, answer["detail"]) == (404, "NO THING: there is no such incident")


async def test_what_is_asked_for_is_looked_for():
    """Parameters say which incidents are wanted; a time without a zone is UTC."""
    query = (
        "open=true&service=sigap&service=portal&from=2026-11-01T00:00:00&to=2026-12-01T08:00:00Z"
        "&limit=1&before=INC0"
    )
    status, answer, archive = await asked("", query)

    assert status == 200
    assert [each["id"] for each in answer["incidents"]] == ["INC1"]
    assert answer["before"] == "INC1"
    assert archive.sought == [
        Sought(
            limit=1,
            is_open=True,
            services=frozenset({"sigap", "portal"}),
            start=datetime(2026, 11, 1, tzinfo=UTC),
            end=datetime(2026, 12, 1, 8, tzinfo=UTC),
            before="INC0",
        )
    ]


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("limit=0", "limit: 0 is not between 1 and 1000"),
        ("limit=x", "limit: 'x' is no whole number"),
        ("from=kemarin", "from: 'kemarin' is no time"),
        ("to=0001-01-01", "to: '0001-01-01' is too far from now"),
        ("open=ya", "open: 'ya' is neither true nor false"),
        ("opne=true", "'opne': unknown parameter; did you mean 'open'?"),
        (f"before={'A' * 65}", "before: it has 65 characters: 64 at most"),
    ],
)
async def test_what_cannot_be_asked(query, complaint):
    """A parameter that is unknown or out of bounds is refused in our own words, by its name, with
    what would be right.
    """
    status, answer, archive = await asked("", query)

    assert (status, archive.sought) == (400, [])
    assert answer["detail"].startswith(f"{complaint}; ask as in ?open=true")


async def test_a_plus_in_a_time():
    """The plus of a zone may stand in a query as it is."""
    _, _, archive = await asked("", "from=2026-11-01T08:00:00+08:00")

    assert archive.sought[0].start == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize("path", ["", "/INC1"])
async def test_a_database_that_cannot_be_read(path):
    """While the record can't be read the answer is 503 and says why."""
    status, answer, _ = await asked(path, archive=FakeArchive(error=StoreError("disk I/O error")))

    assert (status, answer) == (503, {"detail": "disk I/O error"})
