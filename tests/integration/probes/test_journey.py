"""A walk through a real web application: what is seen, and which step is named when it breaks."""

import asyncio
import time
from datetime import UTC, datetime

import pytest
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind, OutcomeStatus, series
from monitor.fields import Secret
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes import journey
from tests.certificates import leaf, write_chain, write_root
from tests.citizenportal import ENCODINGS, PASSWORD, USER, portal
from tests.servers import free_port

SECRETS = {"user": USER, "password": PASSWORD}
FORM = {"name": "form", "path": "/login", "extract": {"csrf": {"input": "csrf_token"}}}
LOGIN = {
    "name": "login",
    "path": "/login",
    "form": {
        "user": "${secret.user}",
        "password": "${secret.password}",
        "csrf_token": "${csrf}",
    },
    "expect": {"body_contains": "Selamat datang"},
}
REQUESTS = {
    "name": "permohonan",
    "path": "/api/permohonan",
    "expect": {"json": {"$.status": "ok"}},
    "extract": {"number": {"json": "$.requests[0].number"}},
}
ONE = {
    "name": "satu",
    "path": "/api/permohonan/${number}",
    "headers": {"X-CSRF-Token": "${csrf}"},
    "expect": {"json": {"$.number": 4711}},
}
LOGOUT = {
    "name": "logout",
    "path": "/logout",
    "form": {"csrf_token": "${csrf}"},
    "expect": {"body_contains": "Sampai jumpa"},
    "always_run": True,
}
STEPS = (FORM, LOGIN, REQUESTS, ONE, LOGOUT)


@pytest.fixture(scope="module")
def started():
    with portal() as running:
        yield running


@pytest.fixture
def site(started):
    started[0].forget()
    return started


