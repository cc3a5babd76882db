"""A configuration that is whole and consistent. Frozen: a reload makes another one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from monitor.checktype import CheckSpec, CheckType
from monitor.configuration.problem import Problem
from monitor.configuration.reports import ReportFile
from monitor.configuration.settings import MonitorSettings
from monitor.domain.acklink import LASTS
from monitor.domain.calendar import Calendar
from monitor.domain.check import Check
from monitor.domain.duty import AnyEscalation, AnyRoute
from monitor.domain.expiry import STAGES
from monitor.domain.maintenance import MaintenanceWindow
from monitor.domain.oncall import Rotation
from monitor.domain.service import Service, ServiceId
from monitor.domain.signoflife import SignOfLife
from monitor.domain.surroundings import Flapping, Grouping
from monitor.receivertype import ReceiverSpec, ReceiverType

if TYPE_CHECKING:
    from monitor.blackbox.modules import Modules


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredCheck:
    """A check, and what only its type understands."""

    check: Check
    kind: CheckType[Any]
    spec: CheckSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredReceiver:
    """A receiver, and what only its kind understands."""

    name: str
    kind: ReceiverType[Any]
    spec: ReceiverSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that checks.yaml and config/ say.

    `checks` are those to run, in the order they are written; `disabled` those with
    `enabled: false`. `hash` is what `sha256sum FILE… | sha256sum` prints for the files read
    (`files`, in that order, named from the folder of checks.yaml). `modules` are those of /probe,
    None while it is not served.
    """

    monitor: MonitorSettings
    services: Mapping[ServiceId, Service]
    checks: tuple[ConfiguredCheck, ...]
    disabled: tuple[ConfiguredCheck, ...]
    receivers: Mapping[str, ConfiguredReceiver]
    routes: tuple[AnyRoute, ...]
    grouping: Grouping
    flapping: Flapping
    remind_every: timedelta | None = None
    link_lasts: timedelta = LASTS
    stages: tuple[int, ...] = STAGES
    escalations: tuple[AnyEscalation, ...] = ()
    sign_of_life: SignOfLife | None = None
    warnings: tuple[Problem, ...]
    files: tuple[str, ...]
    hash: str
    windows: tuple[MaintenanceWindow, ...] = ()
    report: ReportFile = field(default_factory=ReportFile)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    rotations: Mapping[str, Rotation] = field(default_factory=dict)
    modules: "Modules | None" = None
