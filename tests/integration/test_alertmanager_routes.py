"""What a real Alertmanager makes of the configuration that is shipped for it."""

import json
import subprocess
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from tests import alertmanagers
from tests.daemon import eventually
from tests.peers import peer
from tests.rulefiles import ROOT

SHIPPED = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
CRITICAL, WARNING = {"severity": "critical"}, {"severity": "warning"}
ROUTES = [
    ("PantauHeartbeat", {}, "watcher"),
    ("PantauWatchdog", {"severity": "info"}, "watcher"),
    ("PantauDown", CRITICAL, "oncall"),
    ("PantauBackupOld", WARNING, "diskominfo"),
    ("PantauServiceDown", {"service": "portal", "criticality": "kritis"}, "oncall"),
    ("PantauServiceDown", {"service": "portal", "criticality": "biasa"}, "diskominfo"),
    ("PantauServiceUnavailable", {"service": "pajak", "owner": "bapenda"}, "bapenda,oncall"),
    ("PantauErrorBudgetBurningSlowly", {"owner": "bapenda", **WARNING}, "bapenda,diskominfo"),
]
HELD_BACK = [
    ("PantauDown", {}, "PantauServiceUnavailable", {"service": "a", **CRITICAL}, True),
    ("PantauDown", {}, "PantauServiceDown", {"service": "a", "criticality": "kritis"}, False),
    ("PantauDown", {}, "PantauWatchdog", {"severity": "info"}, False),
    ("PantauSelfOffline", {}, "PantauServiceUnavailable", {"service": "b", **CRITICAL}, True),
    ("PantauOffline", {}, "PantauServiceDown", {"service": "b"}, True),
    ("PantauOffline", {}, "PantauDiskAlmostFull", CRITICAL, False),
    *(
        ("PantauServiceDown", {"service": "c"}, name, {"service": service, **CRITICAL}, held)
        for name in ("PantauServiceUnavailable", "PantauErrorBudgetBurningFast")
        for service, held in (("c", True), ("d", False))
    ),
    ("PantauExpiry", {"check": "e"}, "PantauCertificateExpiring", {"check": "e"}, True),
    ("PantauExpiry", {"check": "e"}, "PantauCertificateExpiring", {"check": "f"}, False),
    ("PantauServiceDown", {"service": "jaringan-inti"}, "TheirAlert", {"service": "pajak"}, True),
]


@pytest.mark.peers
@pytest.mark.parametrize(("name", "labels", "receivers"), ROUTES)
def test_who_is_told(name, labels, receivers):
    """The absence of a sign of life, what wakes somebody and what waits go different ways, and the
    agency that owns a service hears of it as well.
    """
    given = [f"{key}={value}" for key, value in {"alertname": name, **labels}.items()]
    command = [peer("amtool"), "config", "routes", "test", f"--config.file={SHIPPED}", *given]
    told = subprocess.run(command, capture_output=True, text=True, check=True)

    assert told.stdout.strip() == receivers


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    folder = tmp_path_factory.mktemp("am")
    made = alertmanagers.Alertmanager(folder, "http://127.0.0.1:9099/")
    (folder / "alertmanager.yml").write_text(SHIPPED.read_text())
    made.start()
    yield made
    made.stop()


@pytest.mark.peers
@pytest.mark.parametrize(
    ("source", "target", "held"),
    [
        ({"alertname": name, **its}, {"alertname": other, **labels}, held)
        for name, its, other, labels, held in HELD_BACK
    ],
)
def test_nobody_is_told_twice(instance, source, target, held):
    """What says the cause holds back what follows from it, and nothing else: not what Pantau posts
    while Prometheus can't read it, and not what is wrong with another service.
    """
    post(instance, source, target)
    try:
        eventually(lambda: among(instance, source), 10, "the cause is there", 0.1)
        eventually(lambda: among(instance, target), 10, "the alert is there", 0.1)
        # Alertmanager learns of causes while it looks at alerts already.
        eventually(lambda: is_held(instance, target) or not held, 10, "it is held back", 0.1)
        assert is_held(instance, target) is held
    finally:
        post(instance, source, target, lasts=timedelta(seconds=-1))


def post(instance, *alerts, lasts=timedelta(minutes=5)):
    now = datetime.now(UTC)
    began, ends = (now - timedelta(minutes=1)).isoformat(), (now + lasts).isoformat()
    body = [{"labels": each, "startsAt": began, "endsAt": ends} for each in alerts]
    request = urllib.request.Request(
        f"{instance.url}/api/v2/alerts",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.status == 200


def is_held(instance, labels):
    return among(instance, labels)["status"]["inhibitedBy"] != []


def among(instance, labels):
    """Return an alert once it is processed: held back, or sent on."""
    found = [each for each in instance.alerts() if each["labels"] == labels]
    return next((each for each in found if each["status"]["state"] != "unprocessed"), None)
