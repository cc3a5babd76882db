"""A journey in the running daemon: the alert names the step, and nothing tells a secret."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.citizenportal import ENCODINGS, PASSWORD, USER, portal
from tests.collector import Collector
from tests.daemon import Daemon, Installed, eventually, services

_ENVIRONMENT = {"PORTAL_USER": USER, "PORTAL_PASSWORD": PASSWORD}
_LOGIN = {
    "user": "${secret.user}",
    "password": "${secret.password}",
    "csrf_token": "${csrf}",
}


def _journey(url: str, name: str, *steps: Mapping[str, Any]) -> Mapping[str, Any]:
    form = {"name": "form", "path": "/login", "extract": {"csrf": {"input": "csrf_token"}}}
    login = {"name": "login", "path": "/login", "form": _LOGIN}
    logout = {"name": "logout", "path": "/logout", "form": {"csrf_token": "${csrf}"}}
    return {
        "id": name,
        "service": name,
        "type": "journey",
        "base_url": url,
        "secrets": {"user": {"env": "PORTAL_USER"}, "password": {"env": "PORTAL_PASSWORD"}},
        "steps": [form, login, *steps, logout | {"always_run": True}],
    }


def _parrots(url: str) -> Iterator[Mapping[str, Any]]:
    """Yield a journey for each writing in which the application sends everything back."""
    said = "${secret.password} ${csrf} ${secret.user}"
    for way in ENCODINGS:
        path = f"/echo/{way}/x"
        step = {"name": "echo", "path": path, "body": said, "expect": {"body_contains": "hadir"}}
        yield _journey(url, f"echo-{way}", step)
    yield _journey(url, "away", {"name": "away", "path": "/echo/plain/away", "body": said})


def _told(daemon: Daemon, collector: Collector) -> Iterator[tuple[str, str]]:
    """Yield everything that a daemon tells somebody, and where."""
    for path in ("/", "/metrics", "/-/ready"):
        yield path, daemon.fetch(path)[1]
    folder = daemon.site.folder
    for command in (
        *(("check", "echo-plain", "--output", output) for output in ("table", "json", "csv")),
        ("check", "echo-plain", "--nagios"),
        ("check", "away"),
        ("status", "--output", "json"),
        ("validate",),
        ("doctor",),
    ):
        done = pantau(folder, *command, **_ENVIRONMENT)
        assert "mistake of Pantau's" not in done.stderr, command
        yield " ".join(command), done.stdout + done.stderr
    daemon.terminate()
    yield "log", daemon.log.read_text()
    for path in daemon.site.data.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes().decode("latin-1")
    for number, received in enumerate(collector.received):
        yield f"message {number}", received.body.decode()


def _firing(collector: Collector) -> dict[str, str]:
    """Return the detail of each check that an alert fired for."""
    messages = [json.loads(received.body) for received in collector.received]
    return {
        check["id"]: check["failure"]["detail"]
        for message in messages
        if message["type"] == "alert.firing"
        for check in message["checks"]
    }


def test_the_alert_names_the_step(hire: Hire, collector: Collector) -> None:
    """When a page behind the login breaks, the alert says which step it was and what came, and
    the recovery follows once it is whole.
    """

    async def broken(_: Request) -> Response:
        return HTMLResponse("Galat", status_code=503)

    with portal() as (application, url):
        daemon = hire(Installed(**_ENVIRONMENT))
        home = {"name": "permohonan", "path": "/api/permohonan"}
        daemon.site.write(
            services(["perizinan"]),
            [_journey(url, "perizinan", home)],
            interval="1s",
            failure_threshold=2,
            success_threshold=1,
        )
        daemon.site.write_alerts({"oncall": collector.url})
        daemon.start()
        success = 'pantau_journey_step_success{check="perizinan"'
        eventually(lambda: success in daemon.fetch("/metrics")[1], 20, "a walk was measured")
        application.breaks = {"/api/permohonan": broken}
        eventually(lambda: _firing(collector), 30, "the alert arrived")
        application.breaks = {}
        eventually(
            lambda: any(b"alert.resolved" in one.body for one in collector.received),
            30,
            "the recovery arrived",
        )
        daemon.terminate()

    assert _firing(collector) == {"perizinan": "step 3 (permohonan): status: 503, expected 200-299"}
    assert application.signed_in == set(), "every walk logged out"


@pytest.mark.slow
def test_a_journey_tells_no_secret(hire: Hire, collector: Collector) -> None:
    """In whatever writing an application sends password, token and session back, no page, metric,
    message, log line, stored byte or output of a command holds one of them.
    """
    with portal() as (application, url):
        daemon = hire(Installed(**_ENVIRONMENT))
        checks = list(_parrots(url))
        daemon.site.write(
            [each | {"public": True} for each in services([str(each["id"]) for each in checks])],
            checks,
            interval="2s",
            failure_threshold=1,
        )
        daemon.site.write_alerts({"oncall": collector.url})
        daemon.start()
        eventually(lambda: len(_firing(collector)) == len(checks), 60, "each one's alert arrived")
        told = dict(_told(daemon, collector))
        tokens = {PASSWORD, *application.tokens.values()}
        sessions = set(application.tokens)

    alerts = _firing(collector)
    assert all(
        detail.startswith(("step 3 (echo): ", "step 3 (away): ")) for detail in alerts.values()
    )
    assert all("***" in detail for detail in alerts.values()), alerts
    assert {
        (where, what) for where, text in told.items() for what in sessions if what in text
    } == set()
    leaks = {
        (where, way)
        for where, text in told.items()
        for way, encode in ENCODINGS.items()
        for what in tokens
        if _middle(encode(what)) in text
    }
    assert leaks == set()


def _middle(text: str) -> str:
    """Return what is left of a text when quotes and padding around it are gone."""
    third = len(text) // 3
    return text[third : 2 * third]
