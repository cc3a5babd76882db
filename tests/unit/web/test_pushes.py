import itertools
import json
from dataclasses import replace
from datetime import timedelta

import bcrypt
import pytest

from monitor.domain.check import CheckId
from monitor.domain.observation import OutcomeStatus
from monitor.domain.push import Signal
from monitor.ports import StoreError
from monitor.web.app import create_app
from monitor.web.credentials import Authenticator
from monitor.web.pushes import Refused, read_result
from tests.unit.metrics.board import NOON
from tests.unit.web.asking import a_context, ask

TOKEN, OTHER = "0123456789abcdef", "fedcba9876543210"
URL = f"/api/v1/heartbeats/{TOKEN}"
RESULTS = "/api/v1/checks/genset/observations"
USERS = {"admin": bcrypt.hashpw(b"hunter2", bcrypt.gensalt(4)).decode()}


class FakeIntake:
    """Knows one heartbeat and one external check, and keeps what it takes in."""

    def __init__(self, *, broken=False, token=OTHER):
        self.taken = []
        self.broken = broken
        self.token = token

    def owner(self, token):
        return CheckId("backup") if token == TOKEN else None

    def proves(self, check_id, token):
        return None if check_id != "genset" or not self.token else token == self.token

    def names(self, check_id):
        return frozenset({"fuel"}) if check_id == "genset" else None

    async def take(self, check_id, arrival):
        if self.broken:
            raise StoreError("disk full")
        self.taken.append((check_id, arrival))
        return True


def served(intake=None, users=None):
    context = replace(a_context(), pushes=intake or FakeIntake())
    return create_app(context, Authenticator(users or {}))


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("path", "signal", "status", "exit_code"),
    [
        ("", Signal.SUCCESS, OutcomeStatus.OK, None),
        ("/start", Signal.START, OutcomeStatus.OK, None),
        ("/fail", Signal.FAIL, OutcomeStatus.FAILED, None),
        ("/0", Signal.SUCCESS, OutcomeStatus.OK, 0),
        ("/3", Signal.FAIL, OutcomeStatus.FAILED, 3),
        ("/255", Signal.FAIL, OutcomeStatus.FAILED, 255),
    ],
)
async def test_signals(method, path, signal, status, exit_code):
    """A job says by the end of its URL that it began, failed, or what it returned."""
    intake = FakeIntake()

    answer = await ask(served(intake), method, URL + path)

    [(check_id, arrival)] = intake.taken
    assert (answer.status, answer.text, check_id) == (200, "OK\n", "backup")
    assert (arrival.signal, arrival.status, arrival.exit_code) == (signal, status, exit_code)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "FOO"])
async def test_nothing_but_get_and_post(method):
    """A preview, which asks with HEAD, is no sign of life; nor is any other method."""
    intake = FakeIntake()

    answer = await ask(served(intake), method, URL)

    assert (answer.status, answer.headers["allow"], intake.taken) == (405, "GET, POST", [])


async def test_no_password_is_asked_for():
    """A heartbeat's URL is its own credential."""
    assert (await ask(served(users=USERS), "POST", URL)).status == 200


@pytest.mark.parametrize(
    "path", [f"/api/v1/heartbeats/{OTHER}", "/api/v1/heartbeats/", URL + "/", URL + "/stop",
             URL + "/3/4", URL + "/٣", f"/api/v1/heartbeats/{TOKEN}\n", URL + "/1234"],
)  # fmt: skip
async def test_unknown_url(path):
    """What is no token, or is followed by anything else, is not there."""
    intake = FakeIntake()

    assert (await ask(served(intake), "POST", path)).status == 404
    assert intake.taken == []


async def test_exit_code_over_255():
    """What no process returns is refused."""
    assert (await ask(served(), "POST", URL + "/256")).status == 400


async def test_guessing_is_slowed_down():
    """Whoever tries many tokens is asked to wait; whoever has one is not."""
    app = served()
    answers = [await ask(app, "GET", f"/api/v1/heartbeats/{n:032}") for n in range(101)]

    assert [answer.status for answer in answers] == [404] * 100 + [429]
    assert (await ask(app, "POST", URL)).status == 200


async def test_guessing_while_the_clock_is_set():
    """A wall clock that leaps, as when it is set, lets nobody guess faster."""
    days = (NOON + timedelta(days=n) for n in itertools.count())
    context = replace(a_context(), pushes=FakeIntake(), now=lambda: next(days))
    app = create_app(context, Authenticator({}))
    answers = [await ask(app, "GET", f"/api/v1/heartbeats/{n:032}") for n in range(101)]

    assert answers[-1].status == 429


async def test_unstored_is_not_acknowledged():
    """A push that could not be stored is answered with 503, so that it is sent again."""
    assert (await ask(served(FakeIntake(broken=True)), "POST", URL)).status == 503


async def test_evidence_is_kept_and_made_visible():
    """The beginning of what comes along is kept; its text is shown without control characters."""
    intake = FakeIntake()
    await ask_with(served(intake), URL + "/1", b"rows: 5\x1b[31m\n", b"x" * 20_000)

    [(_, arrival)] = intake.taken
    assert arrival.detail.startswith("rows: 5\N{REPLACEMENT CHARACTER}[31m ")
    assert len(arrival.detail.encode()) <= 500
    assert len(arrival.body) == 10_240


