"""Tokens of OAuth 2.0: asked for once, kept while they hold. No sockets; time is the test's."""

import asyncio
import json
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import UnknownCause
from monitor.net.errors import NetError
from monitor.net.fetch import Reply
from monitor.net.oauth import OAuth2, Tokens
from monitor.net.response import Response
from tests.fakes import FakeClock

SETTINGS = OAuth2(
    token_url="https://login.test/token?tenant=secret",
    client_id="pan:tau",
    client_secret="s&krit rahasia",
    scopes=("read", "write"),
    endpoint_params=(("audience", "portal"),),
)


class Endpoint:
    """A token endpoint that gives `answers` in turn; each request is kept in `asked`."""

    def __init__(self, *answers):
        self.answers, self.asked, self.deadlines = list(answers), [], []
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self, request, *, deadline, trace):
        self.asked.append(request)
        self.deadlines.append(deadline)
        await self.gate.wait()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        response = Response()
        response.status, response.complete = status, True
        response.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Reply(response, request.target, 0)


def token(text="abc", **more):
    return 200, {"access_token": text, "token_type": "bearer"} | more


@pytest.fixture
def bench():
    clock = FakeClock()
    return SimpleNamespace(clock=clock, tokens=Tokens(monotonic=clock.monotonic))


async def got(bench, endpoint, settings=SETTINGS, seconds=5.0):
    return await bench.tokens.get(endpoint, settings, bench.clock.monotonic() + seconds)


async def test_what_is_asked(bench):
    """The grant, the scopes and own parameters go in the body; who asks goes in the head."""
    endpoint = Endpoint(token())

    assert await got(bench, endpoint) == "abc"

    request = endpoint.asked[0]
    assert (request.method, str(request.target)) == ("POST", SETTINGS.token_url)
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["read write"],
        "audience": ["portal"],
    }
    # RFC 6749, 2.3.1: both parts are form-encoded before they are joined.
    assert ("Authorization", "Basic cGFuJTNBdGF1OnMlMjZrcml0K3JhaGFzaWE=") in request.fields
    assert request.redirects is None


async def test_a_token_is_kept_while_it_holds(bench):
    """A token serves every check until ten seconds before it expires."""
    endpoint = Endpoint(token("one", expires_in=60), token("two", expires_in=60))

    assert await got(bench, endpoint) == "one"
    bench.clock.advance(49.9)
    assert await got(bench, endpoint) == "one"
    bench.clock.advance(0.2)
    assert await got(bench, endpoint) == "two"


@pytest.mark.parametrize(
    ("expires_in", "holds"),
    [
        *(("3600", 3590), (None, 290), ("soon", 290), (True, 290), ([60], 290)),
        *((-5, 0), (5, 0), (float("nan"), 0), (-(10**400), 0)),
        *((10**9, 86_390), (10**400, 86_390), ("9" * 400, 86_390), (float("inf"), 86_390)),
    ],
    ids=lambda value: str(value)[:12],
)  # fmt: skip
async def test_how_long_a_token_holds(bench, expires_in, holds):
    """`expires_in` may be a text or be missing; a day is the longest that is believed."""
    endpoint = Endpoint(token(expires_in=expires_in))
    await got(bench, endpoint)
    if holds:
        bench.clock.advance(holds - 0.1)
        await got(bench, endpoint)
        assert len(endpoint.asked) == 1
    bench.clock.advance(0.2)
    await got(bench, endpoint)

    assert len(endpoint.asked) == 2


async def test_many_checks_share_one_request(bench):
    """A thousand checks that start at once ask for one token."""
    endpoint = Endpoint(token())
    endpoint.gate.clear()
    waiting = [asyncio.ensure_future(got(bench, endpoint)) for _ in range(1000)]
    await asyncio.sleep(0)
    endpoint.gate.set()

    assert set(await asyncio.gather(*waiting)) == {"abc"}
    assert len(endpoint.asked) == 1


async def test_other_settings_other_token(bench):
    """Who asks for something else gets a token of his own."""
    endpoint = Endpoint(token("one"), token("two"))
    await got(bench, endpoint)

    assert await got(bench, endpoint, replace(SETTINGS, scopes=("read",))) == "two"


