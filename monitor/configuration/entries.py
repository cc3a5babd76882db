"""The keys of checks.yaml, before anything refers to anything."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from monitor.configuration.names import Id, Labels, Note, Text
from monitor.domain.check import Affects
from monitor.domain.service import Criticality, Rule, StatusRule
from monitor.fields import Duration, Percentage, Url, format_duration, shown

SHORTEST_INTERVAL = timedelta(milliseconds=100)

Threshold = Annotated[int, Field(ge=1, le=100)]


def _interval(interval: timedelta) -> timedelta:
    if interval < SHORTEST_INTERVAL:
        least = format_duration(SHORTEST_INTERVAL)
        raise ValueError(f"{format_duration(interval)} is too short: {least} is the least")
    return interval


class Entry(BaseModel):
    """Base of what is written in the configuration. An unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rhythm(Entry):
    """What a check says of itself, or leaves to `defaults`."""

    interval: Annotated[Duration, AfterValidator(_interval)] | None = Field(
        None, description="How often it is probed. Default 60s; at least 100ms."
    )
    timeout: Duration | None = Field(
        None,
        description="How long a probe may take in all. At most the interval; default 10s, or the "
        "interval if that is shorter. It ends 200ms before the next one is due in any case.",
    )
    retry_interval: Duration | None = Field(
        None,
        description="How soon it is probed again while a change is unconfirmed. At most the "
        "interval; default 15s, or the interval if that is shorter.",
    )
    failure_threshold: Threshold | None = Field(
        None, description="Failing samples in a row that make it down. Default 3."
    )
    success_threshold: Threshold | None = Field(
        None, description="Good samples in a row that make it up again. Default 2."
    )
    affects: Affects | None = Field(
        None,
        description="What its failing says something about. Only availability (the default) "
        "counts for its service's status and figures.",
    )
    degraded_over: Duration | None = Field(
        None, description="A good probe that takes longer makes it degraded. Default: never."
    )
    labels: Labels = Field(
        default={}, description="Labels of pantau_check_info and for routes; at most 8."
    )
    runbook: Url | None = Field(
        None, description="Address of what to do when it fails; every alert carries it."
    )


class Defaults(Rhythm):
    """What checks take when they don't say otherwise.

    Those of checks.yaml hold in every file; those of a file in config/services/ come before them
    for its own checks.
    """


class CheckEntry(Rhythm):
    """The keys that every check has. The rest belong to its type."""

    id: Id = Field(description="Names it, once in the whole configuration; its history goes by it.")
    service: Id = Field(description="Id of the service that it watches.")
    type: str = Field(description="How it is probed.")
    name: str = Field(
        "", max_length=200, description="What people read instead of its id, if given."
    )
    enabled: bool = Field(default=True, description="false: it stays here and is not probed.")
    verified: bool = Field(
        default=True, description="false shows a note that nobody has confirmed its target yet."
    )
    notes: Note = Field("", description="Whatever the next one should know.")


_RULES = "write all, any, or {quorum: N} with a whole number from 1"


def _status(value: object) -> object:
    match value:
        case StatusRule():
            return value
        case "all" | "any":
            return StatusRule(rule=Rule(value))
        case {"quorum": int(quorum), **rest} if not rest and quorum is not True and quorum >= 1:
            return StatusRule(rule=Rule.QUORUM, quorum=quorum)
        case {"quorum": quorum}:
            raise ValueError(f"a quorum of {shown(quorum)} is no rule: {_RULES}")
        case _:
            raise ValueError(f"{shown(value)} is no rule: {_RULES}")


def _status_text(rule: StatusRule) -> object:
    return {"quorum": rule.quorum} if rule.rule is Rule.QUORUM else str(rule.rule)


_QUORUM = {
    "type": "object",
    "properties": {
        "quorum": {"type": "integer", "minimum": 1, "description": "Checks that must be up."}
    },
    "required": ["quorum"],
    "additionalProperties": False,
}
StatusText = Annotated[
    StatusRule,
    BeforeValidator(_status),
    PlainSerializer(_status_text, when_used="json"),
    WithJsonSchema({"anyOf": [{"enum": ["all", "any"]}, _QUORUM]}),
]


class SlaEntry(Entry):
    """What was promised, and where that is written down."""

    target: Percentage = Field(description="Availability promised, in percent, such as 99.9.")
    basis: Text = Field(
        description="The decree or contract that promises it; reports quote it. Required."
    )
    hours: Id = Field(
        "24x7",
        description="When it must be up: `24x7`, or a calendar (config/calendars/) by its name.",
    )


class ServiceEntry(Entry):
    """A service that an OPD offers."""

    id: Id = Field(description="Names it, once in the whole configuration.")
    name: Text = Field(description="What people read.")
    owner: Text = Field(description="The OPD that answers for it.")
    criticality: Criticality = Field(
        Criticality.BIASA, description="How much it matters. Default biasa."
    )
    public: bool = Field(
        default=False,
        description="true: may appear on the public page, feed, badges and open data.",
    )
    depends_on: tuple[Id, ...] = Field(
        (), description="Ids of services that it needs. Concerns alerts only, never figures."
    )
    status: StatusText = Field(
        StatusRule(),
        description="How its checks make its status: all of them up (the default), any of them, "
        "or {quorum: N}.",
    )
    sla: SlaEntry | None = Field(None, description="What was promised for it.")


class ChecksFile(Entry):
    """checks.yaml, and each file in config/services/. Entries are looked at one by one."""

    version: Literal[1] = Field(1, description="Version of this form of configuration.")
    defaults: dict[str, Any] | None = None
    services: list[Any] | None = None
    checks: list[Any] | None = None
