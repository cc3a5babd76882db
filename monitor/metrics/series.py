"""Rows as lines of text, family by family.

The lines are the same in the Prometheus text format 0.0.4 and in OpenMetrics 1.0; what differs
are HELP and TYPE. A whole scrape at 10,000 checks is a quarter of a million lines, so the
writers are single expressions over a slice of rows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from monitor.checktype import MeasurementInfo
from monitor.domain.counting import Counted
from monitor.domain.observation import Labels
from monitor.metrics import catalogue
from monitor.metrics.catalogue import Family, Kind
from monitor.metrics.labels import foreign
from monitor.metrics.rows import STATUSES, CheckRow, ServiceRow

_SLA = Counted.SLA.value


class OwnLabelled:
    """Numbers with labels of their own, in columns: the labels of their check, their own, values.

    A tuple for each would be sixty thousand objects that the garbage collector has to visit.
    """

    __slots__ = ("labels", "probes", "values")

    def __init__(self) -> None:
        self.probes: list[str] = []
        self.labels: list[Labels] = []
        self.values: list[float] = []

    def add(self, probe: str, labels: Labels, value: float) -> None:
        self.probes.append(probe)
        self.labels.append(labels)
        self.values.append(value)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, some: slice) -> "OwnLabelled":
        part = OwnLabelled()
        part.probes, part.labels = self.probes[some], self.labels[some]
        part.values = self.values[some]
        return part


@dataclass(frozen=True, slots=True)
class CheckSeries:
    """A family that every check may have a part in."""

    family: Family
    lines: Callable[[Sequence[CheckRow]], list[str]]


@dataclass(frozen=True, slots=True)
class ServiceSeries:
    """A family that every service may have a part in."""

    family: Family
    lines: Callable[[Sequence[ServiceRow]], list[str]]


@dataclass(frozen=True, slots=True)
class OwnLabelSeries:
    """A family of numbers with labels of their own."""

    family: Family
    lines: Callable[[OwnLabelled], list[str]]


def head(family: Family, *, openmetrics: bool) -> str:
    """Return the HELP and TYPE lines of a family."""
    name, text = family.name, family.help.replace("\\", r"\\").replace("\n", r"\n")
    if openmetrics:
        text = text.replace('"', r"\"")
        if family.kind is Kind.COUNTER:
            name = name.removesuffix("_total")
    return f"# HELP {name} {text}\n# TYPE {name} {family.kind}\n"


def measurement_family(info: MeasurementInfo) -> Family:
    return Family(info.name, Kind.GAUGE, info.help, (*catalogue.PROBE_LABELS, *info.labels))


def measurement_series(info: MeasurementInfo) -> CheckSeries:
    """Return the series of a number without labels of its own. NaN and infinity are left out."""
    key, start = (info.name, ()), info.name + "{"

    def lines(rows: Sequence[CheckRow]) -> list[str]:
        return [
            f"{start}{row.labels.probe}}} {+value!r}\n"
            for row in rows
            if (value := row.measurements.get(key)) is not None and value - value == 0
        ]

    return CheckSeries(measurement_family(info), lines)


def own_label_series(info: MeasurementInfo) -> OwnLabelSeries:
    """Return the series of a number with labels of its own, such as a phase.

    A value whose labels are not those that were declared is left out.
    """
    start, declared = info.name + "{", tuple(sorted(info.labels))

    @lru_cache(maxsize=128)
    def own(labels: Labels) -> str | None:
        return foreign(labels) if tuple([name for name, _ in labels]) == declared else None

    def lines(found: OwnLabelled) -> list[str]:
        return [
            f"{start}{probe}{text}}} {+value!r}\n"
            for probe, labels, value in zip(found.probes, found.labels, found.values, strict=True)
            if value - value == 0 and (text := own(labels)) is not None
        ]

    return OwnLabelSeries(measurement_family(info), lines)


def collect_own_labelled(rows: Iterable[CheckRow], found: Mapping[str, OwnLabelled]) -> None:
    """Sort the numbers with labels of their own into `found`, by name. Others are dropped."""
    for row in rows:
        probe = row.labels.probe
        for (name, labels), value in row.measurements.items():
            if labels and name in found:
                found[name].add(probe, labels, value)


def _success(rows: Sequence[CheckRow]) -> list[str]:
    return [
        f"probe_success{{{row.labels.probe}}} {row.success}\n"
        for row in rows
        if row.success is not None
    ]


def _duration(rows: Sequence[CheckRow]) -> list[str]:
    return [
        f"probe_duration_seconds{{{row.labels.probe}}} {row.duration!r}\n"
        for row in rows
        if row.success is not None
    ]


def _status(rows: Sequence[CheckRow]) -> list[str]:
    return [f"pantau_check_status{{{row.labels.own}}} {row.status}\n" for row in rows]


def _status_seconds(rows: Sequence[CheckRow]) -> list[str]:
    return [
        f'pantau_check_status_seconds_total{{{row.labels.own},status="{status}",counted="{kind}"}} '
        f"{seconds!r}\n"
        for row in rows
        for kind, totals in ((_SLA, row.seconds), *row.apart)
        for status, seconds in zip(STATUSES, totals, strict=True)
    ]


def _runs(rows: Sequence[CheckRow]) -> list[str]:
    return [f"pantau_check_runs_total{{{row.labels.own}}} {row.runs}\n" for row in rows]


def _failures(rows: Sequence[CheckRow]) -> list[str]:
    return [
        f'pantau_check_failures_total{{{row.labels.own},kind="{kind}"}} {count}\n'
        for row in rows
        for kind, count in row.failures
    ]


def _last_run(rows: Sequence[CheckRow]) -> list[str]:
    return [
        f"pantau_check_last_run_timestamp_seconds{{{row.labels.own}}} {row.last_run!r}\n"
        for row in rows
        if row.last_run is not None
    ]


def _since(rows: Sequence[CheckRow]) -> list[str]:
    return [
        f"pantau_check_status_since_timestamp_seconds{{{row.labels.own}}} {row.since!r}\n"
        for row in rows
        if row.since is not None
    ]


def _maintenance(rows: Sequence[CheckRow]) -> list[str]:
    return [f"pantau_check_maintenance{{{row.labels.own}}} {row.maintained:d}\n" for row in rows]


def _info(rows: Sequence[CheckRow]) -> list[str]:
    return [f"pantau_check_info{{{row.labels.described}}} 1\n" for row in rows]


def _service_status(rows: Sequence[ServiceRow]) -> list[str]:
    return [f"pantau_service_status{{{row.labels}}} {row.status}\n" for row in rows]


def _service_seconds(rows: Sequence[ServiceRow]) -> list[str]:
    return [
        f'pantau_service_status_seconds_total{{{row.labels},status="{status}",counted="{kind}"}} '
        f"{seconds!r}\n"
        for row in rows
        for kind, totals in ((_SLA, row.seconds), *row.apart)
        for status, seconds in zip(STATUSES, totals, strict=True)
    ]


def _sla_target(rows: Sequence[ServiceRow]) -> list[str]:
    return [
        f"pantau_service_sla_target_ratio{{{row.labels}}} {row.target!r}\n"
        for row in rows
        if row.target is not None
    ]


def _dependencies(rows: Sequence[ServiceRow]) -> list[str]:
    return [
        f'pantau_service_dependency_info{{{row.labels},depends_on="{each}"}} 1\n'
        for row in rows
        for each in row.needs
    ]


CHECK_SERIES = (
    CheckSeries(catalogue.PROBE_SUCCESS, _success),
    CheckSeries(catalogue.PROBE_DURATION, _duration),
    CheckSeries(catalogue.CHECK_STATUS, _status),
    CheckSeries(catalogue.CHECK_STATUS_SECONDS, _status_seconds),
    CheckSeries(catalogue.CHECK_RUNS, _runs),
    CheckSeries(catalogue.CHECK_FAILURES, _failures),
    CheckSeries(catalogue.CHECK_LAST_RUN, _last_run),
    CheckSeries(catalogue.CHECK_STATUS_SINCE, _since),
    CheckSeries(catalogue.CHECK_MAINTENANCE, _maintenance),
    CheckSeries(catalogue.CHECK_INFO, _info),
)
SERVICE_SERIES = (
    ServiceSeries(catalogue.SERVICE_STATUS, _service_status),
    ServiceSeries(catalogue.SERVICE_STATUS_SECONDS, _service_seconds),
    ServiceSeries(catalogue.SERVICE_SLA_TARGET, _sla_target),
    ServiceSeries(catalogue.SERVICE_DEPENDENCY, _dependencies),
)
