"""People and rotations of config/alerts.yaml: who is on call."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from monitor.configuration.alerts import OneOrMore
from monitor.configuration.document import Block, Document, Series
from monitor.configuration.entries import Entry
from monitor.configuration.findings import (
    Findings,
    Item,
    accepted,
    asked,
    items,
    taken_once,
    unknown,
)
from monitor.configuration.moments import WEEKDAYS, Clock, Day, Moment
from monitor.configuration.names import Id, Text
from monitor.domain.oncall import Person, Rotation, Substitution
from monitor.domain.walltime import instant_of
from monitor.fields import Context


class PersonEntry(Entry):
    """Somebody who can be on call."""

    id: Id = Field(description="What rotations call them.")
    name: Text = Field(description="What people call them.")
    receivers: OneOrMore[Id] = Field(
        description="Names of the receivers by which they are told, all of them at once."
    )


class HandoverEntry(Entry):
    """When the next member of a rotation takes over."""

    day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] | None = Field(
        None, description="The weekday: mon, tue, …; without it, every day."
    )
    at: Clock = Field(description='The time of day, in `zone`: "08:00".')


class SubstitutionEntry(Entry):
    """Who stands in for whoever's turn it is."""

    start: Moment = Field(alias="from", description="When it begins: `2026-12-24 08:00`.")
    end: Moment = Field(alias="to", description="When it ends.")
    member: Id = Field(description="Who is on call meanwhile: one of `people`, also another's.")
    reason: Text = Field(description="Why, in words for those who ask.")

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"to: {self.end:%Y-%m-%d %H:%M} is not after from")
        return self


class RotationEntry(Entry):
    """People who are on call in turn."""

    id: Id = Field(description="What routes and steps of escalation call it.")
    members: tuple[Id, ...] = Field(
        min_length=1, description="Ids of `people`, in the order of their turns."
    )
    handover: HandoverEntry = Field(description="When the next one takes over.")
    first: Day = Field(description="The day on which the turn of the first member begins.")
    overrides: tuple[SubstitutionEntry, ...] = Field(
        (), description="Who stands in, from when to when; they may not overlap."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        day = self.handover.day
        if day is not None and WEEKDAYS[self.first.weekday()] != day:
            ahead = (WEEKDAYS.index(day) - self.first.weekday()) % 7
            raise ValueError(
                f"first: {self.first} is no {day}, on which the next one takes over: write such as "
                f"{self.first + timedelta(days=ahead)}"
            )
        for one, other in pairwise(sorted(self.overrides, key=lambda each: each.start)):
            if other.start < one.end:
                raise ValueError(
                    f"overrides: the one from {other.start:%Y-%m-%d %H:%M} begins before the one "
                    f"from {one.start:%Y-%m-%d %H:%M} ends"
                )
        return self


def people_of(
    document: Document, findings: Findings, context: Context
) -> tuple[dict[str, Person], dict[str, Item]]:
    """Return the valid people, and every written one by id, valid or not."""
    written = tuple(items((document,), "people", findings))
    declared = taken_once(written, "id", findings)
    people = {}
    for item in written:
        entry = accepted(PersonEntry, item, findings, context)
        if entry is not None and declared[entry.id] is item:
            receivers = tuple(sorted(entry.receivers))
            people[entry.id] = Person(id=entry.id, name=entry.name, receivers=receivers)
    return people, declared


def rotations_of(
    document: Document,
    people: Mapping[str, Person],
    zone: str,
    findings: Findings,
    context: Context,
) -> tuple[dict[str, Rotation], dict[str, Item]]:
    """Return the valid rotations of valid people, and every written one by id, valid or not.

    Times are those of `zone`. Whom a rotation names who is not there, `check_people` says.
    """
    written = tuple(items((document,), "oncall", findings))
    declared = taken_once(written, "id", findings)
    rotations = {}
    for item in written:
        entry = accepted(RotationEntry, item, findings, context)
        if entry is None or declared[entry.id] is not item:
            continue
        if people.keys() >= {*entry.members, *(each.member for each in entry.overrides)}:
            rotations[entry.id] = _rotation(entry, people, ZoneInfo(zone))
    return rotations, declared


def _rotation(entry: RotationEntry, people: Mapping[str, Person], zone: ZoneInfo) -> Rotation:
    standing_in = (_substitution(each, people, zone) for each in entry.overrides)
    return Rotation(
        id=entry.id,
        members=tuple(people[each] for each in entry.members),
        first=entry.first,
        at=entry.handover.at,
        days=1 if entry.handover.day is None else 7,
        zone=zone,
        substitutions=tuple(sorted(standing_in, key=lambda each: each.start)),
    )


def _substitution(
    entry: SubstitutionEntry, people: Mapping[str, Person], zone: ZoneInfo
) -> Substitution:
    return Substitution(
        start=instant_of(entry.start, zone),
        end=instant_of(entry.end, zone),
        person=people[entry.member],
        reason=entry.reason,
    )


def check_people(
    document: Document, people: Iterable[str], receivers: Iterable[str], findings: Findings
) -> None:
    """Complain of people without their receivers, and of rotations of people who are not there."""
    quiet = Findings()
    for item in items((document,), "people", quiet):
        for name, at in asked(item.block, "receivers"):
            if name not in receivers:
                findings.problem(
                    item.file, at, f"receivers: {unknown('receiver', name, receivers)}"
                )
    for item in items((document,), "oncall", quiet):
        named = [(f"members[{n}]", *each) for n, each in enumerate(asked(item.block, "members"))]
        overrides = item.block.get("overrides")
        for number, block in enumerate(overrides if isinstance(overrides, Series) else ()):
            if isinstance(block, Block):
                path = f"overrides[{number}].member"
                named += [(path, *each) for each in asked(block, "member")]
        for path, name, at in named:
            if name not in people:
                findings.problem(item.file, at, f"{path}: {unknown('person', name, people)}")
