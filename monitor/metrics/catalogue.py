"""Every series that does not depend on a check type: its name, type, labels and meaning.

The numbers of check types are declared beside their probes (`MeasurementInfo`). Together they
are all that /metrics can hold, and docs/metrics.md is made from both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from monitor.checktype import MeasurementInfo

PROBE_LABELS = ("check", "service", "owner", "vantage", "instance")
CHECK_LABELS = ("check", "service", "owner", "vantage")
SERVICE_LABELS = ("service", "owner")


class Kind(StrEnum):
    """The type that TYPE announces."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Family:
    """One metric. `name` is that of its samples, so a counter's ends in `_total`."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


_STATUS_CODES = "0 down, 1 up, 2 degraded, 3 unknown"
_AS_WHAT = (
    "`counted` is what it counts as: sla, off_hours (outside the hours that were promised), or "
    "maintenance (planned before it began, within them)."
)
_ABSENT = "Absent, never stale, while nothing is known of the target."

PROBE_SUCCESS = Family(
    "probe_success",
    Kind.GAUGE,
    f"Whether the last probe succeeded, a degraded one included. {_ABSENT}",
    PROBE_LABELS,
)
PROBE_DURATION = Family(
    "probe_duration_seconds",
    Kind.GAUGE,
    f"How long the last probe took, whether it succeeded or not. {_ABSENT}",
    PROBE_LABELS,
)

CHECK_STATUS = Family(
    "pantau_check_status",
    Kind.GAUGE,
    f"Confirmed status of a check: {_STATUS_CODES}.",
    CHECK_LABELS,
)
CHECK_STATUS_SECONDS = Family(
    "pantau_check_status_seconds_total",
    Kind.COUNTER,
    "Time that samples saw in each status, credited when the next sample or the hold limit "
    f"settles it. Kept over restarts; the monitor's own downtime is unknown. {_AS_WHAT}",
    (*CHECK_LABELS, "status", "counted"),
)
CHECK_RUNS = Family(
    "pantau_check_runs_total",
    Kind.COUNTER,
    "Probes that ended, since the daemon started.",
    CHECK_LABELS,
)
CHECK_FAILURES = Family(
    "pantau_check_failures_total",
    Kind.COUNTER,
    "Probes that did not end well, since the daemon started, by the kind of failure. A kind "
    "appears with its first failure.",
    (*CHECK_LABELS, "kind"),
)
CHECK_LAST_RUN = Family(
    "pantau_check_last_run_timestamp_seconds",
    Kind.GAUGE,
    "When the last probe began, as Unix time. Absent before the first one.",
    CHECK_LABELS,
)
CHECK_STATUS_SINCE = Family(
    "pantau_check_status_since_timestamp_seconds",
    Kind.GAUGE,
    "When the present status began, as Unix time. Absent before the first verdict.",
    CHECK_LABELS,
)
CHECK_MAINTENANCE = Family(
    "pantau_check_maintenance",
    Kind.GAUGE,
    "Whether a maintenance window is open for a check.",
    CHECK_LABELS,
)
CHECK_INFO = Family(
    "pantau_check_info",
    Kind.GAUGE,
    "Always 1. Tells what a check is, with the labels that its configuration adds.",
    (*PROBE_LABELS, "type", "criticality", "affects"),
)

SERVICE_STATUS = Family(
    "pantau_service_status",
    Kind.GAUGE,
    f"Status of a service, from its checks by its rule: {_STATUS_CODES}.",
    SERVICE_LABELS,
)
SERVICE_STATUS_SECONDS = Family(
    "pantau_service_status_seconds_total",
    Kind.COUNTER,
    "Time that a service was in each status, as far as samples of all its checks go. Kept over "
    f"restarts; the monitor's own downtime is unknown. {_AS_WHAT}",
    (*SERVICE_LABELS, "status", "counted"),
)
SERVICE_SLA_TARGET = Family(
    "pantau_service_sla_target_ratio",
    Kind.GAUGE,
    "Share of time that a service is promised to be available. Absent without a promise.",
    SERVICE_LABELS,
)

SERVICE_DEPENDENCY = Family(
    "pantau_service_dependency_info",
    Kind.GAUGE,
    "Always 1. Tells which other service a service needs, one series for each.",
    (*SERVICE_LABELS, "depends_on"),
)

LATENESS = Family(
    "pantau_scheduler_lateness_seconds",
    Kind.HISTOGRAM,
    "How long after its slot a probe began.",
)
SLOTS_MISSED = Family(
    "pantau_slots_missed_total",
    Kind.COUNTER,
    "Slots in which no probe ran, by reason.",
    ("reason",),
)
IN_FLIGHT = Family("pantau_checks_in_flight", Kind.GAUGE, "Probes that are under way.")
LOOP_LAG = Family(
    "pantau_loop_lag_seconds",
    Kind.GAUGE,
    "How late the event loop was when it was last asked.",
)
NOTIFICATIONS = Family(
    "pantau_notifications_total",
    Kind.COUNTER,
    "Notifications that a receiver accepted.",
    ("receiver",),
)
NOTIFICATION_FAILURES = Family(
    "pantau_notification_failures_total",
    Kind.COUNTER,
    "Attempts to notify that failed, by reason.",
    ("receiver", "reason"),
)
OUTBOX_PENDING = Family(
    "pantau_outbox_pending", Kind.GAUGE, "Notifications that wait to be delivered."
)
OUTBOX_OLDEST_AGE = Family(
    "pantau_outbox_oldest_age_seconds",
    Kind.GAUGE,
    "Age of the oldest notification that waits, 0 when none does.",
)
DEAD_LETTERS = Family(
    "pantau_dead_letters",
    Kind.GAUGE,
    "Notifications that were given up, and not sent after all. `pantau notify dead-letters`.",
    ("receiver",),
)
RELOAD_SUCCESSFUL = Family(
    "pantau_config_last_reload_successful",
    Kind.GAUGE,
    "Whether the last attempt to load the configuration succeeded.",
)
RELOAD_SUCCESS_TIMESTAMP = Family(
    "pantau_config_last_reload_success_timestamp_seconds",
    Kind.GAUGE,
    "When the configuration in use was loaded, as Unix time.",
)
BUILD_INFO = Family(
    "pantau_build_info",
    Kind.GAUGE,
    "Always 1. Tells what is running.",
    ("version", "python"),
)
SELF_OFFLINE = Family(
    "pantau_self_offline",
    Kind.GAUGE,
    "Whether the monitor itself has lost its network, so that it can say nothing of others.",
)
CLOCK_OFFSET = Family(
    "pantau_clock_offset_seconds",
    Kind.GAUGE,
    "How far the clock of this machine is ahead of others, negative when it is behind. Absent "
    "until it was compared.",
)
STORE_FAILURES = Family(
    "pantau_store_failures_total",
    Kind.COUNTER,
    "Changes that could not be stored when they should have been.",
)
SEALED_UNTIL = Family(
    "pantau_store_sealed_until_timestamp_seconds",
    Kind.GAUGE,
    "Up to when all hours are sealed (Unix time): no more than 80 minutes ago while all is well. "
    "Absent until that was done since the start.",
)
SEALING_FAILURES = Family(
    "pantau_store_sealing_failures_total",
    Kind.COUNTER,
    "How often hours could not be sealed, or old samples not be dropped.",
)
REPORT_FILED = Family(
    "pantau_report_last_success_timestamp_seconds",
    Kind.GAUGE,
    "When a scheduled report was last filed, or found to say nothing new (Unix time). Absent until "
    "that was done since the start.",
)
REPORT_FAILURES = Family(
    "pantau_report_failures_total",
    Kind.COUNTER,
    "How often a scheduled report could not be filed.",
)
BACKUP_MADE = Family(
    "pantau_backup_last_success_timestamp_seconds",
    Kind.GAUGE,
    "When `pantau db backup` last made a backup (Unix time). Absent until it made one.",
)
DATA_FREE = Family(
    "pantau_data_free_bytes",
    Kind.GAUGE,
    "Room that is left for the daemon on the disk of data_dir. Absent where the disk says nothing.",
)
DATA_SIZE = Family(
    "pantau_data_size_bytes",
    Kind.GAUGE,
    "Size of the disk of data_dir. Absent where the disk says nothing.",
)

_UNSIGNED = "Absent until the ledger was signed."
LEDGER_SIZE = Family(
    "pantau_ledger_size",
    Kind.GAUGE,
    f"Entries of the ledger that the newest checkpoint stands for. {_UNSIGNED}",
)
LEDGER_ROOT = Family(
    "pantau_ledger_root_info",
    Kind.GAUGE,
    f"Always 1. Tells the root of these entries: who keeps it is a witness. {_UNSIGNED}",
    ("root",),
)

_WITH_PROBE = "Absent while /probe is not served."
BLACKBOX_UNKNOWN_MODULES = Family(
    "blackbox_module_unknown_total",
    Kind.COUNTER,
    f"Requests to /probe for a module that is not there. {_WITH_PROBE}",
)
BLACKBOX_RELOAD_SUCCESSFUL = Family(
    "blackbox_exporter_config_last_reload_successful",
    Kind.GAUGE,
    f"As pantau_config_last_reload_successful, for dashboards of blackbox_exporter. {_WITH_PROBE}",
)
BLACKBOX_RELOAD_SUCCESS_TIMESTAMP = Family(
    "blackbox_exporter_config_last_reload_success_timestamp_seconds",
    Kind.GAUGE,
    "As pantau_config_last_reload_success_timestamp_seconds, for dashboards of "
    f"blackbox_exporter. {_WITH_PROBE}",
)

CATALOGUE: tuple[Family, ...] = (
    PROBE_SUCCESS,
    PROBE_DURATION,
    CHECK_STATUS,
    CHECK_STATUS_SECONDS,
    CHECK_RUNS,
    CHECK_FAILURES,
    CHECK_LAST_RUN,
    CHECK_STATUS_SINCE,
    CHECK_MAINTENANCE,
    CHECK_INFO,
    SERVICE_STATUS,
    SERVICE_STATUS_SECONDS,
    SERVICE_SLA_TARGET,
    SERVICE_DEPENDENCY,
    LATENESS,
    SLOTS_MISSED,
    IN_FLIGHT,
    LOOP_LAG,
    NOTIFICATIONS,
    NOTIFICATION_FAILURES,
    OUTBOX_PENDING,
    OUTBOX_OLDEST_AGE,
    DEAD_LETTERS,
    RELOAD_SUCCESSFUL,
    RELOAD_SUCCESS_TIMESTAMP,
    BUILD_INFO,
    SELF_OFFLINE,
    CLOCK_OFFSET,
    STORE_FAILURES,
    SEALED_UNTIL,
    SEALING_FAILURES,
    REPORT_FILED,
    REPORT_FAILURES,
    BACKUP_MADE,
    DATA_FREE,
    DATA_SIZE,
    LEDGER_SIZE,
    LEDGER_ROOT,
    BLACKBOX_UNKNOWN_MODULES,
    BLACKBOX_RELOAD_SUCCESSFUL,
    BLACKBOX_RELOAD_SUCCESS_TIMESTAMP,
)


def measured(declared: Iterable[MeasurementInfo]) -> tuple[MeasurementInfo, ...]:
    """Return each declared number once, in order of its name.

    Several check types report the same number; they must then say the same of its labels.
    Raise ValueError if they do not, or if one takes a name of the catalogue.
    """
    taken = {family.name for family in CATALOGUE}
    found: dict[str, MeasurementInfo] = {}
    for one in declared:
        if one.name in taken:
            raise ValueError(f"{one.name}: every check has this series already")
        first = found.setdefault(one.name, one)
        if first.labels != one.labels:
            raise ValueError(f"{one.name}: labels {first.labels} here, {one.labels} there")
    return tuple(found[name] for name in sorted(found))
