"""`pantau check` against a real nginx with certificates of every kind."""

import json
import os
import signal
import socket
import subprocess
import time

import pytest

from tests.acceptance.cli.commands import PANTAU, pantau
from tests.certificates import leaf, write_chain, write_root
from tests.daemon import quiet_port
from tests.peers import peer

pytestmark = pytest.mark.peers

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/good.pem; ssl_certificate_key {folder}/good.key;
    location / {{ return 200 "Makassar"; }}
    location /old {{ return 301 https://localhost:{port}/; }}
    location /broken {{ return 503 "sorry"; }}
  }}
  server {{
    listen 127.0.0.1:{expired} ssl;
    ssl_certificate {folder}/expired.pem; ssl_certificate_key {folder}/expired.key;
  }}
}}
"""
CHECKS = """
version: 1
defaults: {{interval: 1s, timeout: 1s, retry_interval: 1s}}
services: [{{id: portal, name: Portal, owner: diskominfo}}]
checks:
  - {{id: good, service: portal, type: http, url: "https://localhost:{port}/old", ca_file: root.pem}}
  - {{id: soon, service: portal, type: tls, host: localhost, port: {port}, ca_file: root.pem, min_days: 365}}
  - {{id: broken, service: portal, type: http, url: "https://localhost:{port}/broken", ca_file: root.pem}}
  - {{id: expired, service: portal, type: tls, host: localhost, port: {expired}, ca_file: root.pem}}
  - {{id: local, service: portal, type: tls, host: localhost, port: {port}, ca_file: checks.yaml, enabled: false}}
"""


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """A folder with a configuration, and the nginx that it watches."""
    folder = tmp_path_factory.mktemp("city")
    ports = {"port": quiet_port(), "expired": quiet_port()}
    write_root(folder)
    write_chain(folder, "good", leaf())
    write_chain(folder, "expired", leaf(days=(-30, -3)))
    (folder / "checks.yaml").write_text(CHECKS.format(**ports))
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, **ports))
    (folder / "port").write_text(str(ports["port"]))
    server = subprocess.Popen(
        [peer("nginx"), "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL
    )
    await_listener(ports["expired"])
    yield folder
    server.terminate()
    server.wait(10)


def await_listener(port):
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < until, "nginx listens"
            time.sleep(0.05)


def test_person_sees_everything(city):
    """A person sees status, phases, redirects, TLS and the certificate, in 80 columns."""
    done = pantau(city, "check", "good")

    assert done.returncode == 0, done.stderr
    for seen in (
        *("✓ UP  good", "resolve", "connect", "tls", "processing", "transfer", "HTTP status  200"),
        *("redirects    1", "TLSv1", "CN=makassarkota.test", "CN=Test Intermediate"),
        *("days left)", "ECDSA 256 bits", "chain        1. ", "127.0.0.1"),
    ):
        assert seen in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_failure_is_told_with_its_value(city):
    """A failure is told in plain words and with the actual value; exit code 1."""
    done = pantau(city, "check", "broken")

    assert done.returncode == 1
    assert "✗ DOWN" in done.stdout
    assert "status: 503, expected 200-299" in done.stdout


def test_refused_certificate_is_shown(city):
    """A certificate that was refused is shown all the same, with when it expired."""
    done = pantau(city, "check", "expired")

    assert done.returncode == 1
    assert "The certificate has expired (tls_expired)." in done.stdout
    assert "(expired 3 days ago)" in done.stdout


@pytest.mark.parametrize(
    ("check", "code", "word"),
    [
        *(("good", 0, "OK"), ("soon", 1, "WARNING"), ("broken", 2, "CRITICAL")),
        *(("local", 3, "UNKNOWN"), ("nix", 3, "UNKNOWN")),
    ],
)
def test_nagios_reads_state_and_numbers(city, check, code, word):
    """With --nagios: 0 up, 1 degraded, 2 down, 3 unknown or usage error; one line with numbers."""
    done = pantau(city, "check", check, "--nagios")

    assert (done.returncode, done.stdout.split(":")[0]) == (code, word)
    assert done.stdout.count("\n") == 1
    assert check == "nix" or " | time=" in done.stdout


def test_degraded_is_no_failure(city):
    """Degraded counts as good for the exit code."""
    assert pantau(city, "check", "soon", "--quiet").returncode == 0


def test_fault_of_ours_is_no_verdict(city):
    """Where the fault is ours, nothing is said of the target. A disabled check is probed, too."""
    done = pantau(city, "check", "local")

    assert done.returncode == 1
    assert "Nothing is known of the target: this machine could not probe." in done.stdout


def test_json_holds_all_facts(city):
    """JSON holds status, measurements and facts."""
    done = pantau(city, "check", "good", "-o", "json")

    seen = json.loads(done.stdout)
    assert (seen["status"], seen["facts"]["status"], seen["failure"]) == ("up", 200, None)
    assert seen["facts"]["certificate"]["names"] == ["makassarkota.test", "localhost"]
    assert any(one["name"] == "probe_http_status_code" for one in seen["measurements"])


def test_url_needs_no_configuration(city, tmp_path):
    """A URL is checked where no configuration is."""
    port = (city / "port").read_text()

    done = pantau(tmp_path, "check", f"tcp://127.0.0.1:{port}")

    assert done.returncode == 0, done.stderr
    assert "✓ UP" in done.stdout


def test_watch_goes_on_until_ctrl_c(city):
    """--watch probes at the check's interval until Ctrl-C, and ends with 130 and no traceback."""
    watching = subprocess.Popen(
        [PANTAU, "check", "good", "--watch", "-o", "csv"],
        cwd=city,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = [watching.stdout.readline() for _ in range(4)]
    watching.send_signal(signal.SIGINT)
    _, told = watching.communicate(timeout=30)

    assert lines[0].startswith("check,type,target,status")
    assert all(line.startswith("good,http,") for line in lines[1:])
    assert (watching.returncode, told.strip()) == (130, "")
