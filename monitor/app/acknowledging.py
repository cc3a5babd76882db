"""Takes down who takes care of an incident, for the API and the commands."""

from collections.abc import Sequence

from monitor.domain.incident import Incident
from monitor.domain.note import Note, NoteKind
from monitor.domain.text import visible_text
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline
from monitor.ports import Clock, Recording
from monitor.web.context import LONGEST_COMMENT, LONGEST_NAME, Said


def note_of(incident: str, kind: NoteKind, said: Said, clock: Clock) -> Note:
    """Return what was just said about an incident as a note."""
    return Note(
        incident=incident,
        kind=kind,
        by=visible_text(said.by, LONGEST_NAME),
        at=clock.now(),
        text=visible_text(said.text, LONGEST_COMMENT),
        via=said.via,
        receiver=said.receiver,
    )


class Acknowledger:
    """Implements `web.context.Acknowledger`."""

    def __init__(self, board: Board, pipeline: Pipeline, recorder: Recording, clock: Clock) -> None:
        self._board = board
        self._pipeline = pipeline
        self._recorder = recorder
        self._clock = clock

    async def acknowledge(self, name: str, said: Said) -> Sequence[str]:
        """Return the incidents that go on and that `name` names, by id or by service.

        They are on disk. Of a service that is down it is the outage, and not what else may be open.
        """
        named = _gravest([i for i in self._board.going_on() if name in (i.id, i.service)])
        for each in named:
            self._pipeline.acknowledge(note_of(each, NoteKind.ACKNOWLEDGED, said, self._clock))
        if named:
            await self._recorder.drain()
        return named


def _gravest(incidents: Sequence[Incident]) -> Sequence[str]:
    """Return the ids of those whose concern is the gravest among them."""
    gravest = min((each.concern.place for each in incidents), default=None)
    return [each.id for each in incidents if each.concern.place == gravest]
