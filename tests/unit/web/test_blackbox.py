import asyncio
import base64
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.blackbox.gate import allowed
from monitor.blackbox.log import ProbeLog
from monitor.blackbox.measured import described
from monitor.blackbox.modules import Module
from monitor.blackbox.turnstile import Turnstile
from monitor.checktype import ProbeContext
from monitor.domain.observation import series
from monitor.web.app import create_app, create_control_app, create_public_app
from monitor.web.blackbox import Blackbox, Offer
from monitor.web.credentials import Authenticator
from tests.unit.metrics.board import NOON
from tests.unit.web.asking import a_context, ask

MODULES = {
    "http_2xx": Module.model_validate(
        {
            "prober": "http",
            "timeout": "5s",
            "http": {
                "headers": {"Host": "vhost.example.id", "Authorization": "Bearer hunter2"},
                "basic_auth": {"username": "warga", "password": "hunter2"},
                "proxy_url": "http://warga:hunter2@10.0.0.1:3128",
            },
        }
    ),
    "icmp": Module.model_validate({"prober": "icmp"}),
    "dns": Module.model_validate({"prober": "dns", "dns": {"query_name": "example.id"}}),
}


@dataclass
class Probed:
    success: bool
    measurements: tuple
    log: tuple


@dataclass
class FakeProber:
    """Answers at once, or when `release` is set; remembers what it was asked."""

    success: bool = True
    error: Exception | None = None
    release: asyncio.Event | None = None
    began: asyncio.Event = field(default_factory=asyncio.Event)
    calls: list = field(default_factory=list)
    ended: list = field(default_factory=list)
    unknown: int = 0

    async def probe(self, module, target, context, *, hostname):
        self.calls.append((module, target, hostname, round(context.deadline, 3)))
        self.began.set()
        try:
            if self.release is not None:
                await self.release.wait()
        except asyncio.CancelledError:
            self.ended.append(target)
            raise
        if self.error is not None:
            raise self.error
        log = ProbeLog(context.now, context.monotonic)
        log.info("Beginning probe", probe=module.prober, target=target)
        numbers = {series("probe_success"): float(self.success)}
        return Probed(self.success, described(numbers), log.lines())

    def count_unknown(self):
        self.unknown += 1


@pytest.fixture
def prober():
    return FakeProber()


def blackbox(prober, permitted=None, concurrency=10, rate=1000):
    return Blackbox(
        offer=Offer(modules=MODULES, allowed=permitted),
        probe=prober.probe,
        context=lambda seconds: ProbeContext(
            network=None, deadline=seconds, monotonic=lambda: 0.0, now=NOON
        ),
        turnstile=Turnstile(concurrency, rate, lambda: 0.0),
        count_unknown=prober.count_unknown,
    )


def app_of(box, users=None):
    return create_app(a_context(blackbox=box), Authenticator(users or {}))


@pytest.fixture
def app(prober):
    return app_of(blackbox(prober))


async def get(app, query, *headers, method="GET", path="/probe"):
    return await ask(app, method, path, headers, query)


async def test_off_by_default():
    """While it is not configured, nothing of the interface is there."""
    app = create_app(a_context(), Authenticator({}))

    for path in ("/probe", "/config", "/logs", "/probes"):
        assert (await ask(app, "GET", path, query="target=x")).status == 404


async def test_it_is_for_the_main_listener_alone(prober):
    """The public listener and the control socket have nothing of it, whoever asks."""
    context = a_context(blackbox=blackbox(prober))

    for app in (create_public_app(context), create_control_app(context)):
        for path in ("/probe", "/config", "/logs", "/probes"):
            assert (await ask(app, "GET", path, query="target=x")).status == 404
    assert prober.calls == []


@pytest.mark.parametrize("path", ["/probe", "/config", "/logs", "/probes"])
async def test_it_asks_for_a_credential(prober, path):
    """Where there are users, every part of it asks for a credential first."""
    app = app_of(blackbox(prober), {"ops": "$2b$04$" + "a" * 53})
    wrong = ("Authorization", "Basic " + base64.b64encode(b"ops:salah").decode())

    assert (await ask(app, "GET", path, [], "target=x")).status == 401
    assert (await ask(app, "GET", path, [wrong], "target=x")).status == 401
    assert prober.calls == []


