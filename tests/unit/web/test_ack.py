"""Saying over HTTP that somebody takes care of an incident."""

import json

import pytest

from monitor.web.app import create_control_app
from tests.unit.web.asking import FakeDaemon, a_context, ask

PATH = "/api/v1/incidents/{}/ack"


async def sent(body: bytes, name: str = "sigap"):
    daemon = FakeDaemon()
    app = create_control_app(a_context(daemon=daemon))
    answer = await ask(app, "POST", PATH.format(name), body=body)
    return answer.status, json.loads(answer.text), daemon.asked


async def test_it_is_taken_down():
    """Who it is and what they say is taken down, and the answer names the incidents."""
    body = json.dumps({"by": " Rina ", "comment": "Sedang dicek"}).encode()

    assert await sent(body) == (
        200,
        {"incidents": ["INC1"], "detail": ""},
        ["ack sigap Rina Sedang dicek"],
    )


async def test_nothing_is_down():
    """A name of nothing that is down is not found, and the answer says so."""
    status, answer, _ = await sent(b'{"by": "Rina"}', "portal")

    assert status == 404
    assert answer == {
        "incidents": [],
        "detail": "portal: no such incident or service is down now",
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
    assert answer["detail"] == 'send JSON: {"by": "who", "comment": "what is done"}'