async def walked(url, steps=STEPS, *, seconds=20.0, values=SECRETS, **keys):
    spec = journey.JourneySpec.model_validate(
        {
            "base_url": url,
            "steps": list(steps),
            "secrets": {name: Secret(("env", name), text) for name, text in values.items()},
            **keys,
        }
    )
    now = time.monotonic()
    context = ProbeContext(
        network=Network(resolver=Resolver()),
        deadline=now + seconds,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    return await journey.probe(spec, context)


def ways(outcome):
    return {step["name"]: step["outcome"] for step in outcome.facts["steps"]}


def answers(answer):
    async def broken(_):
        return answer

    return broken


def sleeps(seconds):
    async def broken(_):
        await asyncio.sleep(seconds)
        return HTMLResponse("late")

    return broken


async def test_a_walk_logs_in_and_out(site):
    """Cookies and values go from step to step; each step has its status, time and phases."""
    application, url = site

    outcome = await walked(url)

    assert (outcome.status, outcome.failure) == (OutcomeStatus.OK, None)
    assert application.asked == [
        *("GET /login", "POST /login", "GET /beranda"),
        *("GET /api/permohonan", "GET /api/permohonan/4711", "POST /logout"),
    ]
    assert application.signed_in == set()
    form, login, *_ = outcome.facts["steps"]
    assert (form["status"], login["status"], login["redirects"]) == (200, 200, 1)
    assert login["final_url"] == f"{url}/beranda"
    assert {"connect", "processing", "transfer"} <= login["phases"].keys()
    assert sum(login["phases"].values()) == login["seconds"]
    measured = outcome.measurements
    assert measured[series("pantau_journey_step_success", step="logout")] == 1.0
    assert measured[series("pantau_journey_step_status_code", step="login")] == 200.0
    phase = series("pantau_journey_step_duration_seconds", step="login", phase="processing")
    assert measured[phase] == login["phases"]["processing"]


async def test_every_walk_begins_without_cookies(site):
    """Nothing is kept from an earlier walk: the application sees a stranger each time."""
    application, url = site
    peek = {"name": "home", "path": "/beranda", "expect": {"status": 401}}

    first = await walked(url, STEPS[:2])
    second = await walked(url, [peek])

    assert (first.status, second.status) == (OutcomeStatus.OK, OutcomeStatus.OK)
    assert len(application.signed_in) == 1


BROKEN = {
    "no form": (
        {"/login": answers(HTMLResponse("Pemeliharaan"))},
        "step 1 (form): ${csrf}: no <input> named 'csrf_token' in a body of 12 bytes that begins 'Pemeliharaan'",
        FailureKind.STEP,
    ),
    "an error page": (
        {"/beranda": answers(HTMLResponse("Galat", status_code=500))},
        "step 2 (login): status: 500, expected 200-299",
        FailureKind.STATUS,
    ),
    "back at the form": (
        {"/beranda": answers(HTMLResponse("Silakan masuk"))},
        "step 2 (login): body of 13 bytes that begins 'Silakan masuk', expected to contain 'Selamat datang'",
        FailureKind.BODY,
    ),
    "in a circle": (
        {"/beranda": answers(RedirectResponse("/beranda"))},
        "step 2 (login): over 5 redirects; the last one is from URL/beranda",
        FailureKind.REDIRECT_LOOP,
    ),
    "a number that is none": (
        {"/api/permohonan": answers(JSONResponse({"status": "ok", "requests": [{"number": {}}]}))},
        "step 3 (permohonan): ${number}: $.requests[0].number is no text and no number: {}",
        FailureKind.STEP,
    ),
    "no such value": (
        {"/api/permohonan": answers(JSONResponse({"status": "ok", "requests": []}))},
        "step 3 (permohonan): ${number}: nothing at $.requests[0].number",
        FailureKind.STEP,
    ),
    "another answer": (
        {"/api/permohonan/4711": answers(JSONResponse({"number": 4712}))},
        "step 4 (satu): json $.number: 4712, expected 4711",
        FailureKind.JSON,
    ),
    "no way out": (
        {"/logout": answers(HTMLResponse("Galat", status_code=502))},
        "step 5 (logout): status: 502, expected 200-299",
        FailureKind.STATUS,
    ),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_the_failing_step_is_named(site, case):
    """The first step that fails is named, with what went wrong and its kind."""
    application, url = site
    application.breaks, detail, kind = BROKEN[case]

    outcome = await walked(url)

    assert outcome.status is OutcomeStatus.FAILED
    assert (outcome.failure.kind, outcome.failure.detail.replace(url, "URL")) == (kind, detail)
    assert outcome.answered


async def test_a_wrong_password_is_told_by_the_page(site):
    """A login that answers 200 all the same fails by what its page says."""
    _, url = site

    outcome = await walked(url, values={**SECRETS, "password": "kata-sandi-lama"})

    assert outcome.failure.detail == (
        "step 2 (login): body of 16 bytes that begins 'Kata sandi salah', "
        "expected to contain 'Selamat datang'"
    )


async def test_who_logged_in_logs_out(site):
    """After a failure the rest is skipped, but an `always_run` step runs and does its work."""
    application, url = site
    application.breaks = {"/api/permohonan": answers(JSONResponse({}, status_code=503))}

    outcome = await walked(url)

    assert ways(outcome) == {
        "form": "ok",
        "login": "ok",
        "permohonan": "failed",
        "satu": "skipped",
        "logout": "ok",
    }
    assert outcome.facts["steps"][3]["detail"] == "step 3 (permohonan) failed"
    assert application.signed_in == set()
    assert not any(name[1] == (("step", "satu"),) for name in outcome.measurements)


async def test_a_step_without_its_value_is_skipped(site):
    """An `always_run` step that needs a value which no step gave is not sent half filled."""
    application, url = site
    application.breaks = {"/login": answers(HTMLResponse("kosong"))}

    outcome = await walked(url)

    assert outcome.facts["steps"][-1]["detail"] == "nothing gave ${csrf}"
    assert application.asked == ["GET /login"]


async def test_time_is_kept_for_logging_out(site):
    """A step that hangs uses up the journey's time, but not what a later `always_run` step asks for."""
    application, url = site
    application.breaks = {"/api/permohonan": sleeps(30)}
    began = time.monotonic()

    outcome = await walked(url, [*STEPS[:4], LOGOUT | {"timeout": "3s"}], seconds=6)

    took = time.monotonic() - began
    assert ways(outcome)["permohonan"] == "failed"
    assert outcome.failure.kind is FailureKind.TIMEOUT
    assert outcome.failure.detail.startswith("step 3 (permohonan): ")
    assert application.signed_in == set()
    assert took < 6


async def test_a_step_has_its_own_time(site):
    """`timeout` of a step ends it before the journey's deadline; what follows has the rest."""
    application, url = site
    application.breaks = {"/api/permohonan": sleeps(30)}

    outcome = await walked(url, [*STEPS[:2], REQUESTS | {"timeout": "500ms"}, ONE, LOGOUT])

    assert outcome.failure.kind is FailureKind.TIMEOUT
    assert ways(outcome)["logout"] == "ok"


async def test_no_time_is_left(site):
    """A step that comes when the time is over fails, and is not sent."""
    application, url = site

    outcome = await walked(url, seconds=-1)

    assert outcome.failure.detail == "step 1 (form): no time is left for it"
    assert application.asked == []


async def test_a_slow_step_degrades(site):
    """A step that is fine but takes longer than its `degraded_over` degrades the check."""
    application, url = site
    application.breaks = {"/api/permohonan": sleeps(0.2)}
    slow = {"name": "lama", "path": "/api/permohonan", "degraded_over": "100ms"}

    outcome = await walked(url, [FORM, LOGIN, slow, LOGOUT])

    assert outcome.status is OutcomeStatus.DEGRADED
    assert outcome.failure.kind is FailureKind.SLOW
    assert outcome.failure.detail.startswith("step 3 (lama): took 0.")
    assert ways(outcome)["logout"] == "ok"
    assert outcome.measurements[series("pantau_journey_step_success", step="lama")] == 1.0


async def test_a_dead_server_has_its_own_kind(site):
    """A step that reaches nobody fails as any check would; earlier answers prove that we are online."""
    _, url = site
    away = {"name": "away", "url": f"http://127.0.0.1:{free_port()}/"}

    alone = await walked(url, [away])
    later = await walked(url, [FORM, away])

    assert (alone.failure.kind, alone.answered) == (FailureKind.CONNECT_REFUSED, True)
    assert later.failure.detail.startswith("step 2 (away): connect to 127.0.0.1:")
    assert later.answered


async def test_over_tls(tmp_path):
    """Certificates are verified in every step, and told once."""
    ca_file = str(write_root(tmp_path))
    files = write_chain(tmp_path, "journey", leaf(label="journey", names=("localhost",)))
    with portal(*files) as (_, url):
        fine = await walked(url, ca_file=ca_file)
        untrusted = await walked(url)
        insecure = await walked(url, insecure=True)
        soon = await walked(url, [FORM | {"expect": {"min_days": 9000}}, LOGIN], ca_file=ca_file)

    assert fine.failure is None
    assert fine.facts["certificate"]["names"] == ["localhost"]
    assert series("probe_ssl_earliest_cert_expiry") in fine.measurements
    assert untrusted.failure.kind is FailureKind.TLS_UNTRUSTED
    assert untrusted.failure.detail.startswith("step 1 (form): ")
    assert (insecure.failure, insecure.facts["insecure"]) == (None, True)
    assert soon.status is OutcomeStatus.DEGRADED
    assert soon.failure.kind is FailureKind.EXPIRES_SOON
    assert ways(soon) == {"form": "degraded", "login": "ok"}


async def test_a_page_says_where_its_form_goes(site):
    """A form's action may stand in for a path, with its query and its entities."""
    _, url = site
    extract = {"csrf": {"meta": "csrf-token"}, "action": {"action": "masuk"}}

    outcome = await walked(
        url, [FORM | {"extract": extract}, LOGIN | {"path": "${action}"}, REQUESTS]
    )

    assert outcome.failure is None


async def test_a_page_leads_to_named_servers_only(site):
    """Secrets go to no server that the check does not name, whatever a page says."""
    _, url = site
    with portal() as (other, elsewhere):
        page = f'<form id=f action="{elsewhere}/login">'
        site[0].breaks = {"/login": answers(HTMLResponse(page))}
        steps = [
            {"name": "form", "path": "/login", "extract": {"action": {"action": "f"}}},
            {"name": "login", "path": "${action}", "form": {"p": "${secret.password}"}},
        ]
        refused = await walked(url, steps)
        heard = list(other.asked)
        named = await walked(url, steps, origins=[elsewhere])

    assert refused.failure.kind is FailureKind.STEP
    assert "which the check does not name" in refused.failure.detail
    assert heard == []
    assert named.failure.kind is FailureKind.STATUS
    assert other.asked == ["POST /login"]


@pytest.mark.parametrize("way", ENCODINGS)
@pytest.mark.parametrize(
    "expect", [{"body_contains": "hadir"}, {"headers": {"x-got": "^hadir"}}, {"json": {"$.got": 1}}]
)
async def test_no_secret_comes_back(site, way, expect):
    """However the application writes what it was sent, no outcome holds a secret or a value."""
    application, url = site
    value = "nilai+dari/halaman='4f'&"
    application.breaks = {"/nilai": answers(JSONResponse({"token": value, "noise": "x" * 200}))}
    for sent in ("${secret.password}", "${token}"):
        steps = [
            {"name": "nilai", "path": "/nilai", "extract": {"token": {"json": "$.token"}}},
            {"name": "echo", "path": f"/echo/{way}/x", "body": sent, "expect": expect},
        ]

        outcome = await walked(url, steps)

        assert outcome.failure.detail.startswith("step 2 (echo): ")
        for one in (PASSWORD, value):
            for encode in ENCODINGS.values():
                assert _core(encode(one)) not in _written(outcome)


async def test_no_secret_comes_back_in_a_url(site):
    """A redirect that carries a secret in its path is told without it, also where it was fine."""
    _, url = site
    away = {"name": "away", "path": "/echo/plain/away", "body": "${secret.password}"}
    once = away | {"name": "once", "path": "/echo/plain/once"}

    outcome = await walked(url, [once, away])

    assert outcome.failure.kind is FailureKind.REDIRECT_LOOP
    assert outcome.facts["steps"][0]["final_url"] == f"{url}/echo/plain/there/***"
    assert "***" in _written(outcome)
    assert not any(_core(encode(PASSWORD)) in _written(outcome) for encode in ENCODINGS.values())


async def test_what_turns_out_to_be_a_value_is_not_told(site):
    """What a step showed before a later one extracted it is told without it all the same."""
    application, url = site
    application.breaks = {
        "/masuk": answers(RedirectResponse("/rahasiabaru", 302)),
        "/rahasiabaru": answers(HTMLResponse("")),
        "/nilai": answers(JSONResponse({"token": "rahasiabaru"})),
    }
    steps = [
        {"name": "masuk", "path": "/masuk"},
        {"name": "nilai", "path": "/nilai", "extract": {"token": {"json": "$.token"}}},
    ]

    outcome = await walked(url, steps)

    assert (outcome.status, outcome.failure) == (OutcomeStatus.OK, None)
    assert outcome.facts["steps"][0]["final_url"] == f"{url}/***"


async def test_a_value_of_a_failing_step_is_not_told(site):
    """What a step would have extracted is not shown either when its answer is not as expected."""
    application, url = site
    application.breaks = {"/nilai": answers(JSONResponse({"token": "rahasiabaru", "ok": False}))}
    step = {
        "name": "nilai",
        "path": "/nilai",
        "extract": {"token": {"json": "$.token"}},
        "expect": {"body_contains": "hadir"},
    }

    outcome = await walked(url, [step])

    assert "begins" in outcome.failure.detail
    assert "rahasiabaru" not in _written(outcome)


async def test_cookies_are_not_told(site):
    """A session that a page repeats is as secret as the password that opened it."""
    application, url = site

    async def repeats(request):
        return HTMLResponse(f"sesi {request.cookies['session']}", status_code=500)

    application.breaks = {"/api/permohonan": repeats}
    step = REQUESTS | {"expect": {"status": 500, "body_contains": "hadir"}, "extract": {}}

    outcome = await walked(url, [FORM, LOGIN, step])

    assert outcome.failure.detail.startswith("step 3 (permohonan): body of 37 bytes that begins")
    assert not any(session in _written(outcome) for session in application.tokens)


def _core(text):
    """Return the middle of a text: what is left when quotes and padding around it are gone."""
    third = max(4, len(text) // 3)
    return text[third : 2 * third]


def _written(outcome):
    return f"{outcome.failure} {outcome.facts} {outcome.measurements}"


async def test_what_a_later_step_replaced_is_not_told(site):
    """A session and a value that logging out replaces stay as secret as they were."""
    application, url = site
    application.breaks = {
        "/masuk": answers(
            JSONResponse({"token": "tokenlama"}, headers={"Set-Cookie": "sid=sesilama; Path=/"})
        ),
        "/gagal": answers(HTMLResponse("sesilama tokenlama")),
        "/keluar": answers(
            JSONResponse({"token": "tokenbaru"}, headers={"Set-Cookie": "sid=; Path=/; Max-Age=0"})
        ),
    }
    extract = {"token": {"json": "$.token"}}
    steps = [
        {"name": "masuk", "path": "/masuk", "extract": extract},
        {"name": "gagal", "path": "/gagal", "expect": {"body_contains": "hadir"}},
        {"name": "keluar", "path": "/keluar", "extract": extract, "always_run": True},
    ]

    outcome = await walked(url, steps)

    assert ways(outcome)["keluar"] == "ok"
    assert "*** ***" in outcome.failure.detail
    assert "lama" not in _written(outcome)