async def test_body_that_never_ends():
    """Over 1 MB is refused, and nothing of it is kept meanwhile."""
    answer = await ask_with(served(), URL, *[b"x" * 65_536] * 17)

    assert answer == 413


async def test_client_that_goes_away():
    """A push that broke off was none."""
    intake = FakeIntake()
    await ask_with(served(intake), URL, b"half", ends=False)

    assert intake.taken == []


async def ask_with(app, path, *parts, ends=True):
    """Post a body in parts; return the status. Without `ends` the client goes away."""
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.request"} if ends else {"type": "http.disconnect"})
    statuses = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        statuses.append(message.get("status"))

    scope = {"type": "http", "method": "POST", "path": path, "headers": [], "scheme": "http"}
    await app(scope, receive, send)
    return statuses[0]


async def post(app, document, **headers):
    """Post a result; return the status."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    messages = [{"type": "http.request", "body": body}]
    statuses = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        statuses.append(message.get("status"))

    scope = {
        "type": "http",
        "method": "POST",
        "path": headers.pop("path", RESULTS),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "scheme": "http",
        "root_path": "",
        "query_string": b"",
    }
    await app(scope, receive, send)
    return statuses[0]


UP = {"status": "up"}
ADMIN = "Basic YWRtaW46aHVudGVyMg=="


@pytest.mark.parametrize(
    ("authorization", "users", "status"),
    [
        (f"Bearer {OTHER}", {}, 200),
        (f"bearer {OTHER}", USERS, 200),
        (ADMIN, USERS, 200),
        (ADMIN, {}, 401),
        (f"Bearer {TOKEN}", USERS, 401),
        (f"Basic {OTHER}", USERS, 401),
        ("", USERS, 401),
        ("", {}, 401),
    ],
)
async def test_who_may_speak_for_a_check(authorization, users, status):
    """Results are taken from whoever has the check's own token, or is a user."""
    assert await post(served(users=users), UP, authorization=authorization) == status


async def test_token_speaks_for_its_own_check_only():
    """A token of one check opens no other."""
    path = "/api/v1/checks/portal-http/observations"

    answer = await post(served(users=USERS), UP, authorization=f"Bearer {OTHER}", path=path)

    assert answer == 401


async def test_check_without_a_token():
    """Without a token, and where nobody needs a password, whoever reaches us may report."""
    assert await post(served(FakeIntake(token="")), UP) == 200
    assert await post(served(FakeIntake(token=""), USERS), UP) == 401


async def test_web_page_may_not_report():
    """A page in somebody's browser cannot report to the monitor on its machine."""
    app = served(FakeIntake(token=""))

    assert await post(app, UP, origin="https://evil.example") == 403


async def test_unknown_check():
    """Only checks of type external take results."""
    path = "/api/v1/checks/portal-http/observations"

    assert await post(served(FakeIntake(token="")), UP, path=path) == 404


async def test_large_result():
    """A result is at most 64 KB."""
    app = served()
    document = b'{"status": "up", "detail": "' + b"x" * 70_000 + b'"}'

    assert await post(app, document, authorization=f"Bearer {OTHER}") == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 60_000,
        b'{"status": "ok"}',
        b'{"status": ["up"]}',
        b'{"status": "up", "check": "other"}',
        b'{"status": "up", "detail": 5}',
        b'{"status": "up", "at": "2026-01-01T00:00:00"}',
        b'{"status": "up", "at": "yesterday"}',
        b'{"status": "up", "at": true}',
        b'{"status": "up", "at": 1e300}',
        b'{"status": "up", "measurements": {"other": 1}}',
        b'{"status": "up", "measurements": {"fuel": "1"}}',
        b'{"status": "up", "measurements": {"fuel": NaN}}',
        b'{"status": "up", "measurements": {"fuel": 1e999}}',
        b'{"status": "up", "measurements": {"fuel": ' + b"9" * 4000 + b"}}",
        b'{"status": "up", "measurements": []}',
    ],
    ids=lambda body: body[:40].decode(errors="replace"),
)
async def test_mistakes_are_refused(body):
    """What is no result is refused, whatever it is made of."""
    assert await post(served(), body, authorization=f"Bearer {OTHER}") == 400


@pytest.mark.parametrize(
    ("seconds", "taken"), [(60, True), (61, False), (-86_400, True), (-86_401, False)]
)
@pytest.mark.parametrize("form", [lambda at: at.isoformat(), lambda at: at.timestamp()])
def test_times_that_are_taken(seconds, taken, form):
    """A result is from the last 24 hours, or at most a minute ahead of us."""
    at = NOON + timedelta(seconds=seconds)
    body = json.dumps({"status": "up", "at": form(at)}).encode()

    if not taken:
        with pytest.raises(Refused, match="at: more than"):
            read_result(body, frozenset(), NOON)
    else:
        assert read_result(body, frozenset(), NOON).at == at
