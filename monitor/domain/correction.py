"""What was corrected later in what is known of a check or a service, by whom and on what evidence.

Nothing that was recorded is ever changed: a correction stands beside it, and so does that it was
withdrawn. Figures are computed from both.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.domain.check import CheckId
from monitor.domain.instant import microseconds
from monitor.domain.observation import Status, UnknownCause
from monitor.domain.service import ServiceId
from monitor.domain.timeline import Span, clip, joined
from monitor.domain.windows import Window

_ID_LENGTH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """In [start, end) (UTC) the status was `status`: of a check, or of a service as a whole.

    `check` is None where it is about the service. `evidence` refers to what proves it.
    """

    id: str
    service: ServiceId | None = None
    check: CheckId | None = None
    start: datetime
    end: datetime
    status: Status
    reason: str
    evidence: str
    by: str
    at: datetime

    @property
    def window(self) -> Window:
        """Return the time that it is about."""
        return Window(microseconds(self.start), microseconds(self.end))

    @property
    def span(self) -> Span:
        """Return what is known by it. What nobody could see was for a reason on our side."""
        cause = UnknownCause.LOCAL if self.status is Status.UNKNOWN else None
        return Span(*self.window, self.status, cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """From `at` (UTC) on the correction of that id counts no more."""

    correction: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRecord:
    """A correction, and that it was withdrawn if it was."""

    correction: Correction
    withdrawn: Withdrawal | None = None


def standing(records: Iterable[CorrectionRecord], period: Window) -> tuple[Correction, ...]:
    """Return the corrections that count and touch `period`, in the order they were made."""
    return tuple(
        record.correction
        for record in records
        if record.withdrawn is None
        and record.correction.window.start < period.end
        and record.correction.window.end > period.start
    )


def corrected(timeline: Sequence[Span], corrections: Iterable[Correction]) -> list[Span]:
    """Return `timeline`, which has no gaps, with `corrections` over it: the last one counts.

    What lies before its beginning or after its end is nobody's time, and stays so.
    """
    known = list(timeline)
    for each in corrections:
        known = _overlaid(known, each.span)
    return known


def correction_id(correction: Correction) -> str:
    """Return a short id for a correction that has none yet."""
    digest = hashlib.sha256(repr(correction).encode(errors="replace")).digest()
    return base64.b32encode(digest).decode()[:_ID_LENGTH].lower()


def _overlaid(timeline: list[Span], span: Span) -> list[Span]:
    if not timeline:
        return timeline
    start, end = timeline[0].start, timeline[-1].end
    before = clip(timeline, Window(start, min(span.start, end)))
    after = clip(timeline, Window(max(span.end, start), end))
    return joined([*before, *clip([span], Window(start, end)), *after])
