"""What others tell us of themselves: the signals of a job, and results that somebody else found."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.domain.check import CheckId
from monitor.domain.observation import OutcomeStatus, UnknownCause

LARGEST_EVIDENCE = 10_240  # bytes
LONGEST_DETAIL = 500  # bytes


class Signal(StrEnum):
    """What a push says."""

    START = "start"
    SUCCESS = "success"
    FAIL = "fail"
    RESULT = "result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One push as it came in. `at` is the time that it speaks of, `received_at` when it came.

    `exit_code` is that of a job, None when it gave none. `values` are measurements by name.
    """

    signal: Signal
    at: datetime
    received_at: datetime
    status: OutcomeStatus = OutcomeStatus.OK
    exit_code: int | None = None
    detail: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What is known of a check after the push number `number`.

    `status`, `exit_code`, `detail` and `values` are those of the last run that ended, at
    `ended_at`, after `run` if its start was told; all empty before one. `started_at` is when a
    run began that has not ended. `body` is what came with this very push.
    """

    check_id: CheckId
    number: int
    signal: Signal
    received_at: datetime
    status: OutcomeStatus | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    run: timedelta | None = None
    started_at: datetime | None = None
    detail: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time [start, end) in which nobody could reach us, so that silence proves nothing.

    `end` is None while it lasts.
    """

    start: datetime
    end: datetime | None
    cause: UnknownCause


def follow_push(check_id: CheckId, last: Push | None, arrival: Arrival) -> Push:
    """Return what is known of a check after `arrival`, when `last` was known before.

    A second start before the end begins the run anew.
    """
    before = last or Push(
        check_id=check_id, number=0, signal=arrival.signal, received_at=arrival.received_at
    )
    told = replace(
        before,
        number=before.number + 1,
        signal=arrival.signal,
        received_at=arrival.received_at,
        body=arrival.body[:LARGEST_EVIDENCE],
    )
    if arrival.signal is Signal.START:
        return replace(told, started_at=arrival.at)
    began = before.started_at
    return replace(
        told,
        status=arrival.status,
        ended_at=arrival.at,
        exit_code=arrival.exit_code,
        run=None if began is None else max(arrival.at - began, timedelta(0)),
        started_at=None,
        detail=arrival.detail,
        values=arrival.values,
    )
