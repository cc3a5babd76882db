import gzip
import json
from datetime import timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics

from monitor.domain.incident import Hold, HoldReason, Incident, Instability
from monitor.domain.service import ServiceId
from monitor.web.app import create_app, create_control_app
from monitor.web.context import ReloadResult, SendResult
from monitor.web.credentials import Authenticator
from tests.unit.metrics.board import NOON, FakeBoard, a_check, a_service, watch
from tests.unit.web.asking import FakeDaemon, a_context, ask


def an_app(**parts):
    return create_app(a_context(**parts), Authenticator({}))


async def test_without_users_all_is_open():
    """On loopback, without users, everything may be read."""
    assert (await ask(an_app(), "GET", "/metrics")).status == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8780", 200),
        ("[::1]:8780", 200),
        ("localhost", 200),
        ("LOCALHOST:8780", 200),
        ("pantau.example", 200),
        ("192.0.2.7", 200),
        ("evil.example:8780", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("", 421),
        ("[::1", 421),
        ("pantau.example@evil.example", 421),
    ],
)
async def test_no_page_reads_by_a_name_of_its_own(host, status):
    """Without a password only who calls us by our own name or address is let in: a page may make
    its own name lead to 127.0.0.1, and would read everything as its own.
    """
    app = an_app(names=frozenset({"pantau.example"}))

    assert (await ask(app, "GET", "/metrics", [("host", host)])).status == status
    assert (await ask(app, "GET", "/-/healthy", [("host", host)])).status == 200


async def test_any_name_will_do_with_a_password():
    """Where a password is asked for, a foreign page has none, and proxies may call us anything."""
    app = create_app(a_context(), Authenticator({"ops": "$2b$04$x"}))

    assert (await ask(app, "GET", "/metrics", [("host", "evil.example")])).status == 401


async def test_health():
    """/-/healthy answers as long as the daemon does, even when it is not ready."""
    answer = await ask(an_app(daemon=FakeDaemon(reason="stuck")), "GET", "/-/healthy")

    assert (answer.status, answer.text) == (200, "Pantau is healthy.\n")


async def test_ready():
    """/-/ready is 200 while probes run."""
    answer = await ask(an_app(), "GET", "/-/ready")

    assert (answer.status, answer.text) == (200, "Pantau is ready.\n")


async def test_not_ready():
    """/-/ready is 503, with the reason, when the scheduler is stuck."""
    answer = await ask(an_app(daemon=FakeDaemon(reason="no probe for 90 s")), "GET", "/-/ready")

    assert (answer.status, answer.text) == (503, "Pantau is not ready: no probe for 90 s\n")


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_reload(method):
    """POST or PUT to /-/reload takes up the new configuration."""
    daemon = FakeDaemon()
    answer = await ask(an_app(daemon=daemon), method, "/-/reload")

    assert answer.status == 200
    assert daemon.asked == ["reload"]


async def test_refused_reload():
    """A configuration that does not load is answered with 500 and every problem."""
    problems = ("checks.yaml:3:4: port: 99999 is over 65535", "checks.yaml:9:1: unknown key")
    daemon = FakeDaemon(result=ReloadResult(ok=False, problems=problems))
    answer = await ask(an_app(daemon=daemon), "POST", "/-/reload")

    assert answer.status == 500
    assert all(f"\n{problem}\n" in answer.text for problem in problems)


async def test_metrics_as_text():
    """Without a wish, /metrics is the text format 0.0.4, uncompressed."""
    answer = await ask(an_app(), "GET", "/metrics")

    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "content-encoding" not in answer.headers
    assert "# TYPE pantau_check_runs_total counter" in answer.text
    assert "pantau_build_info{" in answer.text


