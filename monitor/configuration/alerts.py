"""The keys of config/alerts.yaml: who is told of what."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from monitor.configuration.entries import Entry
from monitor.configuration.names import Id, Labels, Text
from monitor.domain.acklink import LASTS
from monitor.domain.acklink import LONGEST as LONGEST_LINK
from monitor.domain.acklink import SHORTEST as SHORTEST_LINK
from monitor.domain.expiry import STAGES
from monitor.domain.flapping import LONGEST, MOST_CHANGES
from monitor.domain.service import Criticality
from monitor.domain.signoflife import SignOfLife
from monitor.domain.surroundings import Flapping, GroupBy, Grouping
from monitor.fields import Duration, DurationOrZero, format_duration


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class _OneOrMore:
    """Tells the JSON Schema that a single value needs no brackets."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        several = handler(schema)
        return {"anyOf": [several["items"], several]}


Item = TypeVar("Item")
OneOrMore = Annotated[frozenset[Item], Field(min_length=1), BeforeValidator(_listed), _OneOrMore()]


class MatchEntry(Entry):
    """What a route asks. Each key takes one value or a list of them; all keys must hold."""

    owner: OneOrMore[Text] | None = Field(None, description="Owners (OPD) of the service.")
    service: OneOrMore[Id] | None = Field(None, description="Ids of services.")
    criticality: OneOrMore[Criticality] | None = Field(
        None, description="Criticality of the service."
    )
    type: OneOrMore[str] | None = Field(None, description="Types of checks.")
    labels: Labels = Field(default={}, description="Labels that the check must all have.")


class TimedMatchEntry(MatchEntry):
    """What a route asks of an outage, and of the time."""

    during: Id | None = Field(
        None, description="It holds during the hours of this calendar (config/calendars/) only."
    )
    outside: Id | None = Field(None, description="It holds outside the hours of this calendar.")


def _alarming(value: object) -> object:
    """Refuse a status that nobody is told of, and say why."""
    if value == "unknown":
        raise ValueError(
            "nobody is told of unknown: it says that Pantau lacks knowledge, not that the service "
            "does not work. Of its own faults it tells every receiver by itself; write down or "
            "degraded"
        )
    if value == "up":
        raise ValueError("whoever is told of down or degraded is told of its end as well")
    return value


RoutedStatus = Annotated[Literal["down", "degraded"], BeforeValidator(_alarming)]


class RouteEntry(Entry):
    """Where alerts go. The first route that matches is the last, unless it says `continue`."""

    receiver: Id | None = Field(None, description="Name of the receiver that is told.")
    oncall: Id | None = Field(
        None, description="Or the rotation of which whoever is on call is told."
    )
    match: TimedMatchEntry = Field(
        TimedMatchEntry(), description="What it takes; without it, everything does."
    )
    status: OneOrMore[RoutedStatus] = Field(
        frozenset({"down"}),
        description="What is told, each with its end: `down` (default), `degraded` or both.",
    )
    goes_on: bool = Field(
        default=False, alias="continue", description="true: routes after this one may match too."
    )

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if (self.receiver is None) == (self.oncall is None):
            raise ValueError("write either `receiver` or `oncall`: who is told")
        return self


class EscalationEntry(Entry):
    """Who else is told when nobody takes care of an outage."""

    after: Duration = Field(description="How long after the alarm.")
    receivers: OneOrMore[Id] | None = Field(
        None, description="Names of the receivers that are told then."
    )
    oncall: Id | None = Field(
        None, description="The rotation of which whoever is on call is told then."
    )
    match: TimedMatchEntry = Field(
        TimedMatchEntry(), description="What it concerns; without it, everything."
    )

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if self.receivers is None and self.oncall is None:
            raise ValueError("write `receivers` or `oncall`: who is told then")
        return self


class ReceiverEntry(Entry):
    """The keys that every receiver has. The rest belong to its type."""

    name: Id = Field(description="What routes call it.")
    type: str = Field(description="The kind of receiver.")


class GroupingEntry(Entry):
    """How alerts that come together become one message."""

    by: GroupBy = Field(
        GroupBy.OWNER,
        description="What shares a message: news of the same `service`, of services of the same "
        "`owner` (default), or all that go to the same `receiver`.",
    )
    wait: DurationOrZero = Field(
        timedelta(seconds=20),
        description="How long news of an incident wait for others, to be told in one message. "
        "Default 20s.",
    )
    storm_limit: int = Field(
        20,
        ge=1,
        description="While more incidents than this are open, all news that go to the same "
        "receiver share a message. Default 20.",
    )

    def as_grouping(self) -> Grouping:
        """Return what is written here, for who decides."""
        return Grouping(by=self.by, wait=self.wait, storm_limit=self.storm_limit)


_LEAST_WITHIN, _LEAST_QUIET = timedelta(minutes=1), timedelta(seconds=10)


