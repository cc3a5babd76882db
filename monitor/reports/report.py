"""What a report says, exactly: figures and records, in no language and no layout.

Every form is made from this alone. Times are microseconds since the Unix epoch where figures are
computed from them, and aware datetimes where they are only told. What can't be derived from what
was recorded is `Wording`, which people write; where they wrote nothing it is None, and left blank.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from monitor.domain.availability import Figures, Verdict, verdict
from monitor.domain.check import Check, CheckId
from monitor.domain.correction import CorrectionRecord
from monitor.domain.incident import Incident
from monitor.domain.maintenance import Occurrence
from monitor.domain.note import Note
from monitor.domain.service import Service, ServiceId
from monitor.domain.windowrecord import Occasion
from monitor.domain.windows import Window
from monitor.locales import Language
from monitor.ports import Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is reported on: `period` in local days of `zone`, a tz name.

    `until` is up to where it was known when the report was made: the period's end, or before it
    where the period was not over. `owners` and `services` are what was asked for; neither is the
    whole city.
    """

    period: Window
    until: int
    zone: str
    owners: tuple[str, ...] = ()
    services: tuple[ServiceId, ...] = ()

    @property
    def known(self) -> Window:
        """Return the part of the period that was over: what figures are about."""
        return Window(self.period.start, self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerState:
    """Which ledger stood behind the report: its name, how many entries, their root in hex."""

    origin: str
    size: int
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the report comes from: by which software, configuration and ledger it was made."""

    software: str
    configuration: str
    vantage: str
    ledger: LedgerState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatory:
    """Who signs, in which role. What is None is left to be filled in by hand."""

    role: str
    name: str | None = None
    number: str | None = None
    position: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """What is to be done, by whom and when, and what has become of it."""

    recommendation: str
    owner: str | None = None
    due: date | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What people write in config/report.yaml. `causes` and `remarks` are by incident."""

    publisher: str | None = None
    number: str | None = None
    information_class: str | None = None
    legal_basis: Sequence[str] = ()
    signatories: Sequence[Signatory] = ()
    follow_ups: Sequence[FollowUp] = ()
    causes: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseTimes:
    """Quantiles of how long answers took, in microseconds, each within 2 %."""

    p50: int
    p95: int
    p99: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAccount:
    """One local day of a service. `figures` are around the clock, `in_hours` by the promised hours
    where these are others; both None beyond what was known. `measured` and `measured_in_hours` are
    the same before corrections, None where none counts in the period. `response` needs an answer
    at least.
    """

    date: date
    figures: Figures | None
    in_hours: Figures | None = None
    measured: Figures | None = None
    measured_in_hours: Figures | None = None
    response: ResponseTimes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is said of one service: its figures around the clock and by the promised hours.

    `hours` is the id of the calendar that was promised, and `open_hours` what it comes to in the
    period; None for around the clock, and then there is no `in_hours`. `measured` and
    `measured_in_hours` are the same before corrections, None where none counts. `checks` are those
    that its figures rest on, `work` what was planned on it, `carved` what that took out of the
    period. `began` is when watching it began, None if before the period.
    """

    service: Service
    checks: Sequence[Check]
    always: Figures
    hours: str | None = None
    in_hours: Figures | None = None
    measured: Figures | None = None
    measured_in_hours: Figures | None = None
    days: Sequence[DayAccount] = ()
    response: ResponseTimes | None = None
    corrections: Sequence[CorrectionRecord] = ()
    work: Sequence[Occasion] = ()
    carved: Sequence[Window] = ()
    open_hours: Sequence[Window] = ()
    began: int | None = None

    @property
    def promised(self) -> Figures:
        """Return the figures that the target is held against."""
        return self.in_hours or self.always

    @property
    def verdict(self) -> Verdict | None:
        """Return what the figures say about the target, None where there is none."""
        sla = self.service.sla
        return verdict(self.promised, sla.target) if sla else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An incident of the period, with what people wrote about it while it lasted."""

    incident: Incident
    notes: Sequence[Note] = ()
    planned: Sequence[Occurrence] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A configuration that was taken up in the period, by its hash.

    `changed` says whether it is another than the one before, which it need not be at a start.
    """

    at: datetime
    hash: str
    changed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """A check of which there are records of the period, and which is not configured any more.

    `last` is the end of the last sealed hour of them, within the period.
    """

    check: CheckId
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What a figure was: exactly, None where there was nothing to say, and as it is read."""

    exact: str | None
    words: Mapping[Language, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a version says otherwise than the one before it.

    `figure` is named as in laporan.json, by `hours` that are one of its two sets of figures. Where
    `hours` is None it is a part of the report, and neither value is told. `service` is None for
    what is about all. `corrections` are those of the service that came or were withdrawn since.
    """

    figure: str
    service: str | None = None
    hours: str | None = None
    before: Value | None = None
    after: Value | None = None
    corrections: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report, whole. `accounts` are in order of owner, criticality and name.

    `retired` is empty in a report on some of the services: nobody knows whose those checks were.

    `version` is 1 for the first about its scope; `replaces` is the SHA-256 of the data of the one
    before it, and `differences` what that one said otherwise.
    """

    scope: Scope
    provenance: Provenance
    accounts: Sequence[Account]
    incidents: Sequence[Told] = ()
    marks: Sequence[Mark] = ()
    applied: Sequence[Applied] = ()
    retired: Sequence[Retired] = ()
    wording: Wording = field(default_factory=Wording)
    version: int = 1
    replaces: str | None = None
    differences: Sequence[Difference] = ()
