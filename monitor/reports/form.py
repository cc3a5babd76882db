"""The form of laporan.json. Its JSON Schema is made from these, and so is the file.

Instants are RFC 3339 in UTC, lengths of time whole microseconds, shares of time exact fractions
beside what they read as in each language: one file stands behind a report in every language.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

FORMAT = 1

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

Fraction = Annotated[str, Field(pattern=r"^-?[0-9]+/[1-9][0-9]*$")]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
Length = Annotated[int, Field(ge=0, description="Microseconds.")]
Count = Annotated[int, Field(ge=0)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextForm:
    """What something reads as, in each language."""

    id: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareForm:
    """A share of time: exactly, null where there is nothing to divide by, and as it is printed."""

    exact: Fraction | None
    id: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StretchForm:
    """From an instant up to and without another."""

    start: Instant
    end: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodForm:
    """The period, in local days of `zone`, the last one included. It was known up to `known`."""

    first_day: Day
    last_day: Day
    zone: str
    start: Instant
    end: Instant
    known: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedForm:
    """Which services were asked for: of owners, or by their ids. Neither is all."""

    owners: list[str]
    services: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerForm:
    """The ledger that stood behind the report: its name, its entries, and the root over them."""

    origin: str
    size: Count
    root: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceForm:
    """By which software and configuration it was made, and where the probes ran."""

    software: str
    configuration: str
    vantage: str
    ledger: LedgerForm | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyForm:
    """By which rules figures were made."""

    hold_factor: Fraction
    minimum_coverage: Fraction
    decimals: Count
    rounding: dict[str, Literal["down", "up"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesForm:
    """Where the time went. Up, down, unknown and maintenance are the total."""

    up: Length
    down: Length
    unknown: Length
    maintenance: Length
    total: Length
    degraded: Length
    bridged: Length
    up_in_maintenance: Length
    down_in_maintenance: Length
    unknown_in_maintenance: Length


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresForm:
    """What a day, or a period, comes to."""

    availability: ShareForm
    lower: ShareForm
    upper: ShareForm
    gross: ShareForm
    coverage: ShareForm
    microseconds: TimesForm
    outages: Count
    expected: Annotated[int, Field(ge=0, description="Slots that there were.")]
    received: Annotated[int, Field(ge=0, description="Slots that have a sample.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeForm(FiguresForm):
    """What the period comes to, and what can't be said of a day alone."""

    resolution_low: Fraction | None
    resolution_high: Fraction | None
    resolution: TextForm
    unknown_by_cause: dict[str, Length]
    down_deviation: Length
    interval: Length
    mtbf_seconds: Fraction | None
    mtbf: TextForm
    mttr_seconds: Fraction | None
    mttr: TextForm


@dataclass(frozen=True, slots=True, kw_only=True)
class BothForm:
    """Figures around the clock, and by the promised hours where these are others."""

    around_the_clock: WholeForm
    in_hours: WholeForm | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseForm:
    """How long answers took, each within 2 %."""

    p50: Length
    p95: Length
    p99: Length


@dataclass(frozen=True, slots=True, kw_only=True)
class DayForm:
    """A local day. Figures are null beyond what was known."""

    date: Day
    around_the_clock: FiguresForm | None
    in_hours: FiguresForm | None
    response: ResponseForm | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetForm:
    """What was promised, on what basis, in which hours; and what that comes to."""

    exact: Fraction
    id: str
    en: str
    basis: str
    hours: str
    verdict: Literal["met", "missed", "inconclusive"]
    verdict_text: TextForm


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckForm:
    """A check that the figures rest on."""

    id: str
    type: str
    target: str
    interval: Length


