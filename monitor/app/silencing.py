"""Takes down what nobody is to hear of for a while, for the API and the commands."""

from collections.abc import Sequence
from datetime import timedelta

from monitor.domain.alert import Match
from monitor.domain.silence import Silence, silence_id
from monitor.domain.text import visible_text
from monitor.engine.pipeline import Pipeline
from monitor.ports import Clock, Recording
from monitor.web.context import LONGEST_COMMENT, LONGEST_NAME, TooManySilences

# No more of them come back after a restart, and each is held against every outage.
MOST_SILENCES = 1_000


class Silencer:
    """Implements `web.context.Silencer`. What it returns is on disk."""

    def __init__(self, pipeline: Pipeline, recorder: Recording, clock: Clock) -> None:
        self._pipeline = pipeline
        self._recorder = recorder
        self._clock = clock

    def silences(self) -> Sequence[Silence]:
        """Return those in force, in order of their end."""
        return self._pipeline.silences(self._clock.now())

    async def add(self, match: Match, length: timedelta, by: str, comment: str) -> Silence:
        """Have nobody told of what `match` names for `length` from now on.

        Raise TooManySilences.
        """
        if len(self.silences()) >= MOST_SILENCES:
            raise TooManySilences(
                f"{MOST_SILENCES} silences are in force, and no more are taken: lift some, or let "
                "one name an owner or a label"
            )
        now = self._clock.now()
        silence = Silence(
            id=silence_id(match, by, now),
            match=match,
            at=now,
            until=now + length,
            by=visible_text(by, LONGEST_NAME),
            comment=visible_text(comment, LONGEST_COMMENT),
        )
        self._pipeline.silence(silence)
        await self._recorder.drain()
        return silence

    async def lift(self, silence_id: str, by: str) -> bool:
        """End a silence before its time; return False when none of that id is in force."""
        found = next((each for each in self.silences() if each.id == silence_id), None)
        if found is None:
            return False
        self._pipeline.silence(found.lifted(visible_text(by, LONGEST_NAME), self._clock.now()))
        await self._recorder.drain()
        return True