def _sensible(least: timedelta) -> Callable[[timedelta], timedelta]:
    def check(value: timedelta) -> timedelta:
        if value < least:
            raise ValueError(
                f"{format_duration(value)} is too short: {format_duration(least)} is the least"
            )
        if value > LONGEST:
            raise ValueError(
                f"{format_duration(value)} is too long: {format_duration(LONGEST)} is the most"
            )
        return value

    return check


class FlappingEntry(Entry):
    """When a service counts as unstable: people hear that once, and no more until it is stable."""

    changes: int = Field(
        6,
        ge=0,
        le=MOST_CHANGES,
        description="How often a service may go down or come back `within` so long; an outage that "
        "begins beyond that is told as unstable. Default 6, at most 100; 0 for never.",
    )
    within: Annotated[Duration, AfterValidator(_sensible(_LEAST_WITHIN))] = Field(
        timedelta(minutes=30),
        description="Over how long changes are counted. Default 30m, from 1m to 1d.",
    )
    quiet: Annotated[Duration, AfterValidator(_sensible(_LEAST_QUIET))] = Field(
        timedelta(minutes=10),
        description="How long it may not change until it counts as stable. Default 10m, from 10s "
        "to 1d.",
    )

    def as_flapping(self) -> Flapping:
        """Return what is written here, for who decides."""
        return Flapping(changes=self.changes, within=self.within, quiet=self.quiet)


class RemindersEntry(Entry):
    """How those who were told of an outage are reminded of it."""

    every: DurationOrZero = Field(
        timedelta(hours=4),
        description="How long after the last message about an outage that goes on, and that nobody "
        "takes care of, another one follows. Default 4h; 0s for never.",
    )


def _falling(stages: tuple[int, ...]) -> tuple[int, ...]:
    """Return the stages, the first one first; each is told once however often it is written."""
    return tuple(sorted(set(stages), reverse=True))


Stages = Annotated[
    tuple[Annotated[int, Field(ge=1, le=365)], ...],
    Field(max_length=20),
    AfterValidator(_falling),
]


class ExpiryEntry(Entry):
    """When it is told that a certificate or a domain expires."""

    stages: Stages = Field(
        STAGES,
        description="Days before the end at which it is told, each once. Default "
        "[21, 14, 7, 3, 1]; [] for never.",
    )


_SHORTEST_BEAT = timedelta(seconds=10)


def _seldom(every: timedelta) -> timedelta:
    if every < _SHORTEST_BEAT:
        raise ValueError(f"{format_duration(every)} is too short: 10s is the least")
    return every


def _neither_short_nor_long(length: timedelta) -> timedelta:
    if not SHORTEST_LINK <= length <= LONGEST_LINK:
        least, most = format_duration(SHORTEST_LINK), format_duration(LONGEST_LINK)
        raise ValueError(f"{format_duration(length)}: write {least} to {most}")
    return length


class LinksEntry(Entry):
    """The links in messages by which one says that one takes care."""

    valid_for: Annotated[Duration, AfterValidator(_neither_short_nor_long)] = Field(
        LASTS,
        description="How long one holds after its message. Default 7d, from 1h to 30d.",
    )


class HeartbeatEntry(Entry):
    """Signs of life, so that somebody notices when the monitor itself is silent."""

    every: Annotated[Duration, AfterValidator(_seldom)] = Field(
        timedelta(minutes=1), description="How often one is sent. Default 1m, at least 10s."
    )
    receivers: OneOrMore[Id] = Field(description="Names of the receivers that get them.")

    def as_sign_of_life(self) -> SignOfLife:
        """Return what is written here, for who decides."""
        return SignOfLife(every=self.every, receivers=tuple(sorted(self.receivers)))


class AlertsFile(Entry):
    """config/alerts.yaml. Entries of lists are looked at one by one."""

    version: Literal[1] = Field(1, description="Version of this form of configuration.")
    receivers: list[Any] | None = None
    routes: list[Any] | None = None
    escalation: list[Any] | None = None
    people: list[Any] | None = None
    oncall: list[Any] | None = None
    reminders: RemindersEntry = Field(
        RemindersEntry(), description="When it is told again that an outage goes on."
    )
    links: LinksEntry = Field(
        LinksEntry(), description="The links by which one says that one takes care."
    )
    expiry: ExpiryEntry = Field(
        ExpiryEntry(), description="When it is told that certificates and domains expire."
    )
    heartbeat: HeartbeatEntry | None = Field(
        None, description="Who is told, now and then, that the monitor works; unset, nobody."
    )
    grouping: GroupingEntry = Field(GroupingEntry(), description="How alerts become one message.")
    flapping: FlappingEntry = Field(
        FlappingEntry(), description="When a service changes too often to be told of each time."
    )
