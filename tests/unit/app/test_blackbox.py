import subprocess
import sys

import bcrypt
import pytest

from monitor.app.blackbox import build_blackbox, offer_of
from monitor.app.reading import read_configuration
from monitor.configuration import ConfigError
from monitor.metrics.telemetry import PrometheusTelemetry
from tests.fakes import FakeClock
from tests.unit.configuration.places import written

USERS = f"basic_auth_users: {{ops: '{bcrypt.hashpw(b'rahasia', bcrypt.gensalt(4)).decode()}'}}\n"
TLS_ONLY = "tls_server_config: {cert_file: web.yml, key_file: web.yml}\n"


def reading(folder, settings, web=None):
    path = written(folder, monitor=settings)
    (folder / "config" / "blackbox.yml").write_text("modules:\n  icmp: {prober: icmp}\n")
    if web is not None:
        (folder / "web.yml").write_text(web)
    return read_configuration(path, None)


def test_off_costs_nothing():
    """While /probe is off, a command loads none of its code."""
    code = (
        "import sys; from monitor.configuration.loader import load; "
        "from monitor.app.assembly import assemble; from monitor.web.app import create_app; "
        "sys.exit(any(name.startswith('monitor.blackbox') for name in sys.modules))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_targets_of_checks(tmp_path):
    """By default what the enabled checks probe may be asked for; `any` lifts the limit."""
    configured = offer_of(reading(tmp_path, "probe: {enabled: true}\n").config)
    anything = offer_of(reading(tmp_path, "probe: {enabled: true, targets: any}\n").config)

    assert configured.allowed.endpoints == {("10.0.0.9", 5432)}
    assert anything.allowed is None


def test_limits_and_figures(tmp_path):
    """The limits of the settings hold, and blackbox_exporter's figures are shown."""
    config = reading(tmp_path, "probe: {enabled: true, concurrency: 7}\n").config
    telemetry = PrometheusTelemetry("1.2.3")

    assert build_blackbox(config, None, FakeClock(), telemetry).offer.modules.keys() == {"icmp"}
    assert b"blackbox_module_unknown_total 0.0" in telemetry.render(openmetrics=False)


@pytest.mark.parametrize(
    ("listen", "targets", "web", "taken"),
    [
        ("127.0.0.1:8780", "any", None, True),
        ("0.0.0.0:8780", "any", USERS, True),
        ("0.0.0.0:8780", "any", TLS_ONLY, False),
        ("0.0.0.0:8780", "any", "", False),
        ("0.0.0.0:8780", "configured", "", True),
    ],
    ids=["loopback", "password", "tls-alone", "nothing", "configured-targets"],
)
def test_no_open_proxy(tmp_path, *, listen, targets, web, taken):
    """`targets: any` takes a credential, unless nobody else can connect."""
    settings = f"listen: {listen}\nprobe: {{enabled: true, targets: {targets}}}\n"
    if web is not None:
        settings += "web_config_file: web.yml\n"
        (tmp_path / "web.yml").write_text(web)
    if taken:
        assert reading(tmp_path, settings, web).config.modules
        return

    with pytest.raises(ConfigError, match="any lets whoever can connect"):
        reading(tmp_path, settings, web)
