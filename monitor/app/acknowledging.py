"""Takes down who takes care of an incident, for the API and the commands."""

from collections.abc import Sequence

from monitor.domain.text import visible_text
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline
from monitor.engine.recorder import Recorder
from monitor.ports import Clock
from monitor.web.context import LONGEST_COMMENT, LONGEST_NAME


class Acknowledger:
    """Implements `web.context.Acknowledger`."""

    def __init__(self, board: Board, pipeline: Pipeline, recorder: Recorder, clock: Clock) -> None:
        self._board = board
        self._pipeline = pipeline
        self._recorder = recorder
        self._clock = clock

    async def acknowledge(self, name: str, by: str, comment: str) -> Sequence[str]:
        """Return the open incidents that `name` names, by id or by service. They are on disk."""
        named = [i.id for i in self._board.incidents.values() if name in (i.id, i.service)]
        by, comment = visible_text(by, LONGEST_NAME), visible_text(comment, LONGEST_COMMENT)
        for each in named:
            self._pipeline.acknowledge(each, by, comment, self._clock.now())
        if named:
            await self._recorder.drain()
        return named
