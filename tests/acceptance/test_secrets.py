"""No secret is anywhere but in the requests that it is for."""

import base64
import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.collector import Collector, answers
from tests.daemon import Daemon, Entry, Installed, Site, eventually, http_check, services
from tests.servers import free_port, serving

# Each stands in one place of the configuration. Letters alone: no escaping changes them.
BASIC, BEARER, HEADER, QUERY = "kanaribasic", "kanaribearer", "kanariheader", "kanariquery"
VARIABLE, HOOK_BEARER, HOOK_QUERY = "kanarienviron", "kanarihookbearer", "kanarihookquery"
KEY, OLD_KEY = (base64.b64encode(text * 4).decode() for text in (b"kunci-baru", b"kunci-lama"))
WRITTEN, USERINFO, PIECE = "kanariwritten", "kanariuserinfo", "kanaripassword"
SECRETS = {
    "basic_auth": BASIC,
    "basic_auth, encoded": base64.b64encode(f"ops:{BASIC}".encode()).decode(),
    "bearer": BEARER,
    "header": HEADER,
    "query": QUERY,
    "environment": VARIABLE,
    "bearer of a webhook": HOOK_BEARER,
    "query of a webhook": HOOK_QUERY,
    "key of a webhook": KEY,
    "old key of a webhook": OLD_KEY,
    "written by mistake": WRITTEN,
    "in the user info of a URL": USERINFO,
    "password by mistake": PIECE,
}
USED = {BEARER, HEADER, QUERY, VARIABLE, SECRETS["basic_auth, encoded"]}
_TOLD = 6


