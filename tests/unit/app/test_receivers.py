"""Receivers as the daemon builds them from a configuration."""

import json
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from monitor.app.receivers import build_notifiers
from monitor.configuration.loader import load
from monitor.domain.acklink import read_token
from monitor.locales import Language
from monitor.locales.messages_native import Wording, native_body
from monitor.notifiers import receiver_types
from monitor.probes import check_types
from monitor.store.documents import alert_text, read_alert
from tests.fakes import LINK_KEY, NOON, FakeTelemetry, an_alert

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


@pytest.mark.parametrize("url", ["https://pantau.example", None])
def test_links_need_to_know_where_we_are_reached(tmp_path, url):
    """Messages have a link by which one takes care where `external_url` is set, else none."""
    (tmp_path / "config").mkdir()
    (tmp_path / "checks.yaml").write_text(CHECKS)
    (tmp_path / "config" / "monitor.yaml").write_text(f"external_url: {url}\n" if url else "{}\n")
    (tmp_path / "config" / "alerts.yaml").write_text(
        "receivers: [{name: oncall, type: webhook, url: 'http://127.0.0.1:9'}]\n"
    )
    config = load(tmp_path / "checks.yaml", check_types(), receiver_types(), {})
    notifier = build_notifiers(config, None, FakeTelemetry(), link_key=LINK_KEY)["oncall"]
    told = json.loads(notifier.payload("ROW1", an_alert()))["incident"]["ack_url"]

    assert (told or "").startswith(f"{url}/ack/INC1/" if url else "")
    assert (told is None) is (url is None)
    assert LINK_KEY.hex() not in repr(notifier)
    assert repr(LINK_KEY) not in repr(notifier)


def test_links_hold_as_long_as_configured(tmp_path):
    """The links of a receiver's messages hold for as long as config/alerts.yaml says."""
    (tmp_path / "config").mkdir()
    (tmp_path / "checks.yaml").write_text("version: 1\n")
    (tmp_path / "config" / "monitor.yaml").write_text("external_url: https://pantau.example\n")
    (tmp_path / "config" / "alerts.yaml").write_text(
        "receivers: [{name: oncall, type: webhook, url: 'http://127.0.0.1:9'}]\n"
        "links: {valid_for: 2h}\n"
    )
    config = load(tmp_path / "checks.yaml", check_types(), receiver_types(), {})
    notifier = build_notifiers(config, None, FakeTelemetry(), link_key=LINK_KEY)["oncall"]
    alert = an_alert()

    url = json.loads(notifier.payload("ROW1", alert))["incident"]["ack_url"]
    told_at = alert.incident.told_at or alert.incident.started_at

    assert read_token(LINK_KEY, "INC1", url.rpartition("/")[2]).until == told_at + timedelta(
        hours=2
    )


def test_a_link_comes_of_what_is_stored():
    """A message that is put into words after a restart carries the same link, whatever the time."""
    alert = an_alert()
    alert = replace(alert, incident=replace(alert.incident, told_at=NOON + timedelta(hours=2)))
    wording = Wording(
        receiver="oncall",
        external_url="https://pantau.example",
        language=Language.ID,
        zone=UTC,
        link_key=LINK_KEY,
    )
    first, again = (native_body("ROW1", each, wording) for each in (alert, stored(alert)))
    _, _, token = json.loads(first)["incident"]["ack_url"].rpartition("/")

    assert again == first
    assert read_token(LINK_KEY, "INC1", token).until == NOON + timedelta(days=7, hours=2)


def stored(alert):
    return read_alert(alert_text(alert))
