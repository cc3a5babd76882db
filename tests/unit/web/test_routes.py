"""Every route, every method, with and without a credential: the table below was reviewed.

A new route fails the first test until it stands in the table.
"""

import base64

import bcrypt
import pytest

from monitor.web.api import api_routes
from monitor.web.app import (
    create_app,
    create_control_app,
    create_public_app,
    health_routes,
    private_routes,
    public_routes,
)
from monitor.web.credentials import Authenticator
from tests.unit.web.asking import FakeDaemon, a_context, ask
from tests.unit.web.test_blackbox import FakeProber, blackbox

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO")
# path: answers to METHODS for somebody with the right credential.
OPEN = {
    "/-/healthy": (200, 200, 405, 405, 405, 405, 405, 405, 405),
    "/": (200, 200, 405, 405, 405, 405, 405, 405, 405),
    "/static/pantau.css": (200, 200, 405, 405, 405, 405, 405, 405, 405),
    # The link is the credential, and this is none.
    "/ack/{incident}/{token}": (403, 403, 403, 405, 405, 405, 405, 405, 405),
    "/incidents": (200, 200, 405, 405, 405, 405, 405, 405, 405),
    # There is no such incident.
    "/incidents/{incident}": (404, 404, 405, 405, 405, 405, 405, 405, 405),
}
READ = (200, 200, 405, 405, 405, 405, 405, 405, 405)
# Nothing is made yet.
LATER = (503, 503, 405, 405, 405, 405, 405, 405, 405)
OPEN |= {"/data-terbuka": READ, "/api/v1/public/katalog.json": READ}
OPEN |= {f"/api/v1/public/kamus-data.{form}": READ for form in ("csv", "json")}
OPEN |= {
    f"/api/v1/public/{table}.{form}": LATER
    for table in ("ketersediaan", "gangguan", "pemeliharaan", "koreksi")
    for form in ("csv", "json")
}
CLOSED = {
    "/metrics": (200, 200, 405, 405, 405, 405, 405, 405, 405),
    "/-/ready": (200, 200, 405, 405, 405, 405, 405, 405, 405),
    "/-/reload": (405, 405, 200, 200, 405, 405, 405, 405, 405),
    # Without a body nobody is named.
    "/api/v1/incidents": (200, 200, 405, 405, 405, 405, 405, 405, 405),
    "/api/v1/sd/prometheus": (200, 200, 405, 405, 405, 405, 405, 405, 405),
    # There is no such incident.
    "/api/v1/incidents/{name}": (404, 404, 405, 405, 405, 405, 405, 405, 405),
    "/api/v1/incidents/{name}/ack": (405, 405, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/incidents/{name}/comments": (405, 405, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/dead-letters": (200, 200, 405, 405, 405, 405, 405, 405, 405),
    "/api/v1/dead-letters/retry": (405, 405, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/corrections": (200, 200, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/corrections/{name}/withdraw": (405, 405, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/maintenance": (200, 200, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/maintenance/{name}/cancel": (405, 405, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/silences": (200, 200, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/silences/{name}/lift": (405, 405, 400, 405, 405, 405, 405, 405, 405),
}
CONTROL = {
    "/api/v1/status": (200, 200, 405, 405, 405, 405, 405, 405, 405),
    "/api/v1/reload": (405, 405, 200, 405, 405, 405, 405, 405, 405),
    "/api/v1/incidents/{name}/ack": (405, 405, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/incidents/{name}/comments": (405, 405, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/dead-letters": (200, 200, 405, 405, 405, 405, 405, 405, 405),
    "/api/v1/dead-letters/retry": (405, 405, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/corrections": (200, 200, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/corrections/{name}/withdraw": (405, 405, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/maintenance": (200, 200, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/maintenance/{name}/cancel": (405, 405, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/silences": (200, 200, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/silences/{name}/lift": (405, 405, 400, 405, 405, 405, 405, 405, 405),
    # Nobody is named. By the API no key is replaced: who may, can read it on the machine.
    "/api/v1/ledger/key": (405, 405, 400, 405, 405, 405, 405, 405, 405),
    # None is named. By the API no report is entered: the command has filed it on the machine.
    "/api/v1/reports": (405, 405, 400, 405, 405, 405, 405, 405, 405),
    "/api/v1/receivers/{name:path}/test": (405, 405, 200, 405, 405, 405, 405, 405, 405),
}
PUBLIC = (
    *("/", "/static/pantau.css", "/ack/{incident}/{token}"),
    *("/incidents", "/incidents/{incident}"),
    *(path for path in OPEN if path.startswith(("/data-terbuka", "/api/v1/public/"))),
)
NOWHERE = (
    *("/nothing", "//", "/.", "/metrics/", "/metrics/..", "/..%2fmetrics", "/%2e%2e/metrics"),
    *("/static/", "/static/../pages.py", "/static/..%2fpages.py", "/static/pantau.css/x"),
    *(
        "/services/sigap",
        "/api/v1/status",
        "/api/v1/reload",
        "/api/v1/ledger/key",
        "/api/v1/public",
        "/api/v1/public/",
        "/api/v1/public/../incidents",
        "/api/v1/public/metadata.json",
        "/-/",
        "/-/quit",
        "/Metrics",
    ),
)

PASSWORD = "rahasia"
RIGHT = ("Authorization", "Basic " + base64.b64encode(b"ops:rahasia").decode())
WRONG = ("Authorization", "Basic " + base64.b64encode(b"ops:salah").decode())
UNKNOWN = ("Authorization", "Basic " + base64.b64encode(b"nobody:rahasia").decode())
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()


@pytest.fixture
def daemon():
    return FakeDaemon()


@pytest.fixture
def app(daemon):
    return create_app(a_context(daemon=daemon), Authenticator({"ops": HASH}))


def test_there_is_no_other_route():
    """The routes are those of the table, and no others."""
    context = a_context()

    assert {r.path for r in [*health_routes(), *public_routes(context)]} == set(OPEN)
    assert {r.path for r in private_routes(context)} == set(CLOSED)
    assert {r.path for r in public_routes(context)} == set(PUBLIC)
    assert {r.path for r in api_routes(context)} == set(CONTROL)


def test_there_is_no_other_route_with_probe():
    """Where /probe is served, its four routes are added to what is closed, and no others."""
    context = a_context(blackbox=blackbox(FakeProber()))
    paths = {r.path for r in private_routes(context)} - set(CLOSED)

    assert paths == {"/probe", "/config", "/logs", "/probes"}
    assert {r.path for r in public_routes(context)} == set(PUBLIC)
    assert {r.path for r in api_routes(context)} == set(CONTROL)


async def answers(app, path, *headers):
    return tuple([(await ask(app, method, path, headers)).status for method in METHODS])


@pytest.mark.parametrize("path", [*OPEN, *CLOSED])
async def test_with_the_right_credential(app, path):
    """With a credential, each route answers to its methods as the table says."""
    assert await answers(app, path, RIGHT) == (OPEN | CLOSED)[path]


@pytest.mark.parametrize("headers", [(), (WRONG,), (UNKNOWN,), (("Authorization", "Basic !"),)])
@pytest.mark.parametrize("path", [*CLOSED, *NOWHERE])
async def test_without_it_all_is_closed(app, daemon, path, headers):
    """Without a credential, whatever is not open asks for one, and does not say if it exists."""
    assert await answers(app, path, *headers) == (401,) * len(METHODS)
    assert daemon.asked == []


@pytest.mark.parametrize("path", OPEN)
async def test_health_and_the_public_set_are_open(app, path):
    """Health and the public set need no credential, and care for none."""
    assert await answers(app, path) == OPEN[path]
    assert await answers(app, path, WRONG) == OPEN[path]


@pytest.mark.parametrize("path", NOWHERE)
async def test_what_is_not_there(app, path):
    """Any other path is 404 for whoever has a credential, and leads nowhere else."""
    answer = await ask(app, "GET", path, [RIGHT])

    assert answer.status == 404
    assert "location" not in answer.headers


@pytest.mark.parametrize("path", [*CLOSED, *CONTROL, "/-/healthy", *NOWHERE])
async def test_the_public_listener_has_nothing_else(path):
    """The public listener serves the public set, with or without a credential."""
    public = create_public_app(a_context())

    assert await answers(public, path, RIGHT) == (404,) * len(METHODS)


@pytest.mark.parametrize("path", PUBLIC)
async def test_the_public_listener(path):
    """The public listener serves the public set."""
    assert await answers(create_public_app(a_context()), path) == OPEN[path]


@pytest.mark.parametrize("path", CONTROL)
async def test_the_control_socket(path):
    """The control socket answers as the table says, and knows no other path."""
    control = create_control_app(a_context())

    assert await answers(control, path.replace("{name:path}", "oncall")) == CONTROL[path]
    assert await answers(control, "/metrics") == (404,) * len(METHODS)


@pytest.mark.parametrize("path", [*OPEN, *CLOSED, *CONTROL, *NOWHERE])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
async def test_no_reading_changes_anything(daemon, method, path):
    """GET and HEAD change nothing, anywhere."""
    context = a_context(daemon=daemon)
    for each in (create_app(context, Authenticator({})), create_control_app(context)):
        await ask(each, method, path.replace("{name:path}", "oncall"), [RIGHT])

    assert daemon.asked == []


@pytest.mark.parametrize(
    "forged",
    [
        ("Host", "evil.example"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "for=127.0.0.1;host=evil.example"),
        ("X-HTTP-Method-Override", "POST"),
        ("X-Original-URL", "/metrics"),
    ],
)
@pytest.mark.parametrize("path", [*OPEN, "/-/ready", "/-/reload", "/metrics/", "/nothing"])
async def test_no_header_moves_the_border(app, daemon, forged, path):
    """Host, Forwarded and X-Forwarded headers have no effect on any answer."""
    plain = await ask(app, "GET", path)
    with_header = await ask(app, "GET", path, [forged])

    assert with_header == plain
    assert daemon.asked == []


@pytest.mark.parametrize(
    "page",
    [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "same-site")],
)
async def test_no_web_page_reloads_us(app, daemon, page):
    """A page in somebody's browser cannot make the browser reload the configuration."""
    answer = await ask(app, "POST", "/-/reload", [RIGHT, page])

    assert answer.status == 403
    assert daemon.asked == []


@pytest.mark.parametrize("path", ["/", "/metrics", "/nothing", "/-/reload"])
@pytest.mark.parametrize("headers", [(), (RIGHT,)])
async def test_every_answer_has_the_headers_of_safety(app, path, headers):
    """Every answer, errors too, tells the browser to load nothing else and to guess no type."""
    answer = await ask(app, "GET", path, headers)

    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
