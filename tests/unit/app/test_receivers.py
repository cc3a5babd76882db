"""Receivers as the daemon builds them from a configuration."""

from monitor.app.receivers import build_notifiers
from monitor.configuration.loader import load
from monitor.notifiers import receiver_types
from monitor.probes import check_types
from tests.fakes import FakeTelemetry

CHECKS = "version: 1\nservices:\n  - {id: portal, name: Portal, owner: diskominfo}\n"
ALERTS = """
receivers:
  - {name: surel, type: email, host: mail.a.test, from: pantau@a.test, to: [x@a.test, y@a.test]}
"""


def test_who_is_missed_is_counted(tmp_path):
    """A message that not all of a receiver's people got is counted under the receiver's name."""
    (tmp_path / "config").mkdir()
    (tmp_path / "checks.yaml").write_text(CHECKS)
    (tmp_path / "config" / "alerts.yaml").write_text(ALERTS)
    config = load(tmp_path / "checks.yaml", check_types(), receiver_types(), {})
    telemetry = FakeTelemetry()

    build_notifiers(config, None, telemetry)["surel"].context.missed("recipient_refused")

    assert ("notification_failed", {"receiver": "surel", "reason": "recipient_refused"}) in [
        (name, dict(keys)) for name, keys in telemetry.calls
    ]


def test_reload_keeps_what_did_not_change(tmp_path):
    """A reload that changes nothing of a receiver goes on with the notifier that is in force, so
    that what it knows, such as whose turn it is at an instance, is known to all who use it.
    """
    (tmp_path / "config").mkdir()
    (tmp_path / "checks.yaml").write_text(CHECKS)
    found = []
    for port in (9093, 9093, 9094):
        (tmp_path / "config" / "alerts.yaml").write_text(
            f"receivers: [{{name: am, type: alertmanager, urls: ['http://10.0.0.8:{port}']}}]\n"
        )
        config = load(tmp_path / "checks.yaml", check_types(), receiver_types(), {})
        former = {"am": found[-1]} if found else None
        found.append(build_notifiers(config, None, FakeTelemetry(), former)["am"])

    first, same, changed = found
    assert same is first
    assert changed is not first
