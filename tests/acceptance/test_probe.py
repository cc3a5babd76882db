"""The interface of blackbox_exporter, served by the real daemon beside its own checks."""

import json
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.acceptance.conftest import Hire
from tests.daemon import Daemon, eventually, http_check, services
from tests.flippable import Flippable
from tests.record import Record
from tests.servers import serving

MODULES: Mapping[str, Any] = {
    "http_2xx": {"prober": "http", "timeout": "5s"},
    "tcp_connect": {"prober": "tcp", "timeout": "5s"},
    "icmp": {"prober": "icmp", "timeout": "5s"},
}
SECRET = "kanariblackbox"


def _write_modules(folder: Path, modules: Mapping[str, Any]) -> None:
    (folder / "config" / "blackbox.yml").write_text(json.dumps({"modules": modules}))


@pytest.fixture
def probing(hire: Hire, targets: Flippable) -> Daemon:
    """A daemon that watches one target and serves /probe to whoever asks."""
    daemon = hire()
    site = daemon.site
    site.write_settings(probe={"enabled": True, "targets": "any"})
    _write_modules(site.folder, MODULES)
    site.write(services(["portal"]), [http_check("portal", targets.url("portal"))], interval="1s")
    return daemon.start()


def _probe(daemon: Daemon, target: str, **parameters: str) -> tuple[int, str]:
    query = "".join(f"&{name}={quote(value, safe='')}" for name, value in parameters.items())
    return daemon.fetch(f"/probe?target={quote(target, safe='')}{query}", seconds=15)


def _value(text: str, name: str) -> float:
    line = next(line for line in text.splitlines() if line.startswith(f"{name} "))
    return float(line.split()[1])


def test_probe_leaves_no_trace_in_the_record(probing: Daemon, targets: Flippable) -> None:
    """What is asked for at /probe is no sample: neither the stored record nor /metrics, nor the
    status of a check with the same target, has anything of it.
    """
    eventually(lambda: probing.metrics("probe_success"), 10, "the check ran")
    targets.take_down("andere")
    status, text = _probe(probing, targets.url("andere"))
    shown = probing.metrics("probe_success")
    series = {line.split("{")[0] for line in probing.fetch("/metrics")[1].splitlines()}
    probing.terminate()
    record = Record(probing.site.data)

    assert (status, _value(text, "probe_success")) == (200, 0)
    assert len(shown) == 1
    assert "probe_failure_info" not in series
    assert {sample.check for sample in record.samples()} == {"portal"}


def test_hidden_addresses_stay_hidden(probing: Daemon) -> None:
    """Whatever a target is spelt like, /probe dials nothing that the address policy forbids."""
    spellings = (
        *("169.254.169.254", "http://169.254.169.254/latest", "http://[fe80::1%25lo]/"),
        *("http://[::ffff:169.254.169.254]/", "0.0.0.0:80", "http://127.1/", "http://0x7f.1/"),
        *("http://2130706433/", "http://a:b@169.254.169.254/", "http://x\\@169.254.169.254/"),
        *("http://169.254.169.254\r\nX: y/", "file:///etc/passwd", "gopher://127.0.0.1:1/"),
        *("http://[64:ff9b::a9fe:a9fe]/", "224.0.0.1:80", "http://169。254。169。254/"),
    )
    for target in spellings:
        for module in MODULES:
            status, text = _probe(probing, target, module=module)
            assert (status, _value(text, "probe_success")) == (200, 0), (target, module)
            # No address was chosen, so none was dialled.
            assert "probe_ip_protocol" not in text or _value(text, "probe_ip_protocol") == 0
    assert probing.events("probe.crashed") == []


def test_bad_modules_change_nothing(probing: Daemon, targets: Flippable) -> None:
    """A blackbox.yml that is wrong leaves the old modules in force; one that is right replaces
    them, without a restart.
    """
    folder = probing.site.folder
    _write_modules(folder, {"http_2xx": {"prober": "http", "timout": "5s"}})
    refused, told = probing.fetch("/-/reload", "POST", seconds=15)
    kept = _probe(probing, targets.url("portal"), module="icmp")[0]
    gauges = {
        name: probing.metrics(f"blackbox_exporter_config_last_reload_{name}")
        for name in ("successful", "success_timestamp_seconds")
    }
    _write_modules(folder, {"ping": MODULES["icmp"]})
    taken, _ = probing.fetch("/-/reload", "POST", seconds=15)

    assert refused == 500
    assert "config/blackbox.yml:1:45: timout: unknown key; did you mean 'timeout'?" in told
    assert kept == 200
    assert gauges["successful"] == {"": 0}
    assert gauges["success_timestamp_seconds"][""] > time.time() - 3600
    assert taken == 200
    assert _probe(probing, "127.0.0.1", module="ping")[0] == 200
    assert _probe(probing, "127.0.0.1", module="icmp") == (400, 'Unknown module "icmp"\n')
    assert probing.metrics("blackbox_module_unknown_total") == {"": 1}


