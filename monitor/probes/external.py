"""Take results that a program of yours found out, and notice when it falls silent.

```yaml
- id: genset-balaikota
  service: jaringan-inti
  type: external
  token: {file: /etc/pantau/genset.token}
  stale_after: 5m
  on_silence: unknown
  measurements: [fuel_ratio, voltage_volts]
```

The program posts JSON to `/api/v1/checks/ID/observations`, with `Authorization: Bearer TOKEN`, or
with the name and password of a user of the web-config file:

    {"status": "down", "detail": "fuel at 4 %", "at": "2026-11-28T22:00:00+08:00",
     "measurements": {"fuel_ratio": 0.04}}

`status` is `up`, `degraded`, `down` or `unknown` and counts at once; `detail` says why (500 bytes
are kept). `at`, RFC 3339 or Unix seconds, is when it was so, now if it is left out; it may be 60 s
in the future and 24 h in the past. Sending the same `at` again changes nothing. A result that is
older than the newest one completes the record and wakes nobody; one from before the monitor was
started is not recorded, since nobody can say what else went by. A 200 means that it is on disk.

The check is up, degraded or down as it was told last, until `stale_after` has passed without a
newer result. From then on it is unknown (`no_data`), because a silent agent says nothing about what
it watches; with `on_silence: down` it is down (`late`), for an agent that is part of the service.
A token speaks for its own check only.

Bahasa Indonesia

Menerima hasil pemeriksaan dari program lain lewat API, dengan token milik pemeriksaan itu sendiri.
Berfungsi, menurun, atau terganggu sesuai hasil terakhir yang dikirim. Bila tidak ada hasil baru
sampai `stale_after`, statusnya tidak diketahui, atau terganggu bila `on_silence: down`.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from monitor.checktype import (
    PASSIVE_LACKS,
    CheckSpec,
    CheckType,
    MeasurementInfo,
    PushForm,
    Silence,
    Verdict,
)
from monitor.domain.observation import (
    Failure,
    FailureKind,
    Outcome,
    OutcomeStatus,
    UnknownCause,
    series,
)
from monitor.domain.push import Push
from monitor.fields import Duration, Secret, format_duration, shown
from monitor.fields.tokens import Token

_VALUE = "pantau_external_value"
_RESULT = "pantau_external_last_result_timestamp_seconds"
_LOOK_MOST = timedelta(seconds=60)
_LOOK_LEAST = timedelta(seconds=1)

_NAME = r"[a-z][a-z0-9_]{0,62}"


def _name(written: str) -> str:
    if re.fullmatch(_NAME, written) is None:
        raise ValueError(f"{shown(written)} is no name: write small letters, digits and _")
    return written


Name = Annotated[
    str, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": f"^{_NAME}$"})
]


class ExternalSpec(CheckSpec):
    """Fields of a check of type `external`."""

    token: Token | None = Field(
        None,
        description="What the program that reports sends as a bearer token; 16 to 200 letters, "
        "digits, - _ . or ~. Without one it needs a user of the web-config file.",
    )
    stale_after: Duration = Field(
        timedelta(minutes=5), description="How long a result holds without a newer one."
    )
    on_silence: Literal["unknown", "down"] = Field(
        "unknown", description="What the check is once its last result no longer holds."
    )
    measurements: tuple[Name, ...] = Field(
        (),
        max_length=20,
        description="Names of the numbers that a result may carry; each becomes a label "
        "`measurement`.",
    )

    def target(self) -> str:
        return "external"

    def dialled_host(self) -> None:
        return None

    def probed(self) -> tuple[str, ...]:
        return ()

    def rhythm(self) -> Mapping[str, Any]:
        look = max(_LOOK_LEAST, min(_LOOK_MOST, self.stale_after / 2))
        return {
            "interval": look,
            "timeout": look,
            "retry_interval": look,
            "failure_threshold": 1,
            "success_threshold": 1,
            "degraded_over": None,
        }

    def push_token(self) -> Secret | None:
        return self.token

    def pushed_names(self) -> frozenset[str]:
        return frozenset(self.measurements)


def judge_silence(spec: ExternalSpec, silence: Silence) -> Verdict:
    """Return what the last result says of `silence.at`, or what it means that none came."""
    last = silence.last
    heard = silence.since if last is None or last.ended_at is None else last.ended_at
    # Whoever reports again after a gap of ours needs as much time as at any other moment.
    listening = max([silence.since, *(gap.end or silence.now for gap in silence.gaps)])
    limit = max(heard, listening) + spec.stale_after
    if last is not None and silence.at < heard + spec.stale_after:
        return Verdict(outcome=_told(last), began=last.ended_at)
    if spec.on_silence == "unknown" or silence.at < limit:
        outcome = Outcome(status=OutcomeStatus.UNKNOWN, cause=UnknownCause.NO_DATA)
        return Verdict(outcome=outcome)
    detail = f"no result for {format_duration(spec.stale_after)}"
    failure = Failure(FailureKind.LATE, detail)
    return Verdict(outcome=Outcome(status=OutcomeStatus.FAILED, failure=failure), began=limit)


def _told(last: Push) -> Outcome:
    status = last.status or OutcomeStatus.UNKNOWN
    measured = {series(_VALUE, measurement=name): value for name, value in last.values.items()}
    if last.ended_at is not None:
        measured[series(_RESULT)] = last.ended_at.timestamp()
    failure = None
    if status in (OutcomeStatus.FAILED, OutcomeStatus.DEGRADED):
        failure = Failure(FailureKind.STATUS, last.detail or "no reason was given")
    return Outcome(
        status=status,
        failure=failure,
        cause=UnknownCause.NO_DATA if status is OutcomeStatus.UNKNOWN else None,
        measurements=measured,
    )


CHECK_TYPE = CheckType(
    spec=ExternalSpec,
    push=PushForm.RESULTS,
    judge_silence=judge_silence,
    lacks=PASSIVE_LACKS | {"interval"},
    measurements=(
        MeasurementInfo(_VALUE, "A number that the last result carried.", ("measurement",)),
        MeasurementInfo(_RESULT, "When the last result was found, as Unix time."),
    ),
)
