"""Takes down what people say of an incident, for the API, the commands and the links."""

from collections.abc import Sequence
from typing import Protocol

from monitor.app.acknowledging import note_of
from monitor.domain.note import NoteKind
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline
from monitor.ports import Clock, Recording
from monitor.web.context import Said, TooManyNotes

# A link lets whoever has it write; the database must not fill up with that.
MOST_NOTES = 1_000


class KnownIncidents(Protocol):
    """What the store knows of incidents, ended ones as well."""

    async def notes_about(self, incident: str) -> int | None:
        """Return how many notes there are about an incident, None where there is no incident."""


class Commenter:
    """Implements `web.context.Commenter`."""

    def __init__(
        self,
        board: Board,
        pipeline: Pipeline,
        recorder: Recording,
        clock: Clock,
        known: KnownIncidents,
    ) -> None:
        self._board = board
        self._pipeline = pipeline
        self._recorder = recorder
        self._clock = clock
        self._known = known

    async def comment(self, name: str, said: Said) -> Sequence[str]:
        """Return the incidents that `name` names: by id, also once it has ended, or by service
        while it is down. What was said of them is on disk. Raise TooManyNotes.
        """
        open_ones = self._board.incidents.values()
        named = [each.id for each in open_ones if name in (each.id, each.service)]
        named = named or ([name] if await self._known.notes_about(name) is not None else [])
        for each in named:
            if (await self._known.notes_about(each) or 0) >= MOST_NOTES:
                raise TooManyNotes(f"{each}: {MOST_NOTES} notes are kept of one incident")
        for each in named:
            self._pipeline.comment(note_of(each, NoteKind.COMMENT, said, self._clock))
        if named:
            await self._recorder.drain()
        return named
