"""Goes on where the last run ended: the same states, and a gap that stays a gap."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from monitor.domain.check import Check, CheckId
from monitor.domain.instant import instant, microseconds, span_microseconds
from monitor.domain.observation import MissedReason, MissedSlot, Status, UnknownCause
from monitor.domain.timeline import hold_limit
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline
from monitor.ports import Clock, LastSample, MarkKind, Restored


def resume(
    restored: Restored, board: Board, pipeline: Pipeline, clock: Clock, vantage: str
) -> None:
    """Bring the board and the record up to now, the start of this run.

    The board already watches what is configured. What the last run had found out is still
    confirmed, so nothing is decided again; but from its end on nothing was seen.
    """
    now = clock.now()
    recall(restored, board, pipeline)
    pipeline.keep_telling(restored.ended, now)
    if (ended := ended_at(restored)) is not None:
        pipeline.was_open(ended)
    _restore_totals(restored, board)
    checks = [watched.check for watched in board.checks()]
    lost = lost_sight(checks, restored, now)
    pipeline.mark(MarkKind.START, now, clock.epoch)
    pipeline.lose_sight(lost.items(), UnknownCause.MONITOR_STOPPED)
    pipeline.miss(
        [
            slots
            for check in checks
            if (last := restored.last_samples.get(check.id)) is not None
            and (slots := slots_missed(check, last, now, vantage)) is not None
        ]
    )


def recall(restored: Restored, board: Board, pipeline: Pipeline) -> None:
    """Know again what people are told of, and what they said. Nothing follows from it."""
    for incident in restored.incidents:
        board.put(incident)
    board.remember(restored.past)
    board.recall(restored.recent)
    pipeline.keep_silent(restored.silences)
    pipeline.keep_planned(restored.windows)


def _restore_totals(restored: Restored, board: Board) -> None:
    """Go on from the totals that were stored, and count what was seen after them."""
    for service, total in restored.service_tallies.items():
        if board.service(service) is not None:
            board.resume(service, total.at, total.microseconds, total.apart)
    for watched in board.checks():
        tally, check = watched.tally, watched.check
        if (stored := restored.tallies.get(check.id)) is not None:
            tally.microseconds.update(stored.microseconds)
            tally.apart.update(stored.apart)
            tally.seen_at = stored.at
        interval = span_microseconds(check.interval)
        for at, status in restored.later_samples.get(check.id, ()):
            if at == tally.seen_at:
                tally.status = status
            board.credit(check, tally.sample(at, status, interval))


def unchanged_since(restored: Restored, hashed: str) -> datetime | None:
    """Return since when runs before knew the configuration with this hash, None if not to the end.

    So what the files say was read then, and can't have been written later.
    """
    known = restored.configured
    return known.at if known is not None and known.hash == hashed else None


def ended_at(restored: Restored) -> datetime | None:
    """Return when the last run ended: as it recorded, or when it last saw or heard something.

    None when there was none.
    """
    seen = [last.scheduled_at for last in restored.last_samples.values()]
    heard = [push.received_at for push in restored.pushes.values()]
    return restored.stopped_at or max([*seen, *heard], default=None)


def lost_sight(
    checks: Iterable[Check], restored: Restored, now: datetime
) -> Mapping[CheckId, datetime]:
    """Return from when on nothing is known of each check that had a status.

    That is the recorded stop, or after a crash the time until which its last sample holds. A
    check whose last sample still holds was not lost.
    """
    lost: dict[CheckId, datetime] = {}
    for check in checks:
        state, last = restored.states.get(check.id), restored.last_samples.get(check.id)
        if state is None or last is None or state.status is Status.UNKNOWN:
            continue
        holds_until = microseconds(last.scheduled_at) + hold_limit(
            span_microseconds(check.interval)
        )
        at = min(restored.stopped_at or now, instant(holds_until))
        if at < now:
            lost[check.id] = at
    return lost


def slots_missed(check: Check, last: LastSample, now: datetime, vantage: str) -> MissedSlot | None:
    """Return the slots between the last sample and `now`, or None when there is none."""
    count = (now - last.scheduled_at) // check.interval
    if count < 1:
        return None
    return MissedSlot(
        check_id=check.id,
        vantage=vantage,
        epoch=last.epoch,
        scheduled_at=last.scheduled_at + check.interval,
        reason=MissedReason.STOPPED,
        count=count,
    )
