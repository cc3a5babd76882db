"""Messages that were given up, over HTTP."""

import json
from datetime import UTC, datetime

import pytest

from monitor.domain.deadletter import LettersSought
from monitor.web.app import create_control_app
from tests.unit.metrics.board import NOON
from tests.unit.web.asking import FakeDeadLetters, a_context, ask

PATH = "/api/v1/dead-letters"


@pytest.fixture
def letters():
    return FakeDeadLetters()


@pytest.fixture
def app(letters):
    return create_control_app(a_context(dead_letters=letters))


async def retried(app, body: bytes):
    answer = await ask(app, "POST", f"{PATH}/retry", body=body)
    return answer.status, json.loads(answer.text)


async def test_they_are_listed(app, letters):
    """What was given up is shown, the newest first: when, to whom, about what, why."""
    answer = await ask(app, "GET", PATH)
    second, first = json.loads(answer.text)["dead_letters"]

    assert answer.status == 200
    assert letters.asked == [LettersSought(limit=1000)]
    assert first == {
        "id": "N1",
        "receiver": "oncall",
        "type": "alert.firing",
        "occurred_at": first["occurred_at"],
        "service": "portal",
        "incidents": ["INC1"],
        "about": "",
        "created_at": NOON.isoformat(),
        "given_up_at": NOON.isoformat(),
        "attempts": 8,
        "error": "refused 8 times: status 400",
        "retried": None,
        "obstacle": None,
    }
    assert (second["id"], second["obstacle"]) == ("N2", "too late")


async def test_some_of_them(app, letters):
    """A receiver and a time may be asked for."""
    query = "receiver=oncall&since=2026-11-24T08%3A00%3A00%2B08%3A00"
    await ask(app, "GET", PATH, query=query)

    since = datetime(2026, 11, 24, tzinfo=UTC)
    assert letters.asked == [LettersSought(receiver="oncall", since=since, limit=1000)]


@pytest.mark.parametrize(("limit", "before"), [(2, "N1"), (3, None)])
async def test_where_they_go_on(app, letters, limit, before):
    """An answer that is full says from where on to ask for more."""
    answer = await ask(app, "GET", PATH, query=f"limit={limit}&before=N9")

    assert json.loads(answer.text)["before"] == before
    assert letters.asked == [LettersSought(limit=limit, before="N9")]


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("since=yesterday", "since: write a time such as 2026-11-24T08:00:00+08:00"),
        ("since=2026-11-24T08:00:00", "since: write a time such as 2026-11-24T08:00:00+08:00"),
        ("reciever=oncall", "reciever: there are before, limit, receiver, since"),
        ("limit=0", "limit: write a number from 1 to 1000"),
        ("limit=1001", "limit: write a number from 1 to 1000"),
        ("limit=ten", "limit: write a number from 1 to 1000"),
    ],
)
async def test_what_cannot_be_asked(app, letters, query, complaint):
    """A question that is none is refused, and says what would be right."""
    answer = await ask(app, "GET", PATH, query=query)

    assert answer.status == 400
    assert json.loads(answer.text)["detail"] == complaint
    assert letters.asked == []


async def test_they_are_sent_after_all(app, letters):
    """Who wants what sent is passed on, each message once; the answer says what waits again."""
    body = json.dumps({"ids": ["N1", "N2", "N1"], "by": " Rina "}).encode()

    assert await retried(app, body) == (
        200,
        {"retried": ["N1"], "refused": {"N2": "too late"}, "detail": ""},
    )
    assert letters.asked == [(["N1", "N2"], "Rina")]


async def test_none_can_be_sent(app):
    """Where nothing can be sent, the answer is no success."""
    status, answer = await retried(app, b'{"ids": ["N2"], "by": "Rina"}')

    assert (status, answer["refused"]) == (409, {"N2": "too late"})


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"{}", b'{"ids": []}', b'{"ids": ["N1"]}', b'{"by": "a", "ids": []}'),
        *(b'{"ids": "N1", "by": "a"}', b'{"ids": ["N1"], "by": " "}', b"[" * 10_000),
        b'{"ids": ["N1"], "by": "a", "force": true}',
        b'{"ids": ["N1"], "by": "' + b"a" * 200_000 + b'"}',
    ],
)
async def test_what_is_no_wish(app, letters, body):
    """A body that names no message or nobody changes nothing, and is told what would be right."""
    status, answer = await retried(app, body)

    assert (status, letters.asked) == (400, [])
    assert answer["detail"].endswith('send JSON: {"ids": ["…"], "by": "who"}')