async def test_metrics_as_prometheus_asks():
    """Asked as Prometheus asks, /metrics is OpenMetrics, compressed."""
    accept = (
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1"
        ";q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    )
    wishes = [("Accept", accept), ("Accept-Encoding", "gzip")]
    answer = await ask(an_app(), "GET", "/metrics", wishes)

    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.headers["content-encoding"] == "gzip"
    names = {f.name for f in openmetrics(gzip.decompress(answer.body).decode())}
    assert {"pantau_check_runs", "probe_success", "pantau_build_info"} <= names


async def test_head_of_metrics():
    """HEAD of /metrics costs no scrape, and names the type."""
    answer = await ask(an_app(), "HEAD", "/metrics")

    assert answer.body == b""
    assert answer.headers["content-type"].startswith("text/plain")
    assert "content-length" not in answer.headers


async def test_the_page_in_the_configured_language():
    """The page is in Indonesian, and in English on request; another language is not an error."""
    pages = {
        query: (await ask(an_app(), "GET", "/", query=query)).text
        for query in ("", "lang=en", "lang=%3Cscript%3E")
    }

    assert '<html lang="id">' in pages[""]
    assert "Gangguan" in pages[""]
    assert '<html lang="en">' in pages["lang=en"]
    assert "Outage" in pages["lang=en"]
    assert pages["lang=%3Cscript%3E"] == pages[""]


async def test_a_stuck_daemon_says_so_on_the_page():
    """When the scheduler is stuck, the page warns that it is old."""
    stuck = await ask(an_app(daemon=FakeDaemon(reason="stuck")), "GET", "/")
    fine = await ask(an_app(), "GET", "/")

    assert 'class="banner"' in stuck.text
    assert 'class="banner"' not in fine.text


async def test_a_page_without_services():
    """With nothing public yet, the page tells what to do."""
    answer = await ask(an_app(board=FakeBoard()), "GET", "/")

    assert answer.status == 200
    assert "public: true" in answer.text


async def test_status_for_commands():
    """/api/v1/status tells everything of every check, as one JSON object."""
    answer = await ask(create_control_app(a_context()), "GET", "/api/v1/status")

    found = json.loads(answer.body)
    assert [check["id"] for check in found["checks"]] == ["portal-dns", "portal-http", "sigap-http"]
    assert found["checks"][0] == {
        "id": "portal-dns",
        "service": "portal",
        "type": "dns",
        "target": 'makassarkota.go.id "A"',
        "status": "down",
        "since": "2026-11-01T12:00:00+00:00",
        "cause": None,
        "failure": {"kind": "answer", "detail": "192.0.2.8, expected 192.0.2.7"},
        "last_run": "2026-11-01T12:00:00.004000+00:00",
        "duration_seconds": 0.5,
    }
    assert found["services"][0]["status"] == "down"
    assert found["trouble"] is None
    assert found["version"] == "1.2.3"


async def test_status_says_why_nobody_is_told():
    """A service of whose incident nobody is told has the reason, and what explains it."""
    held = Incident(
        id="INC",
        service=ServiceId("portal"),
        started_at=NOON,
        checks=(),
        hold=Hold(reason=HoldReason.DEPENDENCY, by="INC-router"),
    )
    board = FakeBoard(watched=[], listed=[a_service()], incidents={"portal": held})
    answer = await ask(create_control_app(a_context(board=board)), "GET", "/api/v1/status")

    [service] = json.loads(answer.body)["services"]
    assert service["hold"] == {"reason": "dependency", "by": "INC-router", "until": None}
    assert service["unstable"] is None


async def test_status_says_what_is_unstable():
    """A service that keeps changing says how often, since when, and which incident people know of."""
    unstable = Instability(
        changes=9,
        since=NOON - timedelta(minutes=20),
        within=timedelta(minutes=30),
        changed_at=NOON,
        quiet_since=NOON,
    )
    speaker = Incident(
        id="INC", service=ServiceId("portal"), started_at=NOON, checks=(), unstable=unstable
    )
    board = FakeBoard(watched=[], listed=[a_service()], speakers={"portal": speaker})
    answer = await ask(create_control_app(a_context(board=board)), "GET", "/api/v1/status")

    [service] = json.loads(answer.body)["services"]
    assert service["unstable"]["incident"] == "INC"
    assert service["unstable"]["changes"] == 9


@pytest.mark.parametrize("count", [0, 1, 100, 101, 250])
async def test_status_is_json_at_any_size(count):
    """The object is whole, whatever the number of checks."""
    board = FakeBoard(
        watched=[watch(a_check(id=f"c{i:04d}")) for i in range(count)], listed=[a_service()]
    )
    answer = await ask(create_control_app(a_context(board=board)), "GET", "/api/v1/status")

    assert len(json.loads(answer.body)["checks"]) == count


async def test_test_of_a_receiver():
    """A test notification goes to the receiver that is named, whatever its name."""
    daemon = FakeDaemon()
    answer = await ask(
        create_control_app(a_context(daemon=daemon)), "POST", "/api/v1/receivers/oncall/test"
    )

    assert json.loads(answer.body) == {"ok": True, "detail": "200"}
    assert daemon.asked == ["test oncall"]


async def test_test_that_fails():
    """A receiver that does not take the test is answered with 502 and what it said."""
    daemon = FakeDaemon(sent=SendResult(ok=False, detail="status: 401"))
    answer = await ask(
        create_control_app(a_context(daemon=daemon)), "POST", "/api/v1/receivers/oncall/test"
    )

    assert (answer.status, json.loads(answer.body)["detail"]) == (502, "status: 401")


async def test_test_of_an_unknown_receiver():
    """An unknown receiver is 404, with those that there are, and what to do if it is new."""
    answer = await ask(create_control_app(a_context()), "POST", "/api/v1/receivers/x/test")

    assert answer.status == 404
    assert json.loads(answer.body)["detail"] == (
        "the running daemon has no such receiver (it has: oncall, ruang jaga/1): "
        "let it reload the configuration first"
    )


async def test_the_page_is_stale_after_three_intervals():
    """Three intervals after the last probe the page warns that it is old."""
    old = await ask(an_app(now=NOON + timedelta(seconds=181)), "GET", "/")
    fresh = await ask(an_app(now=NOON + timedelta(seconds=179)), "GET", "/")

    assert 'class="banner"' in old.text
    assert 'class="banner"' not in fresh.text
