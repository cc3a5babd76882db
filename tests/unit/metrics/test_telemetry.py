import os
from datetime import UTC, datetime

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text

from monitor.metrics import catalogue
from monitor.metrics.telemetry import PrometheusTelemetry

DISK = {"pantau_data_free_bytes", "pantau_data_size_bytes"}
SPENT_MEANWHILE = 2**30  # others write to the disk of the tests, too


@pytest.fixture
def telemetry():
    return PrometheusTelemetry("1.2.3", receivers=("oncall",))


def samples(telemetry):
    body = telemetry.render(openmetrics=False).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text(body)
        for sample in family.samples
    }


def test_everything_of_the_catalogue_is_there(telemetry):
    """Every figure of the daemon is shown from the start, but for an offset not yet measured and a
    ledger not yet signed.
    """
    own = {f.name for f in catalogue.CATALOGUE[catalogue.CATALOGUE.index(catalogue.LATENESS) :]}
    names = {family.name for family in text(telemetry.render(openmetrics=False).decode())}
    shown = {name for name in own if name in names or name.removesuffix("_total") in names}

    blackbox = {name for name in own if name.startswith("blackbox_")}
    unsigned = {"pantau_ledger_size", "pantau_ledger_root_info"}
    late = {
        "pantau_clock_offset_seconds",
        "pantau_store_sealed_until_timestamp_seconds",
        "pantau_report_last_success_timestamp_seconds",
    }
    folder = {"pantau_backup_last_success_timestamp_seconds", *DISK}
    assert own - shown == {*late, *unsigned, *blackbox, *folder}


def test_disk_of_the_data_is_told(telemetry, tmp_path):
    """The room that is left on the disk of data_dir is shown as the kernel gives it, and its size."""
    telemetry.watches_folder(tmp_path, tmp_path / "last-backup")
    disk = os.statvfs(tmp_path)
    shown = {name: value for (name, _), value in samples(telemetry).items()}

    assert shown["pantau_data_size_bytes"] == disk.f_frsize * disk.f_blocks
    assert 0 < shown["pantau_data_free_bytes"] <= disk.f_frsize * disk.f_bavail + SPENT_MEANWHILE
    assert "pantau_backup_last_success_timestamp_seconds" not in shown


def test_time_of_the_last_backup_is_told(telemetry, tmp_path):
    """When the last backup was made is shown, and goes along with a later one."""
    telemetry.watches_folder(tmp_path, tmp_path / "last-backup")
    told = []
    for moment in (1_790_000_000, 1_790_086_400):
        (tmp_path / "last-backup").touch()
        os.utime(tmp_path / "last-backup", (moment, moment))
        told.append(samples(telemetry)["pantau_backup_last_success_timestamp_seconds", ()])

    assert told == [1_790_000_000, 1_790_086_400]


def test_disk_that_cannot_be_asked_is_not_full(telemetry, tmp_path):
    """Where the disk can't be asked, nothing is said of it: no 0 that would look like a full one."""
    telemetry.watches_folder(tmp_path / "gone", tmp_path / "gone" / "last-backup")

    assert {name for name, _ in samples(telemetry)}.isdisjoint(DISK)


def test_one_root_at_a_time(telemetry):
    """The ledger's size is shown with the root that it has, and no root of before."""
    telemetry.ledger_signed(7, "aaaa=")
    telemetry.ledger_signed(9, "bbbb=")
    shown = {key: value for key, value in samples(telemetry).items() if "ledger" in key[0]}

    assert shown == {
        ("pantau_ledger_size", ()): 9,
        ("pantau_ledger_root_info", (("root", "bbbb="),)): 1,
    }


def test_figures_of_blackbox(telemetry):
    """blackbox_exporter's own figures are there once /probe is served, and not before."""
    telemetry.module_unknown()
    before = {name for name, _ in samples(telemetry) if name.startswith("blackbox_")}
    telemetry.serves_blackbox()
    telemetry.module_unknown()
    telemetry.reloaded(successful=True, at=datetime.fromtimestamp(1_000_000, UTC))
    telemetry.reloaded(successful=False, at=datetime.fromtimestamp(2_000_000, UTC))
    after = {name: value for (name, _), value in samples(telemetry).items()}

    assert before == set()
    assert after["blackbox_module_unknown_total"] == 1
    assert after["blackbox_exporter_config_last_reload_successful"] == 0
    assert after["blackbox_exporter_config_last_reload_success_timestamp_seconds"] == 1_000_000


def test_what_is_told_is_shown(telemetry):
    """Each call of the telemetry has its series."""
    telemetry.lateness(0.004)
    telemetry.slot_missed("overrun")
    telemetry.in_flight(7)
    telemetry.loop_lag(0.25)
    telemetry.notified("oncall")
    telemetry.notification_failed("oncall", "status")
    telemetry.outbox(3, 12.5)
    telemetry.reloaded(successful=True, at=datetime.fromtimestamp(1_000_000, UTC))
    telemetry.reloaded(successful=False, at=datetime.fromtimestamp(2_000_000, UTC))
    telemetry.offline(offline=True)
    telemetry.clock_offset(-1.5)
    telemetry.store_failed()
    telemetry.sealed_until(3600.0)
    telemetry.sealing_failed()
    telemetry.report_filed(7200.0)
    telemetry.report_failed()

    shown = samples(telemetry)
    assert shown["pantau_scheduler_lateness_seconds_bucket", (("le", "0.005"),)] == 1
    assert shown["pantau_slots_missed_total", (("reason", "overrun"),)] == 1
    assert shown["pantau_slots_missed_total", (("reason", "clock_step"),)] == 0
    assert shown["pantau_checks_in_flight", ()] == 7
    assert shown["pantau_loop_lag_seconds", ()] == 0.25
    assert shown["pantau_notifications_total", (("receiver", "oncall"),)] == 1
    assert (
        shown["pantau_notification_failures_total", (("reason", "status"), ("receiver", "oncall"))]
        == 1
    )
    assert shown["pantau_outbox_pending", ()] == 3
    assert shown["pantau_outbox_oldest_age_seconds", ()] == 12.5
    assert shown["pantau_config_last_reload_successful", ()] == 0
    assert shown["pantau_config_last_reload_success_timestamp_seconds", ()] == 1_000_000
    assert shown["pantau_self_offline", ()] == 1
    assert shown["pantau_clock_offset_seconds", ()] == -1.5
    assert shown["pantau_store_failures_total", ()] == 1
    assert shown["pantau_store_sealed_until_timestamp_seconds", ()] == 3600
    assert shown["pantau_store_sealing_failures_total", ()] == 1
    assert shown["pantau_report_last_success_timestamp_seconds", ()] == 7200
    assert shown["pantau_report_failures_total", ()] == 1


def test_no_created_series(telemetry):
    """The library's `_created` series, one beside each counter, are left out."""
    assert b"_created" not in telemetry.render(openmetrics=False)
    assert b"_created" not in telemetry.render(openmetrics=True)


def test_openmetrics_without_its_end(telemetry):
    """The figures in OpenMetrics lack the last line, since more may follow, and parse with it."""
    body = telemetry.render(openmetrics=True).decode()

    assert "# EOF" not in body
    assert any(family.name == "pantau_slots_missed" for family in openmetrics(body + "# EOF\n"))
