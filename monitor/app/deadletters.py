"""Shows messages that were given up, and has them sent, for the API and the commands."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from monitor.domain.deadletter import DeadLetter, LettersSought, Retry, obstacles
from monitor.domain.text import visible_text
from monitor.engine.pipeline import Pipeline
from monitor.ports import Clock, Recording
from monitor.web.context import LONGEST_NAME, LettersShown, Retried

_UNKNOWN = "no message of this id was given up"
_OVERTAKEN = "a later message about the same incident came in between"


class KnownLetters(Protocol):
    """What the store knows of messages that were given up."""

    async def dead_letters(self, sought: LettersSought) -> Sequence[DeadLetter]: ...


class DeadLetters:
    """Implements `web.context.DeadLetters`.

    `reopen` is told of receivers just before messages to them wait again.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        recorder: Recording,
        clock: Clock,
        known: KnownLetters,
        reopen: Callable[[Collection[str]], None],
    ) -> None:
        self._pipeline = pipeline
        self._recorder = recorder
        self._clock = clock
        self._known = known
        self._reopen = reopen

    async def letters(self, sought: LettersSought) -> LettersShown:
        """Return the messages that are looked for, and why some can't be sent any more."""
        letters = await self._known.dead_letters(sought)
        why = obstacles(letters, self._pipeline.addressees, self._clock.now())
        return LettersShown(letters=letters, obstacles=why)

    async def retry(self, ids: Sequence[str], by: str) -> Retried:
        """Have these messages sent, but for those that can't be. That is on disk."""
        shown = await self.letters(LettersSought(ids=tuple(ids)))
        letters = [each for each in shown.letters if each.id not in shown.obstacles]
        there = {each.id for each in shown.letters}
        refused = {each: _UNKNOWN for each in ids if each not in there} | dict(shown.obstacles)
        if letters:
            refused |= await self._sent_again(letters, by)
        accepted = [each.id for each in letters if each.id not in refused]
        return Retried(ids=accepted, refused=refused)

    async def _sent_again(self, letters: Sequence[DeadLetter], by: str) -> dict[str, str]:
        """Let `letters` wait again; return those that the store found overtaken."""
        at, by = self._clock.now(), visible_text(by, LONGEST_NAME)
        # First, or the courier of an endpoint that wanted no more gives them up at once.
        self._reopen({each.receiver for each in letters})
        self._pipeline.retry([Retry(row_id=each.id, by=by, at=at) for each in letters])
        await self._recorder.drain()
        asked = LettersSought(ids=tuple(each.id for each in letters))
        dead = await self._known.dead_letters(asked)
        still = [each.id for each in dead if each.retried is None or each.retried.at < at]
        return dict.fromkeys(still, _OVERTAKEN)