class Parrot:
    """A target that sends back what it was asked, in header, body, JSON and redirect."""

    def __init__(self) -> None:
        self.heard = ""

    def __call__(self, connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(65_536)
        text = request.decode()
        self.heard += text
        lines = text.splitlines()
        path = lines[0].split()[1]
        wanted = ("authorization:", "x-key:")
        said = next((line for line in lines if line.lower().startswith(wanted)), path)
        if path.startswith("/away"):
            answer = f"HTTP/1.1 302 Found\r\nLocation: {path}\r\nContent-Length: 0\r\n\r\n"
        else:
            body = json.dumps({"got": said}) if path.startswith("/json") else f"no {said}"
            status = "500 Oops" if path.startswith("/error") else "200 OK"
            answer = (
                f"HTTP/1.1 {status}\r\nX-Got: {said}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            )
        connection.sendall(answer.encode())


def _file(site: Site, name: str, text: str) -> Mapping[str, str]:
    path = site.folder / name
    path.write_text(text + "\n")
    path.chmod(0o600)
    return {"file": str(path)}


def _checks(site: Site, port: int) -> list[Entry]:
    """Return a check for each way of giving a secret, and each way of repeating it."""
    basic = {"basic_auth": {"username": "ops", "password": _file(site, "basic", BASIC)}}
    bearer = {"bearer": _file(site, "bearer", BEARER)}
    header = {"headers": {"X-Key": _file(site, "header", HEADER)}}
    variable = {"headers": {"Authorization": {"env": "KANARI"}}}
    ways = {"basic": basic, "bearer": bearer, "header": header, "variable": variable, "query": {}}
    parrot, nobody = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}"
    wishes = {
        "body": {"body_contains": "hadir"},
        "json": {"json": {"$.got": "hadir"}},
        "header": {"headers": {"X-Got": "^hadir"}},
        "error": {},
    }
    repeated = [
        http_check(f"{way}-{wish}", f"{parrot}/{wish}?t={QUERY}", expect=expect, **keys)
        for way, keys in ways.items()
        for wish, expect in wishes.items()
    ]
    return [
        *repeated,
        http_check("away", f"{parrot}/away?t={QUERY}", **basic),
        http_check("nobody", f"{nobody}/?t={QUERY}", **bearer),
    ]


def _write_alerts(site: Site, told: Collector, refusing: Collector) -> None:
    keys: dict[str, Any] = {
        "type": "webhook",
        "secret": _file(site, "key", f"whsec_{KEY}"),
        "previous_secret": _file(site, "old-key", f"whsec_{OLD_KEY}"),
        "bearer": _file(site, "hook-bearer", HOOK_BEARER),
    }
    receivers = [
        {"name": "told", "url": f"{told.url}?t={HOOK_QUERY}", **keys},
        {"name": "other", "url": f"{told.url}?t={HOOK_QUERY}", "format": "alertmanager", **keys},
        {"name": "refusing", "url": f"{refusing.url}?t={HOOK_QUERY}", **keys},
        {"name": "gone", "url": f"http://127.0.0.1:{free_port()}/?t={HOOK_QUERY}", **keys},
    ]
    routes = [{"receiver": each["name"], "continue": True} for each in receivers]
    alerts = {"receivers": receivers, "routes": routes, "grouping": {"wait": "0s"}}
    (site.folder / "config" / "alerts.yaml").write_text(json.dumps(alerts) + "\n")


def _commands(checks: list[Entry]) -> Iterator[tuple[str, ...]]:
    for output in ("table", "json", "csv"):
        yield "status", "--output", output
        yield "doctor", "--output", output
        yield "availability", "--from", "2026-01-01", "--to", "2030-01-01", "--output", output
        yield "check", str(checks[0]["id"]), "--output", output
    yield "validate", "--output", "json"
    yield ("validate",)
    yield "check", "nobody", "--nagios"
    yield "check", "--nagios", f"ftp://ops:{USERINFO}@127.0.0.1/?t={QUERY}"
    for receiver in ("told", "refusing", "gone"):
        yield "notify", "test", receiver
        yield "notify", "test", receiver, "--output", "json"


_MISTAKES = f"""
  - {{id: a, service: basic-body, type: http, url: "http://127.0.0.1/", bearer: {WRITTEN}}}
  - {{id: b, service: basic-body, type: http, url: "https://ops:{USERINFO}@127.0.0.1/"}}
  - {{id: c, service: basic-body, type: http, url: "http://127.0.0.1/#{USERINFO}@x?t={QUERY}"}}
  - {{id: d, service: basic-body, type: http, url: "http://127.0.0.1/", basic_auth: {PIECE}}}
  - {{id: e, service: basic-body, type: http, url: "http://127.0.0.1/",
     basic_auth: {{username: ops, password: {PIECE}}}, headers: {{Authorization: {WRITTEN}}}}}
"""


def _told_of_mistakes(daemon: Daemon, environment: Mapping[str, str]) -> dict[str, str]:
    with daemon.site.config.open("a") as config:
        config.write(_MISTAKES)
    refused = pantau(daemon.site.folder, "validate", **environment)
    assert "5 errors" in refused.stderr
    return {
        "POST /-/reload": daemon.fetch("/-/reload", "POST", seconds=15)[1],
        "validate, refusing": refused.stdout + refused.stderr,
    }


def _stored(data: Path) -> dict[str, str]:
    return {
        str(path): path.read_bytes().decode("latin-1") for path in data.rglob("*") if path.is_file()
    }


def _leaks(told: Mapping[str, str]) -> set[tuple[str, str]]:
    return {
        (where, what)
        for where, text in told.items()
        for what, secret in SECRETS.items()
        if secret in text
    }


@pytest.mark.slow
def test_secrets_are_told_to_nobody(hire: Hire, collector: Collector) -> None:
    """Whatever targets and receivers send back, and whatever goes wrong, no log line, page,
    metric, message, stored byte or output of a command holds a secret.
    """
    environment = {"KANARI": f"Bearer {VARIABLE}"}
    parrot = Parrot()
    with serving(parrot) as port, Collector() as refusing:
        refusing.otherwise = answers(400, {"X-Got": HOOK_BEARER}, f"no {HOOK_BEARER}".encode())
        daemon = hire(Installed(**environment))
        site = daemon.site
        checks = _checks(site, port)
        site.write(
            [each | {"public": True} for each in services([str(each["id"]) for each in checks])],
            checks,
            interval="1s",
            failure_threshold=1,
        )
        _write_alerts(site, collector, refusing)
        daemon.start()
        eventually(lambda: daemon.events("notification.failed"), 20, "a receiver failed")
        assert len(collector.wait_for(_TOLD, 30)) >= _TOLD
        eventually(lambda: all(secret in parrot.heard for secret in USED), 20, "all were used")

        told = {
            **{path: daemon.fetch(path)[1] for path in ("/", "/metrics", "/-/ready")},
            "openmetrics": daemon.fetch(
                "/metrics", accept="application/openmetrics-text; version=1.0.0"
            )[1],
        }
        for command in _commands(checks):
            done = pantau(site.folder, *command, **environment)
            assert "mistake of Pantau's" not in done.stderr, command
            told[" ".join(command)] = done.stdout + done.stderr
        told |= _told_of_mistakes(daemon, environment)
        daemon.terminate()
        told |= _stored(site.data)
        told["log"] = daemon.log.read_text()
        for number, received in enumerate((*collector.received, *refusing.received)):
            told[f"message {number}"] = received.body.decode()

    assert {"bearer-body", "away", "nobody"} <= {
        one["check_id"] for one in daemon.events() if "check_id" in one
    }
    assert _leaks(told) == set()
    assert "***" in told["status --output json"], "what was sent back is seen, without secrets"
