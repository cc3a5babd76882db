"""Sends signs of life, for as long as there is life."""

from datetime import timedelta

from monitor.domain.signoflife import SignOfLife
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline
from monitor.engine.recorder import Recorder
from monitor.ports import Change, Clock

# A probe takes a while, and starts a little off its slot.
_LEEWAY = timedelta(seconds=15)


class Heart:
    """Called while the loop turns and the scheduler fires; beats if probes really end as well."""

    def __init__(self, board: Board, pipeline: Pipeline, recorder: Recorder, clock: Clock) -> None:
        self._board = board
        self._pipeline = pipeline
        self._recorder = recorder
        self._clock = clock
        self._turn: int | None = None
        self.plan: SignOfLife | None = None

    def beat(self) -> None:
        """Send a sign of life if it is time for one, and checks are probed as they should be."""
        plan = self.plan
        if plan is None:
            return
        now = self._clock.now()
        turn = plan.turn(now)
        if turn == self._turn or not self._is_probing():
            return
        self._turn = turn
        self._recorder.record(
            Change(
                notifications=plan.notifications(now),
                forgotten_notifications=plan.outdated(now),
            )
        )

    def _is_probing(self) -> bool:
        """Say whether a probe ended within two of the shortest intervals, if there are checks."""
        shortest = min((each.check.interval for each in self._board.checks()), default=None)
        if shortest is None:
            return True
        last = self._pipeline.last_recorded_at
        return last is not None and self._clock.now() - last <= 2 * shortest + _LEEWAY
