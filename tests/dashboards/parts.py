"""What a dashboard is made of: plain values, with every text in two languages."""

from dataclasses import dataclass, field
from enum import StrEnum

# Grafana puts these in: the values that were chosen, as a regular expression.
OF_SERVICE = 'owner=~"$owner",service=~"$service"'
OF_CHECK = f'{OF_SERVICE},check=~"$check"'
OF_DAEMON = 'job=~"$job"'


@dataclass(frozen=True, slots=True)
class Text:
    """A text in Indonesian and in English."""

    id: str
    en: str


class Kind(StrEnum):
    """How a panel shows what it asks for."""

    TILES = "stat"
    TIMELINE = "state-timeline"
    GRAPH = "timeseries"
    BARS = "bargauge"
    TABLE = "table"


class Codes(StrEnum):
    """What the values of a panel stand for, where they are no amounts."""

    STATUS = "status"
    STATUS_NAME = "status_name"
    COUNTED = "counted"
    YES_IS_GOOD = "yes_is_good"
    YES_IS_BAD = "yes_is_bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question to Prometheus. `legend` may hold labels, as in `{{check}}`.

    `now` asks for the newest values only, rather than for their course.
    """

    expr: str
    legend: str | Text
    now: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: the field that Grafana makes, what it is called, and its unit."""

    field: str
    name: Text
    unit: str = ""
    codes: Codes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a panel is, on a grid that is 24 wide."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class Step:
    """From `value` on (None: from the least) a number has this colour."""

    value: float | None
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One picture. `leads_to` is the board to which a click on a series or a row leads.

    `points` is how many values of a series are asked for at most, where each is dear; None leaves
    it to the width of the picture.
    """

    title: Text
    about: Text
    kind: Kind
    place: Place
    queries: tuple[Query, ...]
    unit: str
    codes: Codes | None = None
    steps: tuple[Step, ...] = ()
    columns: tuple[Column, ...] = ()
    leads_to: str = ""
    stacked: bool = False
    least: float | None = None
    most: float | None = None
    decimals: int | None = None
    points: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A variable: the values of a label among some series."""

    name: str
    label: Text
    series: str

    @property
    def query(self) -> str:
        return f"label_values({self.series}, {self.name})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Stretches of time that are marked in graphs, while a query returns anything."""

    name: Text
    expr: str
    told: Text
    tags: tuple[str, ...]
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One dashboard. `name` is that of its files, and part of its uid."""

    name: str
    title: Text
    about: Text
    choices: tuple[Choice, ...]
    panels: tuple[Panel, ...]
    marks: tuple[Mark, ...] = ()
    since: str = "now-24h"
    refresh: str = "1m"
    tags: tuple[str, ...] = field(default=())


OWNER = Choice(name="owner", label=Text("Perangkat daerah", "Agency"), series="pantau_check_status")
SERVICE = Choice(
    name="service",
    label=Text("Layanan", "Service"),
    series='pantau_check_status{owner=~"$owner"}',
)
CHECK = Choice(
    name="check",
    label=Text("Pemeriksaan", "Check"),
    series=f"pantau_check_status{{{OF_SERVICE}}}",
)
JOB = Choice(name="job", label=Text("Job Prometheus", "Prometheus job"), series="pantau_build_info")

# A status of 0 would mark nothing: Grafana takes only values above 0 for a mark.
OUTAGES = Mark(
    name=Text("Gangguan", "Outages"),
    expr=f"(pantau_service_status{{{OF_SERVICE}}} == bool 0) == 1",
    told=Text("Gangguan: {{service}}", "Down: {{service}}"),
    tags=("service", "owner"),
    colour="red",
)


def planned_work(checks: str) -> Mark:
    """Return the mark of maintenance windows on these checks."""
    return Mark(
        name=Text("Pemeliharaan", "Maintenance"),
        expr=f"max by (service, owner) (pantau_check_maintenance{{{checks}}}) == 1",
        told=Text("Pemeliharaan: {{service}}", "Maintenance: {{service}}"),
        tags=("service", "owner"),
        colour="blue",
    )


def place(x: int, y: int, w: int, h: int) -> Place:
    return Place(x=x, y=y, w=w, h=h)


def below(good: str, *steps: tuple[float, str]) -> tuple[Step, ...]:
    """Return the colours of a number, from the least value up."""
    return (Step(None, good), *(Step(value, colour) for value, colour in steps))