def test_client_that_leaves_ends_its_probe(probing: Daemon) -> None:
    """When whoever asked closes the connection, the connection to the target is closed too."""
    reached: list[float] = []
    left: list[float] = []

    def silent(connection: socket.socket) -> None:
        reached.append(time.monotonic())
        while connection.recv(4096):
            pass
        left.append(time.monotonic())

    with (
        serving(silent) as port,
        socket.create_connection(("127.0.0.1", probing.site.port), 5) as client,
    ):
        client.sendall(
            f"GET /probe?target=127.0.0.1:{port} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        )
        eventually(lambda: reached, 10, "the target was reached")
        client.close()
        closed = time.monotonic()
        eventually(lambda: left, 10, "the target was left")

    lag = max(probing.metrics("pantau_loop_lag_seconds").values(), default=0.0)
    print(f"left {left[0] - closed:.3f} s after the client; loop lag {lag:.3f} s")
    assert left[0] - closed < 3 + lag, "well before the probe's own five seconds"


def test_secrets_of_modules_are_told_to_nobody(hire: Hire) -> None:
    """Whatever a target sends back, no answer, page, log line or message holds a secret of a
    module, nor what the target said.
    """
    heard: list[str] = []

    def parrot(connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(65_536)
        heard.append(request.decode())
        said = next(
            (line for line in request.decode().splitlines() if SECRET in line or "Basic" in line),
            "nothing",
        )
        body = f"kanaritubuh {said}"
        head = f"HTTP/1.1 200 OK\r\nX-Got: {said}\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall((head + body).encode())

    daemon = hire()
    folder = daemon.site.folder
    secret = folder / "config" / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    rules = {
        "fail_if_header_not_matches": [{"header": "X-Got", "regexp": "hadir"}],
        "fail_if_body_not_matches_regexp": ["hadir"],
    }
    ways: Mapping[str, Any] = {
        "basic": {"basic_auth": {"username": "ops", "password": SECRET}},
        "file": {"bearer_token_file": "secret"},
        "bearer": {"authorization": {"credentials": SECRET}},
        "header": {"headers": {"X-Api-Key": SECRET}},
        "headers": {"http_headers": {"X-Kanari": {"secrets": [SECRET], "files": ["secret"]}}},
        "body": {},
    }
    _write_modules(
        folder,
        {
            f"{name}_{rule}": {"prober": "http", "http": {**keys, rule: value}}
            for name, keys in ways.items()
            for rule, value in rules.items()
        },
    )
    daemon.site.write_settings(probe={"enabled": True, "targets": "any"})
    daemon.site.write(services(["portal"]), [])
    daemon.start()
    with serving(parrot) as port:
        told = {}
        for name in ways:
            for rule in rules:
                target = (
                    f"http://ops:{SECRET}@127.0.0.1:{port}/"
                    if name == "body"
                    else f"127.0.0.1:{port}"
                )
                module = f"{name}_{rule}"
                told[module] = _probe(daemon, target, module=module)[1]
                told[f"{module} debug"] = _probe(daemon, target, module=module, debug="true")[1]
        for path in ("/config", "/probes", "/metrics", *(f"/logs?id={n}" for n in range(24))):
            status, told[path] = daemon.fetch(path)
            assert status == 200, path
    daemon.terminate()
    told["log"] = daemon.log.read_text()

    assert sum(SECRET in text for text in heard) >= 8, "the secrets were used"
    leaks = {
        (where, what)
        for where, text in told.items()
        for what in (SECRET, "b3BzOmthbmFy", "kanaritubuh")
        if what in text
    }
    assert leaks == set()


def test_configured_targets_alone(hire: Hire, targets: Flippable) -> None:
    """By default only what an enabled check probes is probed: of others, not even a connection
    is made. A reload takes up new checks.
    """
    daemon = hire()
    site = daemon.site
    site.write_settings(probe={"enabled": True})
    _write_modules(site.folder, MODULES)
    url = targets.url("portal")
    site.write(services(["portal", "lain"]), [http_check("portal", url)], interval="60s")
    daemon.start()
    other = targets.url("lain")
    before = _probe(daemon, other)
    asked = targets.times("lain")
    site.write(
        services(["portal", "lain"]),
        [http_check("portal", url), http_check("lain", other)],
        interval="60s",
    )
    daemon.signal(signal.SIGHUP)
    eventually(lambda: daemon.events("config.reloaded"), 10, "it was taken up")

    assert _probe(daemon, url)[0] == 200
    assert before[0] == 403
    assert "none of an enabled check" in before[1]
    assert asked == []
    assert _probe(daemon, other)[0] == 200