@pytest.mark.parametrize("success", [True, False])
async def test_numbers_are_the_answer(success):
    """A probe answers with its numbers in the text format, and with 200 also when it failed."""
    prober = FakeProber(success=success)
    answer = await get(app_of(blackbox(prober)), "module=icmp&target=10.0.0.1")

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.text == (
        "# HELP probe_success Displays whether or not the probe was a success\n"
        f"# TYPE probe_success gauge\nprobe_success {int(success)}\n"
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "FOO"])
async def test_any_method(app, prober, method):
    """/probe takes whatever method there is."""
    answer = await get(app, "module=icmp&target=10.0.0.1", method=method)

    assert answer.status == 200
    assert len(prober.calls) == 1


@pytest.mark.parametrize(
    ("query", "headers", "status", "text"),
    [
        ("module=none&target=x", (), 400, 'Unknown module "none"\n'),
        ("module=a%22%0a&target=x", (), 400, 'Unknown module "a\\"\\n"\n'),
        ("module=none", (), 400, 'Unknown module "none"\n'),
        ("module=icmp", (), 400, "Target parameter is missing\n"),
        ("", (), 400, "Target parameter is missing\n"),
        ("module=icmp&target=", (), 400, "Target parameter is missing\n"),
        (
            "target=x&hostname=y",
            (),
            400,
            (
                "host header defined both in module configuration (vhost.example.id) and with "
                "URL-parameter 'hostname' (y)\n"
            ),
        ),
        (
            "module=icmp",
            (("X-Prometheus-Scrape-Timeout-Seconds", "abc"),),
            500,
            (
                "Failed to parse timeout from Prometheus header: strconv.ParseFloat: parsing "
                '"abc": invalid syntax\n'
            ),
        ),
        ("module=dns&target=x&query_type=ABC", (), 400, None),
    ],
)
async def test_refusals(app, prober, *, query, headers, status, text):
    """What cannot be probed is refused with blackbox_exporter's words and status, in its order."""
    answer = await get(app, query, *headers)

    assert answer.status == status
    assert text is None or answer.text == text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert prober.calls == []


async def test_unknown_modules_are_counted(app, prober):
    """Each request for a module that is not there is counted."""
    await get(app, "module=none&target=x")
    await get(app, "module=icmp")

    assert prober.unknown == 1


async def test_what_the_prober_is_given(app, prober):
    """The prober gets the module, the target, the hostname and its deadline; first values count."""
    timeout = ("X-Prometheus-Scrape-Timeout-Seconds", "10")
    await get(app, "target=http%3A%2F%2Fx%2F%3Fa%3D1&target=y", timeout)
    await get(app, "module=icmp&target=x&hostname=h", timeout)
    await get(app, "module=dns&target=x&query_name=www.example.id&query_type=A")

    assert [call[1:] for call in prober.calls] == [
        ("http://x/?a=1", None, 5.0),
        ("x", "h", 9.5),
        ("x", None, 119.5),
    ]
    assert prober.calls[0][0] is MODULES["http_2xx"]
    assert prober.calls[2][0].dns.query_name == "www.example.id"


async def test_debug_text(app):
    """debug=true shows steps, numbers and module as blackbox_exporter lays them out."""
    answer = await get(app, "module=icmp&target=10.0.0.1&debug=true")
    steps, numbers, module = answer.text.split("\n\n\n\n")

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert steps.startswith("Logs for the probe:\nts=")
    assert numbers.startswith("Metrics that would have been returned:\n# HELP probe_success")
    assert module == (
        "Module configuration:\nprober: icmp\nicmp:\n  preferred_ip_protocol: ip6\n"
        "  ip_protocol_fallback: true\n  ttl: 64\n"
    )


