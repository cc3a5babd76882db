"""The daemon's own figures, kept by prometheus_client in a registry of their own."""

import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Metric,
    ProcessCollector,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from monitor.domain.observation import MissedReason
from monitor.metrics import catalogue
from monitor.metrics.catalogue import Family
from monitor.metrics.datafolder import DataFolder

# Fine around the promise (p99 under 50 ms), and far enough to see a stall.
_LATENESS_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_END = b"# EOF\n"


class PrometheusTelemetry:
    """Implements `ports.Telemetry`. `receivers` are shown from the start, with 0."""

    def __init__(self, version: str, receivers: Iterable[str] = ()) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._lateness = Histogram(
            catalogue.LATENESS.name,
            catalogue.LATENESS.help,
            buckets=_LATENESS_BUCKETS,
            registry=self._registry,
        )
        self._missed = self._counter(catalogue.SLOTS_MISSED)
        self._in_flight = self._gauge(catalogue.IN_FLIGHT)
        self._loop_lag = self._gauge(catalogue.LOOP_LAG)
        self._notifications = self._counter(catalogue.NOTIFICATIONS)
        self._notification_failures = self._counter(catalogue.NOTIFICATION_FAILURES)
        self._outbox_pending = self._gauge(catalogue.OUTBOX_PENDING)
        self._outbox_age = self._gauge(catalogue.OUTBOX_OLDEST_AGE)
        self._dead_letters = self._gauge(catalogue.DEAD_LETTERS)
        self._receivers = set(receivers)
        self._reload_successful = self._gauge(catalogue.RELOAD_SUCCESSFUL)
        self._reload_at = self._gauge(catalogue.RELOAD_SUCCESS_TIMESTAMP)
        self._offline = self._gauge(catalogue.SELF_OFFLINE)
        self._clock_offset: Gauge | None = None
        self._store_failures = self._counter(catalogue.STORE_FAILURES)
        self._sealed_until: Gauge | None = None
        self._sealing_failures = self._counter(catalogue.SEALING_FAILURES)
        self._report_filed: Gauge | None = None
        self._report_failures = self._counter(catalogue.REPORT_FAILURES)
        self._ledger: tuple[Gauge, Gauge] | None = None
        self._blackbox: _BlackboxTelemetry | None = None
        build = self._gauge(catalogue.BUILD_INFO)
        build.labels(version, platform.python_version()).set(1)
        for reason in MissedReason:
            self._missed.labels(reason.value)
        for receiver in self._receivers:
            self._notifications.labels(receiver)
            self._dead_letters.labels(receiver)

    def lateness(self, seconds: float) -> None:
        self._lateness.observe(seconds)

    def slot_missed(self, reason: str) -> None:
        self._missed.labels(reason).inc()

    def in_flight(self, count: int) -> None:
        self._in_flight.set(count)

    def loop_lag(self, seconds: float) -> None:
        self._loop_lag.set(seconds)

    def notified(self, receiver: str) -> None:
        self._notifications.labels(_label(receiver)).inc()

    def notification_failed(self, receiver: str, reason: str) -> None:
        self._notification_failures.labels(_label(receiver), reason).inc()

    def outbox(self, pending: int, oldest_age_seconds: float) -> None:
        self._outbox_pending.set(pending)
        self._outbox_age.set(oldest_age_seconds)

    def dead_letters(self, counts: Mapping[str, int]) -> None:
        found: defaultdict[str, int] = defaultdict(int)
        for receiver, count in counts.items():
            found[_label(receiver)] += count
        self._receivers.update(found)
        for receiver in self._receivers:
            self._dead_letters.labels(receiver).set(found[receiver])

    def reloaded(self, *, successful: bool, at: datetime) -> None:
        self._reload_successful.set(successful)
        if successful:
            self._reload_at.set(at.timestamp())
        if self._blackbox is not None:
            self._blackbox.reloaded(successful=successful, at=at)

    def offline(self, *, offline: bool) -> None:
        self._offline.set(offline)

    def clock_offset(self, seconds: float) -> None:
        if self._clock_offset is None:
            # Registered late: before the first comparison, 0 would be a claim.
            self._clock_offset = self._gauge(catalogue.CLOCK_OFFSET)
        self._clock_offset.set(seconds)

    def store_failed(self) -> None:
        self._store_failures.inc()

    def sealed_until(self, seconds: float) -> None:
        if self._sealed_until is None:
            self._sealed_until = self._gauge(catalogue.SEALED_UNTIL)
        self._sealed_until.set(seconds)

    def sealing_failed(self) -> None:
        self._sealing_failures.inc()

    def report_filed(self, seconds: float) -> None:
        if self._report_filed is None:
            self._report_filed = self._gauge(catalogue.REPORT_FILED)
        self._report_filed.set(seconds)

    def report_failed(self) -> None:
        self._report_failures.inc()

    def ledger_signed(self, size: int, root: str) -> None:
        if self._ledger is None:
            # Registered late, as is the clock's offset.
            self._ledger = self._gauge(catalogue.LEDGER_SIZE), self._gauge(catalogue.LEDGER_ROOT)
        entries, info = self._ledger
        entries.set(size)
        info.clear()
        info.labels(root).set(1)

    def serves_blackbox(self) -> None:
        """Show blackbox_exporter's own figures from now on."""
        self._blackbox = _BlackboxTelemetry(
            unknown_modules=self._counter(catalogue.BLACKBOX_UNKNOWN_MODULES),
            reload_successful=self._gauge(catalogue.BLACKBOX_RELOAD_SUCCESSFUL),
            reload_at=self._gauge(catalogue.BLACKBOX_RELOAD_SUCCESS_TIMESTAMP),
        )

    def module_unknown(self) -> None:
        """Count a request to /probe for a module that is not there."""
        if self._blackbox is not None:
            self._blackbox.unknown_modules.inc()

    def watches_folder(self, data_dir: Path, backup_note: Path) -> None:
        """Show from now on how full the disk of `data_dir` is, and when `backup_note` was left."""
        self._registry.register(DataFolder(data_dir, backup_note))

    def render(self, *, openmetrics: bool) -> bytes:
        """Return the figures as text, without the line that ends an OpenMetrics body."""
        families = _Samples(self._registry)
        if not openmetrics:
            return generate_latest(families)
        text: bytes = generate_openmetrics(families)  # type: ignore[no-untyped-call]
        return text.removesuffix(_END)

    def _gauge(self, family: Family) -> Gauge:
        return Gauge(family.name, family.help, family.labels, registry=self._registry)

    def _counter(self, family: Family) -> Counter:
        return Counter(family.name, family.help, family.labels, registry=self._registry)


@dataclass(frozen=True, slots=True, kw_only=True)
class _BlackboxTelemetry:
    unknown_modules: Counter
    reload_successful: Gauge
    reload_at: Gauge

    def reloaded(self, *, successful: bool, at: datetime) -> None:
        self.reload_successful.set(successful)
        if successful:
            self.reload_at.set(at.timestamp())


class _Samples(Collector):
    """A registry without the `_created` series that the library adds to every counter."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [s for s in metric.samples if not s.name.endswith("_created")]
            yield metric


def _label(receiver: str) -> str:
    """Return what metrics call a receiver: readers of reports by how mail goes to them, together.

    Whoever reads metrics has no use for their addresses.
    """
    through, slash, _ = receiver.partition("/")
    return f"{through}/readers" if slash else receiver
