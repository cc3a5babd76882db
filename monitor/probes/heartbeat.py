"""Wait for a job to say that it ran; sound the alarm when it does not.

```yaml
- id: backup-nightly
  service: portal
  type: heartbeat
  token: {file: /etc/pantau/backup.token}
  cron: "30 2 * * *"
  zone: Asia/Makassar
  grace: 1h
  max_runtime: 4h
```

The job calls a secret URL: `POST /api/v1/heartbeats/TOKEN` when it has ended well, `/TOKEN/fail`
when it has not, or `/TOKEN/EXITCODE` with what it returned (0 is well); `/TOKEN/start`, if it
likes, when it begins. GET does as well. What it sends along is kept as evidence, 10 KB of it.

    curl -fsS -m 10 --retry 5 https://pantau.example.go.id/api/v1/heartbeats/$TOKEN/$?

A 200 means that the push is on disk; anything else, that it has to be sent again.

The job runs every `interval`, counted from its last report, or by `cron` in `zone`. The check is
down when it is `late`: nothing was heard by the time it was due and `grace` after that. Down is
then dated back to when it was due. It is down at once (`status`) when the job reports a failure,
and `late` when a run that was begun takes longer than `max_runtime`. The next success makes it up
again. It is never degraded. While the monitor itself was stopped or cut off, a report may have been
lost: the check is then unknown, not down, until the job is due again.

A `cron` line goes by the zone's summer time as Debian's cron does: a run at a time that is skipped
is due right after it, one at a time that comes twice the first time only. `interval` here is the
job's own; how often it is looked at follows from `grace`.

The token is 16 to 200 letters, digits, `-`, `_`, `.` or `~` (`openssl rand -hex 16` makes one).
A file that is replaced counts from the next reload on.

Bahasa Indonesia

Menunggu laporan dari sebuah pekerjaan terjadwal (cadangan, sinkronisasi) lewat alamat rahasia.
Terganggu bila laporan tidak datang sampai jatuh tempo ditambah `grace` (dihitung mundur sejak
jatuh tempo), bila pekerjaan melapor gagal, atau bila berjalan melebihi `max_runtime`; tidak pernah
menurun. Bila pemantau sendiri yang berhenti atau terputus, statusnya tidak diketahui.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from monitor.checktype import (
    PASSIVE_LACKS,
    CheckSpec,
    CheckType,
    MeasurementInfo,
    PushForm,
    Silence,
    Verdict,
)
from monitor.domain.cron import Cron, next_fire, parse_cron
from monitor.domain.observation import (
    Failure,
    FailureKind,
    Outcome,
    OutcomeStatus,
    UnknownCause,
    series,
)
from monitor.domain.push import Gap, Push
from monitor.fields import Duration, Secret, format_duration, shown
from monitor.fields.tokens import Token

_RUN = "pantau_heartbeat_run_seconds"
_EXIT_CODE = "pantau_heartbeat_exit_code"
_RUNNING = "pantau_heartbeat_running"
_REPORTED = "pantau_heartbeat_last_report_timestamp_seconds"

_LOOK_MOST = timedelta(seconds=60)
_LOOK_LEAST = timedelta(seconds=1)


class HeartbeatSpec(CheckSpec):
    """Fields of a check of type `heartbeat`: `interval` or `cron` says when the job runs."""

    token: Token = Field(
        description="What the job's URL ends in: 16 to 200 letters, digits, - _ . or ~. "
        "Only its SHA-256 is kept while the daemon runs."
    )
    interval: Duration | None = Field(
        None, description="How often the job reports, counted from its last report."
    )
    cron: str | None = Field(
        None, max_length=200, description="When it runs, as a line of a crontab: 30 2 * * *."
    )
    zone: str | None = Field(
        None, max_length=60, description="Zone of `cron`, such as Asia/Makassar: required with it."
    )
    grace: Duration = Field(
        timedelta(minutes=5), description="How long after it is due it may still report."
    )
    max_runtime: Duration | None = Field(
        None,
        description="How long a run may take once its start was reported. Default: until it is "
        "late.",
    )

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, written: str | None) -> str | None:
        return written if written is None else parse_cron(written).text

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, written: str | None) -> str | None:
        if written is None:
            return None
        try:
            ZoneInfo(written)
        except (KeyError, ValueError, OSError):
            raise ValueError(
                f"{shown(written)} is no time zone: write one such as Asia/Makassar"
            ) from None
        return written

    def faults(self) -> Iterator[str]:
        if (self.interval is None) is (self.cron is None):
            yield "give either interval or cron: when the job is due"
        if (self.zone is None) is not (self.cron is None):
            yield "cron and zone go together: 2.30 in which zone?"

    def target(self) -> str:
        if self.interval is not None:
            return f"every {format_duration(self.interval)}"
        return f"{self.cron} {self.zone}"

    def dialled_host(self) -> None:
        return None

    def probed(self) -> tuple[str, ...]:
        return ()

    def rhythm(self) -> Mapping[str, Any]:
        shortest = min(self.grace, self.interval or self.grace) / 2
        look = max(_LOOK_LEAST, min(_LOOK_MOST, shortest))
        return {
            "interval": look,
            "timeout": look,
            "retry_interval": look,
            "failure_threshold": 1,
            "success_threshold": 1,
            "degraded_over": None,
        }

    def push_token(self) -> Secret:
        return self.token

    @cached_property
    def calendar(self) -> "Calendar":
        """When the job is due."""
        if self.cron is not None and self.zone is not None:
            return Crontab(parse_cron(self.cron), ZoneInfo(self.zone))
        return Every(self.interval or self.grace)


@dataclass(frozen=True, slots=True)
class Every:
    """Due so long after the last report."""

    interval: timedelta

    def following(self, after: datetime) -> datetime:
        return after + self.interval

    def expected(self, last: datetime, start: datetime, end: datetime) -> bool:
        """Say whether a report is due in [start, end), when the last one was `last`."""
        count = max(1, -((last - start) // self.interval))
        return last + count * self.interval < end


@dataclass(frozen=True, slots=True)
class Crontab:
    """Due at the times of a crontab."""

    cron: Cron
    zone: ZoneInfo

    def following(self, after: datetime) -> datetime:
        return next_fire(self.cron, self.zone, after)

    def expected(self, last: datetime, start: datetime, end: datetime) -> bool:
        return self.following(max(last, start - timedelta(microseconds=1))) < end


Calendar = Every | Crontab


def judge_silence(spec: HeartbeatSpec, silence: Silence) -> Verdict | None:
    """Return how the job fared at `silence.at`, or None while it may still report."""
    last = silence.last
    heard = silence.since if last is None or last.ended_at is None else last.ended_at
    if silence.at < heard and last is not None:
        return Verdict(outcome=Outcome())  # it came in time: what went before was in order
    due = spec.calendar.following(heard)
    limit, began = _limit(spec, last, due)
    if silence.at < began:
        return _told(last)
    if silence.now < limit:
        # A job that failed is down until it succeeds, and of one never heard nothing is known.
        is_well = last is not None and last.status is not OutcomeStatus.FAILED
        return None if is_well else _told(last)
    gaps = tuple(_losses(spec, silence, heard, limit))
    if not gaps:
        return Verdict(outcome=_late(spec, last, began), began=began)
    first, latest = gaps[0], gaps[-1]
    if limit <= first.start and silence.at < first.start:
        return Verdict(outcome=_late(spec, last, began), began=began)
    again = spec.calendar.following(latest.end or silence.now)
    if latest.end is None or silence.at < again:
        return Verdict(outcome=Outcome(status=OutcomeStatus.UNKNOWN, cause=latest.cause))
    if silence.now < again + spec.grace:
        return None
    return Verdict(outcome=_late(spec, last, again), began=again)


def _limit(spec: HeartbeatSpec, last: Push | None, due: datetime) -> tuple[datetime, datetime]:
    """Return by when the job must have reported, and since when it is down if it has not.

    A run that was begun may take its time, even past the time at which the next one is due.
    """
    if last is not None and last.started_at is not None and spec.max_runtime is not None:
        end = last.started_at + spec.max_runtime
        return end, end
    return due + spec.grace, due


def _losses(
    spec: HeartbeatSpec, silence: Silence, heard: datetime, limit: datetime
) -> Iterator[Gap]:
    """Yield the gaps in which a report may have been lost, oldest first."""
    started = None if silence.last is None else silence.last.started_at
    for gap in silence.gaps:
        end = gap.end or silence.now
        if end <= heard or gap.start > silence.now:
            continue
        while_running = started is not None and gap.start < limit and end > started
        # A report comes as much as `grace` after it was due; by an interval, before it as well.
        early = spec.grace if spec.cron is None else timedelta(0)
        if while_running or spec.calendar.expected(heard, gap.start - spec.grace, end + early):
            yield gap


def _told(last: Push | None) -> Verdict:
    """Return what the job itself said last."""
    if last is None or last.status is None:
        if last is not None and last.started_at is not None:
            return Verdict(outcome=Outcome(measurements=_measured(last)))
        return Verdict(outcome=Outcome(status=OutcomeStatus.UNKNOWN, cause=UnknownCause.NO_DATA))
    if last.status is OutcomeStatus.OK:
        return Verdict(outcome=Outcome(measurements=_measured(last)), began=last.ended_at)
    code = "" if last.exit_code is None else f" with exit code {last.exit_code}"
    said = f": {last.detail}" if last.detail else ""
    failure = Failure(FailureKind.STATUS, f"the job failed{code}{said}")
    outcome = Outcome(
        status=OutcomeStatus.FAILED, failure=failure, measurements=_measured(last), answered=True
    )
    return Verdict(outcome=outcome, began=last.ended_at)


def _late(spec: HeartbeatSpec, last: Push | None, began: datetime) -> Outcome:
    if last is not None and last.started_at is not None and spec.max_runtime is not None:
        detail = (
            f"it began {_time(last.started_at)} and was to end within "
            f"{format_duration(spec.max_runtime)}"
        )
    else:
        before = (
            "nothing was ever heard"
            if last is None or last.ended_at is None
            else f"last heard {_time(last.ended_at)}"
        )
        detail = f"due {_time(began)}, {before}, {format_duration(spec.grace)} of grace are over"
    return Outcome(
        status=OutcomeStatus.FAILED,
        failure=Failure(FailureKind.LATE, detail),
        measurements={} if last is None else _measured(last),
    )


def _measured(last: Push) -> dict[Any, float]:
    found = {series(_RUNNING): float(last.started_at is not None)}
    if last.run is not None:
        found[series(_RUN)] = last.run.total_seconds()
    if last.exit_code is not None:
        found[series(_EXIT_CODE)] = float(last.exit_code)
    if last.ended_at is not None:
        found[series(_REPORTED)] = last.ended_at.timestamp()
    return found


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%SZ")


CHECK_TYPE = CheckType(
    spec=HeartbeatSpec,
    push=PushForm.SIGNALS,
    judge_silence=judge_silence,
    lacks=PASSIVE_LACKS,
    measurements=(
        MeasurementInfo(_RUN, "Seconds that the last run took; absent if its start was not told."),
        MeasurementInfo(_EXIT_CODE, "Exit code of the last run; absent if it gave none."),
        MeasurementInfo(_RUNNING, "1 while a run goes on that was reported to begin."),
        MeasurementInfo(_REPORTED, "When the job last reported the end of a run, as Unix time."),
    ),
)
