"""Passive checks: what is pushed to us, and what it means that nothing is.

A push is stored before it is acknowledged. Its check is judged at once, and again on every slot;
what nobody can say yet of a slot is decided later, and recorded for that slot all the same.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from monitor.checktype import PushForm, Silence, Verdict
from monitor.domain.check import CheckId
from monitor.domain.instant import instant, microseconds
from monitor.domain.observation import Observation, UnknownCause
from monitor.domain.push import Arrival, Gap, Push, Signal, follow_push
from monitor.engine.clock import Timeline
from monitor.engine.pipeline import Pipeline
from monitor.engine.runner import Bound
from monitor.engine.timetable import Due
from monitor.ports import Change, MarkKind, Store

log = structlog.get_logger()

# Whoever pushes waits for about so long; the kernel takes the connection while we are paused.
_PATIENCE = timedelta(seconds=5)
_GAPS = 64
_UNDECIDED = 10_000
Judge = Callable[[Any, Silence], Verdict | None]
_GAP_CAUSES = {
    MarkKind.PAUSE: UnknownCause.OVERLOADED,
    MarkKind.CLOCK_STEP: UnknownCause.CLOCK_STEP,
    MarkKind.SELF_OFFLINE: UnknownCause.SELF_OFFLINE,
}


@dataclass(slots=True, kw_only=True)
class _Listener:
    """A passive check. `undecided` are the slots of which nobody could say anything yet."""

    bound: Bound
    since: datetime
    last: Push | None
    undecided: list[int]


class Pushes:
    """Owns what was pushed last to each passive check, and the times when nobody could reach us.

    Calls to it do not overlap, but for the waiting for the store.
    """

    def __init__(self, *, clock: Timeline, pipeline: Pipeline, store: Store, vantage: str) -> None:
        self._clock = clock
        self._pipeline = pipeline
        self._store = store
        self._vantage = vantage
        self._listeners: dict[CheckId, _Listener] = {}
        self._by_token: dict[bytes, CheckId] = {}
        self._restored: Mapping[CheckId, Push] = {}
        self._gaps: list[Gap] = []

    def restore(self, pushes: Mapping[CheckId, Push], stopped_at: datetime | None) -> None:
        """Go on where the last run ended. From `stopped_at` until now nobody could reach us.

        None when nothing is known of an earlier run.
        """
        self._restored = pushes
        now = self._clock.now()
        if stopped_at is not None and stopped_at < now:
            self._gaps.append(Gap(stopped_at, now, UnknownCause.MONITOR_STOPPED))

    def replace(self, bounds: Iterable[Bound]) -> None:
        """Listen for exactly those of `bounds` that are passive. One that stays keeps its past."""
        old, now = self._listeners, self._clock.now()
        self._listeners = {
            bound.check.id: self._listener(bound, old.get(bound.check.id), now)
            for bound in bounds
            if bound.kind.judge_silence is not None
        }
        self._restored = {}
        self._by_token = {
            _digest(token.reveal()): check_id
            for check_id, listener in self._listeners.items()
            if listener.bound.kind.push is PushForm.SIGNALS
            and (token := listener.bound.spec.push_token()) is not None
        }

    def look(self, due: Due) -> bool:
        """Judge a check on its slot. Return False when it is not a passive one."""
        listener = self._listeners.get(due.check_id)
        if listener is None:
            return False
        self._judge(listener, due.at, due.attempt)
        return True

    def marked(self, kind: MarkKind, at: datetime) -> None:
        """Take note of an event of the monitor itself: from `at` on nobody could reach us.

        From SELF_ONLINE on they can again.
        """
        now = self._clock.now()
        if kind is MarkKind.SELF_ONLINE:
            self._gaps = [gap if gap.end else replace(gap, end=at) for gap in self._gaps]
        elif kind is MarkKind.SELF_OFFLINE:
            self._gaps.append(Gap(at, None, _GAP_CAUSES[kind]))
        elif kind is MarkKind.CLOCK_STEP:
            self._gaps.append(Gap(min(at, now), now, _GAP_CAUSES[kind]))
            for listener in self._listeners.values():
                listener.undecided.clear()
        elif kind is MarkKind.PAUSE and now - at > _PATIENCE:
            self._gaps.append(Gap(at, now, _GAP_CAUSES[kind]))
        del self._gaps[:-_GAPS]

    def owner(self, token: str) -> CheckId | None:
        """Return the check whose secret URL has this token, or None.

        Tokens are compared by their hash, in a time that does not tell how near one came.
        """
        return self._by_token.get(_digest(token))

    def proves(self, check_id: CheckId, token: str) -> bool | None:
        """Say whether `token` is that of a check that takes results. None: it has no token."""
        listener = self._listeners.get(check_id)
        own = None if listener is None else listener.bound.spec.push_token()
        if own is None or listener is None or listener.bound.kind.push is not PushForm.RESULTS:
            return None
        return hmac.compare_digest(_digest(own.reveal()), _digest(token))

    def is_passive(self, check_id: CheckId) -> bool:
        """Say whether a check is told how it fares, and dials nothing."""
        return check_id in self._listeners

    def names(self, check_id: CheckId) -> frozenset[str] | None:
        """Return what a result of a check may measure, None when it takes no results."""
        listener = self._listeners.get(check_id)
        if listener is None or listener.bound.kind.push is not PushForm.RESULTS:
            return None
        spec: Any = listener.bound.spec
        names: frozenset[str] = spec.pushed_names()
        return names

    async def take(self, check_id: CheckId, arrival: Arrival) -> bool:
        """Take in a push, and return once it is on disk. Raise StoreError if that can't be.

        Return whether it was news: a result that was known, or is from before this run, is not.
        """
        listener = self._listeners.get(check_id)
        if listener is None:
            return False
        if arrival.signal is Signal.RESULT and (late := self._not_newer(listener, arrival)):
            await self._complete(listener, arrival, late)
            return False
        listener.last = push = follow_push(check_id, listener.last, arrival)
        self._judge(listener, microseconds(arrival.at), attempt=1)
        await self._store.commit(Change(pushes=(push,)))
        return True

    def _listener(self, bound: Bound, old: _Listener | None, now: datetime) -> _Listener:
        if old is not None:
            return _Listener(bound=bound, since=old.since, last=old.last, undecided=old.undecided)
        last = self._restored.get(bound.check.id)
        return _Listener(bound=bound, since=now, last=last, undecided=[])

    def _judge(self, listener: _Listener, at: int, attempt: int) -> None:
        """Decide what can be decided, oldest first, and record it."""
        slots, listener.undecided = listener.undecided, []
        for slot in slots:
            self._settle(listener, slot, 0)
        self._settle(listener, at, attempt)
        del listener.undecided[:-_UNDECIDED]

    def _settle(self, listener: _Listener, at: int, attempt: int) -> None:
        check_id, now = listener.bound.check.id, self._clock.now()
        verdict = self._verdict(listener, instant(at), max(now, instant(at)))
        if verdict is None:
            if attempt == 0:
                listener.undecided.append(at)
            self._pipeline.wait_for(check_id)
            return
        began = verdict.began
        if began is not None and self._is_unseen(check_id, began, at):
            self._record(listener, verdict, microseconds(began), 1)
        self._record(listener, verdict, at, attempt)

    def _verdict(self, listener: _Listener, at: datetime, now: datetime) -> Verdict | None:
        judge: Judge | None = listener.bound.kind.judge_silence
        silence = Silence(
            check_id=listener.bound.check.id,
            last=listener.last,
            gaps=tuple(self._gaps),
            since=listener.since,
            at=at,
            now=now,
        )
        return judge(listener.bound.spec, silence) if judge else None

    def _is_unseen(self, check_id: CheckId, began: datetime, at: int) -> bool:
        """Say whether no sample is later than `began`, so that one may be dated back to it."""
        seen_at = self._pipeline.seen_at(check_id)
        if began < self._clock.epoch_began or microseconds(began) >= at:
            return False
        return seen_at is None or seen_at < microseconds(began)

    def _record(self, listener: _Listener, verdict: Verdict, at: int, attempt: int) -> None:
        run = None if listener.last is None else listener.last.run
        self._pipeline.record(
            Observation(
                check_id=listener.bound.check.id,
                vantage=self._vantage,
                epoch=self._clock.epoch,
                scheduled_at=instant(at),
                attempt=attempt,
                started_at=self._clock.now(),
                duration=run or timedelta(0),
                outcome=verdict.outcome,
            )
        )

    def _not_newer(self, listener: _Listener, arrival: Arrival) -> str:
        """Return why a result decides nothing any more, "" when it does."""
        if arrival.at < self._clock.epoch_began:
            return "before"
        last = listener.last
        if last is not None and last.ended_at is not None and arrival.at <= last.ended_at:
            return "known" if arrival.at == last.ended_at else "older"
        return ""

    async def _complete(self, listener: _Listener, arrival: Arrival, why: str) -> None:
        """Add an older result to the record, where it changes what was and not what is."""
        if why != "older":
            return
        check_id = listener.bound.check.id
        told = follow_push(check_id, None, arrival)
        alone = replace(listener, last=told)
        verdict = self._verdict(alone, arrival.at, arrival.at)
        if verdict is None:
            return
        observation = Observation(
            check_id=check_id,
            vantage=self._vantage,
            epoch=self._clock.epoch,
            scheduled_at=arrival.at,
            attempt=1,
            started_at=self._clock.now(),
            duration=timedelta(0),
            outcome=verdict.outcome,
        )
        await self._store.commit(Change(observations=(observation,)))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