@dataclass(frozen=True, slots=True, kw_only=True)
class ActForm:
    """That something was ended by somebody: "" where a file left it out."""

    at: Instant
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkForm:
    """Planned work. `counted` is the part of it that was known before it began."""

    id: str
    start: Instant
    end: Instant
    after_the_fact: bool
    counted: StretchForm | None
    reason: str
    approved_by: str
    added_at: Instant
    added_by: str
    source: str
    cancelled: ActForm | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionForm:
    """A correction of what was recorded, of one check or of the service as a whole."""

    id: str
    service: str | None
    check: str | None
    start: Instant
    end: Instant
    status: str
    reason: str
    evidence: str
    by: str
    at: Instant
    withdrawn: ActForm | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceForm:
    """What is said of one service. `as_measured` is null where no correction counts."""

    service: str
    name: str
    owner: str
    criticality: str
    rule: Annotated[
        str,
        Field(pattern="^(all|any|[1-9][0-9]*)$", description="How many of its checks must be up."),
    ]
    began: Instant | None
    checks: list[CheckForm]
    target: TargetForm | None
    figures: BothForm
    as_measured: BothForm | None
    response: ResponseForm | None
    corrections: list[CorrectionForm]
    maintenance: list[WorkForm]
    carved: list[StretchForm]
    open_hours: list[StretchForm]
    days: list[DayForm]


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedForm:
    """A check that an incident was about, and how it failed."""

    check: str
    since: Instant
    until: Instant | None
    failure_kind: str | None
    failure_detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteForm:
    """What somebody did about an incident, or said of it."""

    kind: str
    by: str
    at: Instant
    text: str
    via: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentForm:
    """An incident. Its cause and remark are what people wrote."""

    id: str
    service: str
    affects: str
    concern: str
    start: Instant
    end: Instant | None
    checks: list[AffectedForm]
    notes: list[NoteForm]
    planned: list[StretchForm]
    cause: str | None
    remark: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkForm:
    """What befell the monitor itself."""

    kind: str
    at: Instant
    epoch: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedForm:
    """A configuration that was taken up; `changed` if it is another than the one before."""

    at: Instant
    hash: str
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredForm:
    """A check with records of the period that is not configured any more; `last` ends them."""

    check: str
    last: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatoryForm:
    """Who signs, in which role."""

    role: str
    name: str | None
    number: str | None
    position: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpForm:
    """What is to be done, by whom and by when, and what has become of it."""

    recommendation: str
    owner: str | None
    due: Day | None
    state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingForm:
    """What people wrote."""

    publisher: str | None
    number: str | None
    information_class: str | None
    legal_basis: list[str]
    signatories: list[SignatoryForm]
    follow_ups: list[FollowUpForm]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupForm:
    """All services together: the lowest of them, and as if they were one, by time."""

    lowest: ShareForm
    mean_by_time: ShareForm


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueForm:
    """What a figure was: exactly, null where there was nothing to say, and as it is printed."""

    exact: str | None
    id: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceForm:
    """What the version that this one replaces said otherwise.

    `figure` is one of a service in `hours`; without `hours` it is a part of the report, and its
    values are null. `corrections` are those that came, or were withdrawn, since that version.
    """

    service: str | None
    figure: str
    hours: Literal["around_the_clock", "in_hours"] | None
    before: ValueForm | None
    after: ValueForm | None
    corrections: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportForm:
    """A report on availability, whole: the data behind it in every other form."""

    format: Literal[1]
    version: Annotated[int, Field(ge=1)]
    replaces: Digest | None
    period: PeriodForm
    asked: AskedForm
    provenance: ProvenanceForm
    policy: PolicyForm
    wording: WordingForm
    group: GroupForm
    services: list[ServiceForm]
    incidents: list[IncidentForm]
    marks: list[MarkForm]
    configurations: list[AppliedForm]
    retired: list[RetiredForm]
    differences: list[DifferenceForm]


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of laporan.json."""
    made = TypeAdapter(ReportForm).json_schema(mode="serialization")
    closed: dict[str, Any] = _closed(made)
    return {"$schema": _DIALECT} | closed | {"title": "Pantau: laporan.json"}


def _closed(part: Any) -> Any:
    """Return the same where no object has other members than are named, and without titles."""
    if isinstance(part, list):
        return [_closed(each) for each in part]
    if not isinstance(part, dict):
        return part
    closed = {
        key: " ".join(each.split()) if _is_text(key, each, "description") else _closed(each)
        for key, each in part.items()
        if not _is_text(key, each, "title")
    }
    return closed | ({"additionalProperties": False} if "properties" in part else {})


def _is_text(key: str, value: Any, name: str) -> bool:
    return key == name and isinstance(value, str)