async def test_debug_is_asked_for_with_true_alone(app):
    """Any other value of debug is none."""
    assert not (await get(app, "module=icmp&target=x&debug=1")).text.startswith("Logs")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/probe", "target=http://warga:hunter2@x/&debug=true"),
        ("/config", ""),
        ("/logs", "id=0"),
        ("/logs", "target=http://warga:hunter2@x/"),
        ("/probes", ""),
    ],
)
async def test_no_page_shows_a_secret(app, path, query):
    """Neither a module's secrets nor a password in a target are shown anywhere."""
    await get(app, "target=http://warga:hunter2@x/")
    answer = await get(app, query, path=path)

    assert answer.status == 200
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/probe", "target=x"),
        ("/probe", "target=x&debug=true"),
        ("/config", ""),
        ("/probe", "target=x&module=none"),
        ("/logs", "id=0"),
        ("/logs", "id=7"),
        ("/probes", ""),
    ],
)
async def test_nothing_of_it_is_kept_on_the_way(app, path, query):
    """No browser and no proxy stores what a probe found or how it is made."""
    await get(app, "target=x")

    assert (await get(app, query, path=path)).headers["cache-control"] == "no-store"


async def test_logs(app):
    """A probe's debug text is found by its number, or as the latest of a target and module."""
    await get(app, "module=icmp&target=a")
    await get(app, "module=dns&target=a")
    by_number = await get(app, "id=0", path="/logs")
    latest = await get(app, "target=a", path="/logs")
    of_module = await get(app, "target=a&module=icmp", path="/logs")

    assert "prober: icmp" in by_number.text
    assert "prober: dns" in latest.text
    assert of_module.text == by_number.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("id=0&target=a", 400),
        ("id=x", 400),
        ("id=" + "9" * 40, 400),
        ("id=" + "9" * 400, 400),
        ("id=9223372036854775808", 400),
        ("id=9223372036854775807", 404),
        ("id=-1", 404),
        ("id=7", 404),
        ("target=b", 404),
        ("target=a&module=dns", 404),
    ],
)
async def test_logs_that_are_not_there(app, query, status):
    """What is asked wrongly is a 400, what is not remembered a 404."""
    await get(app, "module=icmp&target=a")

    assert (await get(app, query, path="/logs")).status == status


async def test_config_follows_the_offer(prober):
    """/config and /probe go by the modules in force, also after a reload."""
    box = blackbox(prober)
    app = app_of(box)
    box.offer = Offer(modules={"ping": MODULES["icmp"]}, allowed=None)
    config = await get(app, "", path="/config")

    assert config.text.startswith("modules:\n  ping:\n    prober: icmp\n")
    assert (await get(app, "module=icmp&target=x")).status == 400
    assert (await get(app, "module=ping&target=x")).status == 200


async def test_targets_of_checks_alone(prober):
    """With `targets: configured`, what no check probes is refused and not dialled."""
    app = app_of(blackbox(prober, allowed(["10.0.0.9:5432"])))

    refused = await get(app, "module=icmp&target=10.0.0.10")
    assert refused.status == 403
    assert "none of an enabled check" in refused.text
    assert (await get(app, "module=icmp&target=10.0.0.9")).status == 200
    assert [call[1] for call in prober.calls] == ["10.0.0.9"]


@pytest.mark.parametrize(
    "header",
    [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ],
)
async def test_no_page_elsewhere_has_anything_probed(app, prober, header):
    """A page of another site cannot have the reader's browser ask for a probe."""
    for method in ("GET", "POST"):
        assert (await get(app, "module=icmp&target=x", header, method=method)).status == 403
    assert prober.calls == []


async def test_one_may_ask_from_a_browser(app):
    """Who types the address, or follows a link of our own pages, is answered."""
    for site in ("none", "same-origin"):
        answer = await get(app, "module=icmp&target=x", ("Sec-Fetch-Site", site))
        assert answer.status == 200


async def test_too_many_at_once():
    """Beyond the limit a request is refused at once, with when to come again."""
    prober = FakeProber(release=asyncio.Event())
    app = app_of(blackbox(prober, concurrency=1))
    first = asyncio.create_task(get(app, "module=icmp&target=x"))
    await asyncio.wait_for(prober.began.wait(), 30)
    async with asyncio.timeout(30):
        second = await get(app, "module=icmp&target=y")
    prober.release.set()

    assert second.status == 503
    assert second.headers["retry-after"] == "1"
    assert (await first).status == 200
    assert (await get(app, "module=icmp&target=z")).status == 200


async def test_crash_is_our_fault(prober):
    """A prober that crashes is a 500 without particulars, gives its place back, is not kept."""
    prober.error = ValueError("hunter2")
    box = blackbox(prober, concurrency=1)
    answers = [await get(app_of(box), "module=icmp&target=x") for _ in range(2)]

    assert [answer.status for answer in answers] == [500, 500]
    assert "hunter2" not in answers[0].text
    assert list(box.history.newest_first()) == []


