"""Silences over HTTP: what is taken, what is refused and why."""

import json
from datetime import timedelta

import pytest

from monitor.domain.alert import Match
from monitor.web.app import create_control_app
from monitor.web.context import TooManySilences
from tests.unit.metrics.board import NOON
from tests.unit.web.asking import FakeSilencer, a_context, ask

PORTAL = Match(services=frozenset({"portal"}))


@pytest.fixture
def silencer():
    return FakeSilencer()


@pytest.fixture
def app(silencer):
    return create_control_app(a_context(silencer=silencer))


async def post(app, path, document):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    answer = await ask(app, "POST", path, body=body)
    return answer.status, json.loads(answer.text)


async def test_silence_is_added_listed_and_lifted(app, silencer):
    """A silence says what it is about, until when and who wanted it, and can be lifted once."""
    wish = {"match": {"service": "portal"}, "seconds": 7200, "by": "Rina", "comment": "Patch"}
    status, answer = await post(app, "/api/v1/silences", wish)

    assert status == 201
    assert silencer.kept["hush"].match == PORTAL
    assert answer["silence"]["until"] == (NOON + timedelta(hours=2)).isoformat()
    listed = json.loads((await ask(app, "GET", "/api/v1/silences")).text)
    assert listed == {"silences": [answer["silence"]]}
    assert await post(app, "/api/v1/silences/hush/lift", {"by": "Rina"}) == (
        200,
        {"ok": True, "detail": ""},
    )
    assert (await post(app, "/api/v1/silences/hush/lift", {"by": "Rina"}))[0] == 404


@pytest.mark.parametrize(
    ("wish", "complaint"),
    [
        (b"{", "this is no JSON: line 1, column 2"),
        ({"match": {"service": "a"}, "seconds": 60}, "by: this key is missing"),
        ({"match": {"service": "a"}, "seconds": 0, "by": "a"}, "seconds: 0 is under 1"),
        ({"match": {"service": "a"}, "seconds": 10**9, "by": "a"}, "1000000000 is over 2592000"),
        (
            {"match": {"servce": "a"}, "seconds": 60, "by": "a"},
            "match.servce: unknown key; did you mean 'service'?",
        ),
        ({"match": {}, "seconds": 60, "by": "a"}, "it names nothing, and would silence everything"),
        ({"match": {"service": "a"}, "seconds": 60, "by": ""}, "by: it is empty: write who it is"),
        (b"x" * 100_000, "the body has over 65536 bytes"),
    ],
)
async def test_what_is_refused(app, silencer, wish, complaint):
    """What is no silence, or would silence everything, is refused with what would be right."""
    status, answer = await post(app, "/api/v1/silences", wish)

    assert (status, silencer.kept) == (400, {})
    assert complaint in answer["detail"]
    assert 'send JSON: {"match"' in answer["detail"]


@pytest.mark.parametrize(
    ("match", "complaint"),
    [
        ({"service": "portall"}, "there is no service 'portall'; did you mean 'portal'?"),
        ({"service": ["portal", "portall"]}, "there is no service 'portall'"),
        ({"owner": "nobody"}, "there is no owner 'nobody'; known: "),
        ({"type": "htp"}, "there is no type 'htp'; did you mean 'http'?"),
        (
            {"labels": {"kecamatan": "Ujung Pandan"}},
            "there is no label 'kecamatan=Ujung Pandan'; did you mean 'kecamatan=Ujung Pandang'?",
        ),
    ],
)
async def test_names_of_nothing(app, silencer, match, complaint):
    """A silence of what nothing is called is refused with the nearest name that something has."""
    wish = {"match": match, "seconds": 60, "by": "Rina"}
    status, answer = await post(app, "/api/v1/silences", wish)

    assert (status, silencer.kept) == (400, {})
    assert complaint in answer["detail"]


async def test_too_many(app, silencer, monkeypatch):
    """Where no more silences are taken, the answer says so and what to do."""

    async def full(*_):
        raise TooManySilences("1000 silences are in force: lift some")

    monkeypatch.setattr(silencer, "add", full)
    wish = {"match": {"service": "portal"}, "seconds": 60, "by": "Rina"}
    status, answer = await post(app, "/api/v1/silences", wish)

    assert (status, answer["detail"]) == (409, "1000 silences are in force: lift some")


async def test_who_lifts_it_is_named(app):
    """Lifting names who does it."""
    assert (await post(app, "/api/v1/silences/hush/lift", {}))[0] == 400
