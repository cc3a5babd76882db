"""Follows what ends on a known day: from the first stage on, until it is renewed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from monitor.domain.check import Affects, Check, CheckId
from monitor.domain.expiry import Expiry, expiries
from monitor.domain.incident import AffectedCheck, Concern, Incident, incident_id
from monitor.domain.observation import Failure, FailureKind, Observation, Status
from monitor.engine.board import Board

log = structlog.get_logger()

_TOLD_AS_DOWN = {FailureKind.EXPIRES_SOON, FailureKind.TLS_EXPIRED}


class Expiries:
    """Keeps the board's incidents of certificates and domains in step with what probes see.

    A target may have several servers with different certificates, of which a probe sees one: so
    only what several probes in a row did not see, which did not fail, was replaced. What comes
    back after all goes on with the stages that it has.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._unseen: Counter[tuple[str, CheckId]] = Counter()
        self._replaced: dict[tuple[str, str], Incident] = {}

    def follow(
        self, check: Check, seen: Observation, stages: Sequence[int]
    ) -> tuple[Incident, ...]:
        """Return the incidents that a probe began, joined or ended, as they are now."""
        known = self._board.expiring_things(check.service, check.affects)
        found = expiries(seen.outcome, check)
        if check.affects is Affects.NONE or not found:
            return ()
        at = seen.scheduled_at
        open_ones = {each.expiry.mark: each for each in known if each.expiry is not None}
        near = [each for each in found if each.stage(stages, at) is not None]
        changed = [
            *(self._seen(check, open_ones[e.mark], at) for e in found if e.mark in open_ones),
            *(
                self._begun(check, e, at)
                for e in near
                if e.mark not in open_ones and not _is_told_as_down(seen)
            ),
            *(() if seen.sample is Status.DOWN else self._left(check, known, found, at)),
        ]
        return self._put(changed)

    def drop_gone(self, now: datetime) -> tuple[Incident, ...]:
        """Return the incidents that end since no check is configured any more that sees them."""
        open_ones = [i for i in self._board.incidents.values() if i.concern is Concern.EXPIRY]
        return self._put([_without(each, self._gone(each), now) for each in open_ones])

    def _gone(self, incident: Incident) -> set[CheckId]:
        return {each.id for each in incident.checks if each.id not in self._board}

    def _put(self, changed: Iterable[Incident | None]) -> tuple[Incident, ...]:
        found = tuple(each for each in changed if each is not None)
        for each in found:
            self._board.put(each)
            log.info(
                "incident.changed",
                change="opened" if each.ended_at is None else "closed",
                concern=each.concern,
                incident=each.id,
                service=each.service,
            )
        return found

    def _seen(self, check: Check, incident: Incident, at: datetime) -> Incident | None:
        """Return an incident that `check` joins; None if it sees no more than before."""
        self._unseen.pop((incident.id, check.id), None)
        if any(each.id == check.id and each.until is None for each in incident.checks):
            return None
        others = tuple(each for each in incident.checks if each.id != check.id)
        return replace(incident, checks=(*others, _affected(check, incident.expiry, at)))

    def _begun(self, check: Check, expiry: Expiry, at: datetime) -> Incident:
        """Return a new incident, or the former one of what had been replaced and is back."""
        checks = (_affected(check, expiry, at),)
        former = self._replaced.pop((check.service, expiry.mark), None)
        if former is not None and former.affects is check.affects:
            return replace(former, ended_at=None, receivers=(), checks=checks)
        began, taken = at, self._board.past
        while (found := _id(check, expiry, began)) in taken:
            began += timedelta(microseconds=1)
        return Incident(
            id=found,
            service=check.service,
            affects=check.affects,
            concern=Concern.EXPIRY,
            started_at=began,
            checks=checks,
            news_since=at,
            expiry=expiry,
        )

    def _left(
        self, check: Check, known: Sequence[Incident], found: Sequence[Expiry], at: datetime
    ) -> Iterator[Incident | None]:
        """Yield the incidents of what `check` does not see any more."""
        marks = {each.mark for each in found}
        until = max(each.expires_at for each in found)
        for incident in known:
            if incident.expiry is None or incident.expiry.mark in marks:
                continue
            if all(each.id != check.id or each.until is not None for each in incident.checks):
                continue
            if any(each.of is incident.expiry.of for each in found):
                yield self._unseen_again(check, incident, until, at)

    def _unseen_again(
        self, check: Check, incident: Incident, until: datetime, at: datetime
    ) -> Incident | None:
        key = incident.id, check.id
        self._unseen[key] += 1
        if self._unseen[key] < max(2, check.success_threshold):
            return None
        del self._unseen[key]
        assert incident.expiry is not None, "only what expires is followed here"  # noqa: S101
        incident = replace(incident, expiry=replace(incident.expiry, until=until))
        changed = _without(incident, {check.id}, at)
        if changed is not None and changed.ended_at is not None:
            self._keep(changed, at)
        return changed

    def _keep(self, incident: Incident, now: datetime) -> None:
        """Remember what was replaced until its end: it may be seen again."""
        self._replaced = {
            key: each
            for key, each in self._replaced.items()
            if each.expiry is not None and each.expiry.expires_at > now
        }
        if incident.expiry is not None:
            self._replaced[incident.service, incident.expiry.mark] = incident


def _without(incident: Incident, gone: set[CheckId], at: datetime) -> Incident | None:
    """Return an incident without these checks: over when none is left. None if nothing changes."""
    checks = tuple(
        replace(each, until=max(at, each.since)) if each.id in gone and not each.until else each
        for each in incident.checks
    )
    if checks == incident.checks:
        return None
    if any(each.until is None for each in checks):
        return replace(incident, checks=checks)
    ended_at = max(at, incident.started_at)
    return replace(incident, checks=checks, ended_at=ended_at, news_since=at)


def _is_told_as_down(seen: Observation) -> bool:
    """Say whether the check fails for that reason: then it is told as an outage."""
    failure = seen.outcome.failure
    return seen.sample is Status.DOWN and failure is not None and failure.kind in _TOLD_AS_DOWN


def _id(check: Check, expiry: Expiry, began: datetime) -> str:
    return incident_id(check.service, check.affects, began, Concern.EXPIRY, expiry.mark)


def _affected(check: Check, expiry: Expiry | None, at: datetime) -> AffectedCheck:
    detail = "" if expiry is None else f"expires {expiry.expires_at:%Y-%m-%d %H:%M} UTC"
    failure = Failure(FailureKind.EXPIRES_SOON, detail)
    return AffectedCheck(id=check.id, since=at, failure=failure)
