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