async def test_the_other_way_to_say_who_asks(bench):
    """A server that refuses credentials in the head gets them in the body."""
    endpoint = Endpoint((401, {"error": "invalid_client"}), token())

    assert await got(bench, endpoint) == "abc"

    form = parse_qs(endpoint.asked[1].body.decode())
    assert (form["client_id"], form["client_secret"]) == (["pan:tau"], ["s&krit rahasia"])
    assert not any(name == "Authorization" for name, _ in endpoint.asked[1].fields)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((401, {"error": "invalid_client"}), Kind.STATUS, "status 401 (invalid_client), expected 200"),
        ((500, b"<html>"), Kind.STATUS, "status 500, expected 200"),
        ((302, b""), Kind.STATUS, "status 302"),
        ((403, {"error": "s&krit rahasia"}), Kind.STATUS, "status 403"),
        ((200, b"<html>"), Kind.JSON, "no JSON"),
        ((200, b"[" * 100_000), Kind.JSON, "no JSON"),
        ((200, []), Kind.JSON, "no JSON object"),
        ((200, {}), Kind.JSON, "no usable access_token"),
        ((200, {"access_token": ""}), Kind.JSON, "no usable access_token"),
        ((200, {"access_token": "a\r\nX: y"}), Kind.JSON, "no usable access_token"),
        ((200, {"access_token": 7}), Kind.JSON, "no usable access_token"),
        ((200, {"access_token": "a", "token_type": "mac"}), Kind.JSON, "token_type 'mac'"),
        (NetError(Kind.CONNECT_REFUSED, "refused"), Kind.CONNECT_REFUSED, "refused"),
    ],
)  # fmt: skip
async def test_no_token(bench, answer, kind, words):
    """Why there is no token is told, with the endpoint, and without a secret; nothing is kept of it."""
    endpoint = Endpoint(answer)
    with pytest.raises(NetError) as caught:
        await got(bench, endpoint)

    failure = caught.value.failure
    assert failure.kind is kind
    assert failure.detail.startswith("oauth2: https://login.test/token: ")
    assert words in failure.detail
    assert "rahasia" not in failure.detail
    endpoint.answers = [token()]
    assert await got(bench, endpoint) == "abc"


@pytest.mark.parametrize(
    "sent_back",
    [
        *("s&krit rahasia", "s%26krit+rahasia", "pan%3Atau:s%26krit+rahasia"),
        *("cGFuJTNBdGF1OnMlMjZrcml0K3JhaGFzaWE=", "t3nant/key", "t3nant%2Fkey"),
    ],
)
async def test_an_endpoint_that_repeats_what_it_was_told(bench, sent_back):
    """The client's secret, in every form that it was sent in, and own parameters are not told."""
    endpoint = Endpoint((400, {"error": f"<{sent_back}>"}))
    settings = replace(SETTINGS, endpoint_params=(("resource", "t3nant/key"),))
    with pytest.raises(NetError) as caught:
        await got(bench, endpoint, settings)

    assert "(<***>)" in caught.value.failure.detail


async def test_our_own_fault_stays_ours(bench):
    """A fault of this machine makes a check unknown, also while it asks for a token."""
    endpoint = Endpoint(NetError(Kind.CONNECT_UNREACHABLE, "EMFILE", cause=UnknownCause.LOCAL))
    with pytest.raises(NetError) as caught:
        await got(bench, endpoint)

    assert caught.value.cause is UnknownCause.LOCAL


async def test_a_slow_endpoint_keeps_nobody_beyond_his_deadline(bench):
    """Each check waits for a token until its own deadline; the request goes on for the others."""
    endpoint = Endpoint(token())
    endpoint.gate.clear()
    patient = asyncio.ensure_future(got(bench, endpoint, seconds=100.0))
    await asyncio.sleep(0)
    with pytest.raises(NetError) as caught:
        await got(bench, endpoint, seconds=0.0)
    endpoint.gate.set()

    assert caught.value.failure.kind is Kind.TIMEOUT
    assert await patient == "abc"
    assert len(endpoint.asked) == 1


async def test_a_cancelled_check_takes_nothing_from_the_others(bench):
    """Cancelling one check that waits for a token leaves the request to the rest."""
    endpoint = Endpoint(token())
    endpoint.gate.clear()
    first, second = (asyncio.ensure_future(got(bench, endpoint)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    endpoint.gate.set()

    assert await second == "abc"
    assert first.cancelled()


async def test_a_refused_token_is_forgotten(bench):
    """A token that the target refused is asked for again."""
    endpoint = Endpoint(token("one"), token("two"))
    await got(bench, endpoint)

    bench.tokens.forget(SETTINGS, "one")

    assert await got(bench, endpoint) == "two"


async def test_a_renewed_token_is_not_forgotten(bench):
    """A check that was slow to hear of a refusal does not take away the token that came after."""
    endpoint = Endpoint(token("one"), token("two"), token("three"))
    await got(bench, endpoint)
    bench.tokens.forget(SETTINGS, "one")
    await got(bench, endpoint)

    bench.tokens.forget(SETTINGS, "one")

    assert await got(bench, endpoint) == "two"


def test_secrets_are_not_shown():
    """The form for programmers holds no secret."""
    assert "rahasia" not in repr(SETTINGS)
