"""What is wrong with what is sent is said as it is of files: where, and what would be right."""

import json

import pytest

from monitor.web.app import create_control_app
from tests.unit.web.asking import a_context, ask

INCIDENT = "/api/v1/incidents/sigap"
WINDOW = {
    "services": ["portal"],
    "start": "2026-11-01 22:00",
    "end": "2026-11-02 02:00",
    "approved_by": "Kabid",
    "reason": "Pembaruan server",
}
SOUND = {
    f"{INCIDENT}/ack": {"by": "Rina", "comment": ""},
    f"{INCIDENT}/comments": {"by": "Rina", "comment": "Kabel putus"},
    "/api/v1/silences": {"match": {"service": "portal"}, "seconds": 60, "by": "Rina"},
    "/api/v1/silences/hush/lift": {"by": "Rina"},
    "/api/v1/maintenance": {"window": WINDOW, "by": "Rina"},
    "/api/v1/maintenance/patch/cancel": {"by": "Rina", "reason": "Ditunda"},
    "/api/v1/dead-letters/retry": {"ids": ["N1"], "by": "Rina"},
}


async def answered(path, document):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    answer = await ask(create_control_app(a_context()), "POST", path, body=body)
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize("path", SOUND)
async def test_what_is_sound_is_taken(path):
    """What the other cases spoil is taken as it stands."""
    status, answer = await answered(path, SOUND[path])

    assert "send JSON" not in answer.get("detail", ""), answer
    assert status != 400


@pytest.mark.parametrize(
    ("spoilt", "complaint"),
    [
        ({"whom": "x"}, "whom: unknown key"),
        ({"bye": "x"}, "bye: unknown key; did you mean 'by'?"),
        ({"by": None}, "by: null is no text"),
        ({"by": 7}, "by: 7 is no text: put it in quotes"),
        ({"by": ["Rina"]}, "by: a list is no text"),
        ({"by": " "}, "by: it is empty: write who it is"),
        ({"by": "a" * 101}, "by: it has 101 characters: 100 at most"),
    ],
)
@pytest.mark.parametrize("path", SOUND)
async def test_what_is_wrong_and_what_would_be_right(path, spoilt, complaint):
    """An unknown key, or a value of the wrong kind, is named with what would be right."""
    status, answer = await answered(path, SOUND[path] | spoilt)

    assert status == 400
    assert answer["detail"].startswith(complaint)
    assert "; send JSON: {" in answer["detail"]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "this is no JSON: line 1, column 1; "),
        (b'{"by": "Rina",\n "comment" 1}', "this is no JSON: line 2, column 12; "),
        (b"\xff\xfe{", "this is no JSON"),
        (b'"by"', "this is no JSON object; "),
        (b"[]", "this is no JSON object; "),
        (b"[" * 10_000, "this is nested too deep; "),
        (b"{" * 200_000, "the body has over "),
        (b'{"\\ud800": 1, "by": "Rina"}', "this is no JSON: it holds what is no character"),
        (b'{"by": "Rina\\udfff"}', "this is no JSON: it holds what is no character"),
    ],
)
@pytest.mark.parametrize("path", SOUND)
async def test_what_is_no_wish_at_all(path, body, complaint):
    """A body that is no JSON object, too deep or too large changes nothing, and is told why."""
    status, answer = await answered(path, body)

    assert status == 400
    assert complaint in answer["detail"]


@pytest.mark.parametrize(
    ("path", "spoilt", "complaint"),
    [
        ("/api/v1/silences", {"seconds": "60"}, "seconds: '60' is no whole number: leave out"),
        ("/api/v1/silences", {"seconds": True}, "seconds: true is no whole number"),
        ("/api/v1/silences", {"match": "portal"}, "match: a text stands where a mapping is wanted"),
        ("/api/v1/silences", {"match": {"criticality": "high"}}, "match.criticality: 'high'"),
        ("/api/v1/maintenance", {"window": None}, "window: nothing stands where a mapping"),
        ("/api/v1/maintenance", {"window": WINDOW | {"services": "portal"}}, "window.services: "),
        ("/api/v1/maintenance", {"window": WINDOW | {"id": "Patch 1"}}, "window.id: 'Patch 1'"),
        ("/api/v1/maintenance/patch/cancel", {"reason": ""}, "reason: it is empty: write why"),
        ("/api/v1/dead-letters/retry", {"ids": "N1"}, "ids: a text stands where a list is wanted"),
        ("/api/v1/dead-letters/retry", {"ids": []}, "ids: too few entries: 1 at least"),
        (f"{INCIDENT}/ack", {"comment": "a" * 501}, "comment: it has 501 characters: 500 at most"),
    ],
)
async def test_of_one_route(path, spoilt, complaint):
    """What a route asks for is told in the same way, at its place inside of what is sent."""
    status, answer = await answered(path, SOUND[path] | spoilt)

    assert status == 400
    assert answer["detail"].startswith(complaint)


async def test_all_that_is_wrong_is_told_at_once():
    """Several mistakes are told in one answer, five at most."""
    _, answer = await answered("/api/v1/silences", {f"k{n}": n for n in range(9)})

    assert answer["detail"].count("unknown key") + answer["detail"].count("is missing") == 5
