"""The seam for check types: what one is made of.

To add a type, add a module to `monitor.probes` (or name one under the entry-point group
`monitor.check_types`) that defines CHECK_TYPE. Its name is the type's name in checks.yaml,
its docstring, with one fenced YAML example, is the type's page in the docs.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from monitor.domain.observation import Outcome

if TYPE_CHECKING:
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

    def warnings(self) -> tuple[str, ...]:
        """Return what `pantau validate` should warn about, such as verification turned off."""
        return ()


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


SpecT = TypeVar("SpecT", bound=CheckSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckType(Generic[SpecT]):
    """The parts of a check type: its fields, its probe, the numbers it may report.

    `probe` returns an Outcome for whatever the target does; it may raise `monitor.net.NetError`,
    which the runner turns into one. Anything else that it raises is our bug: INTERNAL.
    """

    spec: type[SpecT]
    probe: Callable[[SpecT, ProbeContext], Awaitable[Outcome]]
    measurements: tuple[MeasurementInfo, ...] = ()
