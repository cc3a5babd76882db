"""Saying over HTTP that somebody takes care of an incident."""

import json

import pytest

from monitor.web.app import create_app, create_control_app
from monitor.web.credentials import Authenticator
from tests.unit.web.asking import FakeDaemon, a_context, ask

PATH = "/api/v1/incidents/{}/ack"
COMMENTS = "/api/v1/incidents/{}/comments"


async def sent(body: bytes, name: str = "sigap", path: str = PATH, make=create_control_app):
    daemon = FakeDaemon()
    app = make(a_context(daemon=daemon))
    answer = await ask(app, "POST", path.format(name), body=body)
    return answer.status, json.loads(answer.text), daemon.asked


async def test_it_is_taken_down():
    """Who it is and what they say is taken down, and the answer names the incidents."""
    body = json.dumps({"by": " Rina ", "comment": "Sedang dicek"}).encode()

    assert await sent(body) == (
        200,
        {"incidents": ["INC1"], "detail": ""},
        ["ack sigap Rina Sedang dicek by command"],
    )


async def test_nothing_is_down():
    """A name of nothing that is down is not found, and the answer says so."""
    status, answer, _ = await sent(b'{"by": "Rina"}', "portal")

    assert status == 404
    assert answer == {
        "incidents": [],
        "detail": "portal: no such incident goes on, and no such service is down now",
    }


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"{}", b'{"by": ""}', b'{"by": 1}', b'{"by": "a", "to": "b"}'),
        *(b'{"by": "a", "comment": 1}', b"[" * 10_000, b'{"by": "' + b"a" * 20_000 + b'"}'),
    ],
)
async def test_what_is_no_acknowledgement(body):
    """A body that names nobody, or is none, changes nothing and is told what would be right."""
    status, answer, asked = await sent(body)

    assert (status, asked) == (400, [])
    assert answer["detail"].endswith('; send JSON: {"by": "who", "comment": "what is done"}')


async def test_a_comment_is_taken_down():
    """A comment is taken down with who said it, also of an incident that is over."""
    body = b'{"by": "Rina", "comment": "Kabel diganti"}'

    assert await sent(body, "INC1", COMMENTS) == (
        200,
        {"incidents": ["INC1"], "detail": ""},
        ["comment INC1 Rina Kabel diganti by command"],
    )


async def test_the_way_it_came_is_kept():
    """What comes over HTTP with a credential is kept as said over the API."""
    _, _, asked = await sent(
        b'{"by": "Rina", "comment": "Kabel diganti"}',
        "INC1",
        COMMENTS,
        make=lambda context: create_app(context, Authenticator({})),
    )

    assert asked == ["comment INC1 Rina Kabel diganti by api"]


@pytest.mark.parametrize("body", [b"", b'{"by": "Rina"}', b'{"by": "Rina", "comment": " "}'])
async def test_what_is_no_comment(body):
    """A comment without words, or of nobody, changes nothing and is told what would be right."""
    status, answer, asked = await sent(body, "INC1", COMMENTS)

    assert (status, asked) == (400, [])
    assert 'send JSON: {"by": "who"' in answer["detail"]


async def test_no_comment_without_an_incident():
    """What names no incident, and no service that is down, is not found."""
    status, answer, _ = await sent(b'{"by": "Rina", "comment": "x"}', "portal", COMMENTS)

    assert status == 404
    assert answer["detail"] == (
        "portal: there is no such incident, and no such service is down now"
    )


async def test_too_many_comments_are_refused():
    """Once a thousand notes are kept of an incident, a comment is refused, and it is said why."""
    status, answer, _ = await sent(b'{"by": "Rina", "comment": "x"}', "FULL", COMMENTS)

    assert (status, answer["detail"]) == (409, "FULL: 1000 notes are kept of one incident")
