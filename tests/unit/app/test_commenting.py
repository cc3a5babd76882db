"""What people say of incidents, taken down."""

from datetime import timedelta

import pytest

from monitor.app.commenting import MOST_NOTES, Commenter
from monitor.domain.incident import Incident
from monitor.domain.note import Note, NoteKind, Via
from monitor.domain.service import ServiceId
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline
from monitor.ports import Change
from monitor.web.context import Said, TooManyNotes
from tests.fakes import NOON, FakeClock

SAID = Said(by="Rina\n", text="Kabel putus", via=Via.API)


class Recorded:
    """Keeps changes, and counts the notes of incidents as the store does."""

    def __init__(self, **counted: int) -> None:
        self.changes: list[Change] = []
        self.drained = 0
        self.counted = counted

    def record(self, change: Change) -> None:
        self.changes.append(change)

    async def drain(self) -> None:
        self.drained = len(self.changes)

    async def notes_about(self, incident: str) -> int | None:
        return self.counted.get(incident)


def commenter(recorded, *open_ones) -> Commenter:
    board = Board()
    for each in open_ones:
        board.put(each)
    clock = FakeClock(NOON)
    return Commenter(board, Pipeline(board, recorded, "balaikota"), recorded, clock, recorded)


def an_incident(name="INC1") -> Incident:
    began = NOON - timedelta(hours=1)
    return Incident(id=name, service=ServiceId("portal"), started_at=began, checks=())


@pytest.mark.parametrize("name", ["INC1", "portal"])
async def test_a_comment_is_on_disk(name):
    """A comment on an open incident, by its id or its service, is on disk when it is answered."""
    recorded = Recorded(INC1=0)
    found = await commenter(recorded, an_incident()).comment(name, SAID)

    note = Note(
        incident="INC1",
        kind=NoteKind.COMMENT,
        by="Rina ",
        at=NOON,
        text="Kabel putus",
        via=Via.API,
    )
    assert list(found) == ["INC1"]
    assert recorded.changes == [Change(notes=(note,))]
    assert recorded.drained == 1


async def test_a_comment_on_what_is_over():
    """An incident that is over is commented by its id; a service that is well has none."""
    recorded = Recorded(INC0=3)
    taker = commenter(recorded)

    assert list(await taker.comment("INC0", SAID)) == ["INC0"]
    assert list(await taker.comment("portal", SAID)) == []
    assert len(recorded.changes) == 1


async def test_notes_have_a_bound():
    """A thousand notes are kept of an incident; the next comment is refused, and nothing written."""
    recorded = Recorded(INC1=MOST_NOTES - 1)
    taker = commenter(recorded, an_incident())
    await taker.comment("INC1", SAID)
    recorded.counted["INC1"] = MOST_NOTES

    with pytest.raises(TooManyNotes, match="INC1: 1000 notes"):
        await taker.comment("INC1", SAID)
    assert len(recorded.changes) == 1
