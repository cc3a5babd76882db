"""Small integers that stand for enums in stored rows. A number, once given, is never reused."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from monitor.domain.check import Affects
from monitor.domain.incident import Concern
from monitor.domain.note import NoteKind, Via
from monitor.domain.observation import (
    FailureKind,
    MissedReason,
    OutcomeStatus,
    Status,
    UnknownCause,
)
from monitor.domain.push import Signal
from monitor.domain.windowrecord import Source
from monitor.ports import DeliveryState, MarkKind

E = TypeVar("E", bound=StrEnum)


class Codes(Generic[E]):
    """A two-way table between the members of one enum and their stored numbers."""

    __slots__ = ("code", "meaning")

    def __init__(self, table: Mapping[E, int]) -> None:
        self.code = dict(table)
        self.meaning = {number: member for member, number in table.items()}

    def optional(self, member: E | None) -> int | None:
        """Return the number of `member`, and None for None."""
        return None if member is None else self.code[member]

    def optional_meaning(self, number: int | None) -> E | None:
        """Return the member that `number` stands for, and None for None."""
        return None if number is None else self.meaning[number]


STATUS = Codes({Status.UP: 1, Status.DEGRADED: 2, Status.DOWN: 3, Status.UNKNOWN: 4})

CAUSE = Codes(
    {
        UnknownCause.MONITOR_STOPPED: 1,
        UnknownCause.SELF_OFFLINE: 2,
        UnknownCause.RESOLVER: 3,
        UnknownCause.OVERLOADED: 4,
        UnknownCause.CLOCK_STEP: 5,
        UnknownCause.TOO_FEW_VANTAGES: 6,
        UnknownCause.LOCAL: 7,
        UnknownCause.INTERNAL: 8,
        UnknownCause.NO_DATA: 9,
    }
)

MISSED = Codes(
    {
        MissedReason.OVERRUN: 1,
        MissedReason.OVERLOADED: 2,
        MissedReason.CLOCK_STEP: 3,
        MissedReason.STOPPED: 4,
    }
)

MARK = Codes(
    {
        MarkKind.START: 1,
        MarkKind.STOP: 2,
        MarkKind.PAUSE: 3,
        MarkKind.CLOCK_STEP: 4,
        MarkKind.SELF_OFFLINE: 5,
        MarkKind.SELF_ONLINE: 6,
    }
)

DELIVERY = Codes(
    {
        DeliveryState.PENDING: 1,
        DeliveryState.DELIVERED: 2,
        DeliveryState.SUPERSEDED: 3,
        DeliveryState.DEAD: 4,
    }
)

SIGNAL = Codes({Signal.START: 1, Signal.SUCCESS: 2, Signal.FAIL: 3, Signal.RESULT: 4})

OUTCOME = Codes(
    {
        OutcomeStatus.OK: 1,
        OutcomeStatus.DEGRADED: 2,
        OutcomeStatus.FAILED: 3,
        OutcomeStatus.UNKNOWN: 4,
    }
)

NOTE = Codes({NoteKind.ACKNOWLEDGED: 1, NoteKind.COMMENT: 2})

VIA = Codes({Via.COMMAND: 1, Via.API: 2, Via.LINK: 3})

SOURCE = Codes({Source.FILE: 1, Source.COMMAND: 2, Source.API: 3})

AFFECTS = Codes({Affects.AVAILABILITY: 1, Affects.SECURITY: 2, Affects.NONE: 3})

CONCERN = Codes({Concern.OUTAGE: 1, Concern.DEGRADATION: 2, Concern.EXPIRY: 3})

KIND = Codes(
    {
        FailureKind.RESOLVE_NXDOMAIN: 1,
        FailureKind.RESOLVE_SERVFAIL: 2,
        FailureKind.RESOLVE_TIMEOUT: 3,
        FailureKind.RESOLVE_REFUSED: 4,
        FailureKind.RESOLVE_NODATA: 5,
        FailureKind.CONNECT_REFUSED: 10,
        FailureKind.CONNECT_TIMEOUT: 11,
        FailureKind.CONNECT_UNREACHABLE: 12,
        FailureKind.CONNECT_RESET: 13,
        FailureKind.TLS_EXPIRED: 20,
        FailureKind.TLS_NOT_YET_VALID: 21,
        FailureKind.TLS_HOSTNAME: 22,
        FailureKind.TLS_UNTRUSTED: 23,
        FailureKind.TLS_SELF_SIGNED: 24,
        FailureKind.TLS_REVOKED: 25,
        FailureKind.TLS_PROTOCOL: 26,
        FailureKind.TLS_OTHER: 27,
        FailureKind.PROXY: 30,
        FailureKind.TIMEOUT: 31,
        FailureKind.PROTOCOL: 32,
        FailureKind.TRUNCATED: 33,
        FailureKind.TOO_LARGE: 34,
        FailureKind.REDIRECT_LOOP: 35,
        FailureKind.REDIRECT_REFUSED: 36,
        FailureKind.STATUS: 40,
        FailureKind.HEADER: 41,
        FailureKind.BODY: 42,
        FailureKind.JSON: 43,
        FailureKind.ANSWER: 44,
        FailureKind.DNSSEC: 45,
        FailureKind.STARTTLS: 46,
        FailureKind.BANNER: 47,
        FailureKind.SLOW: 50,
        FailureKind.EXPIRES_SOON: 51,
        FailureKind.CHANGED: 52,
        FailureKind.LATE: 53,
        FailureKind.LOST: 54,
        FailureKind.STEP: 55,
        FailureKind.REFUSED_BY_POLICY: 60,
        FailureKind.INTERNAL: 61,
    }
)
