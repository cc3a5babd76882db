"""The seam for check types: what one is made of.

To add a type, add a module to `monitor.probes` (or name one under the entry-point group
`monitor.check_types`) that defines CHECK_TYPE. Its name is the type's name in checks.yaml. The
docstring of the module of its spec, with one fenced YAML example, is the type's page in the docs.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator

from monitor.domain.check import CheckId
from monitor.domain.observation import Outcome, OutcomeStatus, UnknownCause
from monitor.domain.push import Gap, Push

if TYPE_CHECKING:
    from monitor.fields import Secret
    from monitor.net.network import Network


class CheckSpec(BaseModel):
    """Base of every type's own fields in checks.yaml. An unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def target(self) -> str:
        """Return what is probed, for labels and messages: no credentials, no query string."""
        raise NotImplementedError

    def dialled_host(self) -> str | None:
        """Return the host name or IP literal that is dialled first, or None if there is none."""
        raise NotImplementedError

    def probed(self) -> tuple[str, ...]:
        """Return what is dialled, in full: URLs with their query, `host:port` texts, or hosts.

        /probe lets others probe these by a module of theirs.
        """
        return (self.target(),)

    def faults(self) -> Iterator[str]:
        """Yield what does not go together, as `key: what would be right`; the first is told."""
        yield from ()

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        fault = next(self.faults(), None)
        if fault is not None:
            raise ValueError(fault)
        return self

    def warnings(self) -> tuple[str, ...]:
        """Return what `pantau validate` should warn about, such as verification turned off."""
        return ()

    def rhythm(self) -> Mapping[str, Any]:
        """Return what the type decides of `Check` by itself: its interval, its thresholds."""
        return {}

    def unfit(self, timeout: timedelta) -> str | None:  # noqa: ARG002  for those that it concerns
        """Return why no run can end within `timeout`, None where one may."""
        return None

    def push_token(self) -> "Secret | None":
        """Return the secret that whoever pushes has to know; no two checks share one."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeContext:
    """All that a probe may use of the world.

    `deadline` is a reading of `monotonic` (seconds) at which the whole check must have ended;
    the runner cancels what goes on after it. `now` is the wall clock (UTC) at the start.
    `remembered` is what an earlier probe of the same check gave as `Outcome.remember`, also
    before a restart; empty at first, and when a command probes by itself.
    """

    network: "Network"
    deadline: float
    monotonic: Callable[[], float]
    now: datetime
    remembered: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeasurementInfo:
    """A number that a check type may report. `name` is the full name of its Prometheus gauge.

    `labels` are the names of the labels it carries beside those that every check has.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()


class PushForm(StrEnum):
    """What is pushed: the signals of a job at a secret URL, or results by the API."""

    SIGNALS = "signals"
    RESULTS = "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What is known of a passive check `now`, of which is asked how it fared `at` (not later).

    `last` is what was pushed last, None before the first time. `gaps` are when nobody could reach
    us, oldest first. `since` is when we began to listen for this check.
    """

    check_id: CheckId
    last: Push | None
    gaps: tuple[Gap, ...] = ()
    since: datetime
    at: datetime
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What silence says. `began` is since when, where that is known better than by samples."""

    outcome: Outcome
    began: datetime | None = None


SpecT = TypeVar("SpecT", bound=CheckSpec)


async def _not_probed(_: CheckSpec, __: ProbeContext) -> Outcome:
    return Outcome(
        status=OutcomeStatus.UNKNOWN,
        cause=UnknownCause.NO_DATA,
        facts={"passive": "it is told, and cannot be asked: see pantau status"},
    )


PASSIVE_LACKS = frozenset(
    {
        "timeout",
        "retry_interval",
        "failure_threshold",
        "success_threshold",
        "degraded_over",
    }
)
"""Common keys that mean nothing where nothing is probed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckType(Generic[SpecT]):
    """The parts of a check type: its fields, its probe, the numbers it may report.

    `probe` returns an Outcome for whatever the target does; it may raise `monitor.net.NetError`,
    which the runner turns into one. Anything else that it raises is our bug: INTERNAL.

    A passive type has `push` and `judge_silence` instead. The latter is pure, cheap, and asked on
    every slot of the check and after every push; it returns None while nobody can say yet, and is
    asked about that instant again. `lacks` are the common keys that a type does not have.
    """

    spec: type[SpecT]
    probe: Callable[[SpecT, ProbeContext], Awaitable[Outcome]] = _not_probed
    measurements: tuple[MeasurementInfo, ...] = ()
    push: PushForm | None = None
    judge_silence: Callable[[SpecT, Silence], Verdict | None] | None = None
    lacks: frozenset[str] = frozenset()