async def test_client_that_leaves_ends_its_probe():
    """When the client goes away, the probe ends, its place is free, and nothing is kept."""
    prober = FakeProber(release=asyncio.Event())
    box = blackbox(prober, concurrency=1)
    messages = asyncio.Queue()
    messages.put_nowait({"type": "http.request", "body": b"x" * 100, "more_body": True})
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/probe",
        "query_string": b"module=icmp&target=x",
        "headers": [],
    }

    async def send(_):
        pass

    asked = asyncio.create_task(app_of(box)(scope, messages.get, send))
    await asyncio.wait_for(prober.began.wait(), 30)
    messages.put_nowait({"type": "http.disconnect"})
    await asyncio.wait_for(asked, 30)

    assert prober.ended == ["x"]
    assert list(box.history.newest_first()) == []
    prober.release.set()
    assert (await get(app_of(box), "module=icmp&target=y")).status == 200


@pytest.mark.parametrize(
    ("language", "at"),
    [("id", "1 November 2026, 20.00.00 WITA"), ("en", "1 November 2026, 20:00:00 WITA")],
)
async def test_page_shows_when(app, language, at):
    """The moment of a probe is told to the second: probes follow each other quickly."""
    await get(app, "module=icmp&target=a")

    assert at in (await get(app, f"lang={language}", path="/probes")).text


@pytest.mark.parametrize("language", ["id", "en"])
async def test_page_of_probes(app, language):
    """The page lists the latest probes, newest first, in either language; text stays text."""
    await get(app, "module=icmp&target=a")
    await get(app, "module=icmp&target=%3Cscript%3Ealert(1)%3C/script%3E%E2%80%AE")
    page = await get(app, f"lang={language}", path="/probes")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}">' in page.text
    assert page.text.index("/logs?id=1") < page.text.index("/logs?id=0")
    assert "<script" not in page.text
    assert "\u202e" not in page.text
    assert page.text.count("<tr>") == 3


@pytest.mark.parametrize(
    "target", ["warga:hunter2@a.id/", "http://warga:hunter2@a.id/", "a.id/?t=hunter2"]
)
async def test_page_shows_no_secret(app, target):
    """Passwords and queries of targets stay off the page, with a scheme before them or none."""
    await get(app, urlencode({"module": "http_2xx", "target": target}))
    page = await get(app, "lang=en", path="/probes")

    assert "a.id/" in page.text
    assert "hunter2" not in page.text


async def test_page_without_probes(app):
    """Before anything was asked for, the page says so."""
    page = await get(app, "lang=en", path="/probes")

    assert "Nothing was asked for" in page.text
    assert "<table" not in page.text


TEXTS = st.text(max_size=50) | st.sampled_from(["http_2xx", "icmp", "dns", "true", "10.0.0.9:5432"])
NAMES = st.sampled_from(
    ["module", "target", "hostname", "debug", "query_name", "query_type", "id", "x"]
)
PERMITTED = allowed(["10.0.0.9:5432", "http://10.0.0.9/?a=b"])


@given(
    pairs=st.lists(st.tuples(NAMES, TEXTS), max_size=6),
    raw=st.text(st.characters(max_codepoint=127, exclude_characters="#"), max_size=20),
    timeout=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=10),
    path=st.sampled_from(["/probe", "/logs", "/config", "/probes"]),
    permitted=st.sampled_from([None, PERMITTED]),
)
def test_whatever_is_asked_is_answered(*, pairs, raw, timeout, path, permitted):
    """Any query, and any timeout, has an answer: none is a crash of ours, in the log or outside."""
    prober = FakeProber()
    app = app_of(blackbox(prober, permitted))
    query = f"{urlencode(pairs)}&{raw}"
    header = ("X-Prometheus-Scrape-Timeout-Seconds", timeout)
    began = time.process_time()
    answer = asyncio.run(ask(app, "GET", path, [header], query))

    assert answer.status in {200, 400, 403, 404, 500}
    assert answer.status != 500 or "strconv" in answer.text
    assert time.process_time() - began < 1
