"""Planned work over HTTP: what is taken, what is refused and why."""

import json
from datetime import UTC, datetime

import pytest

from monitor.domain.maintenance import Occurrence
from monitor.domain.windowrecord import Source
from monitor.web.app import create_control_app
from tests.unit.metrics.board import NOON
from tests.unit.web.asking import FakePlanner, a_context, ask

PATCH = {
    "services": ["portal"],
    "start": "2026-11-01 22:00",
    "end": "2026-11-02 02:00",
    "approved_by": "Kabid",
    "reason": "Pembaruan server",
}


@pytest.fixture
def planner():
    return FakePlanner()


@pytest.fixture
def app(planner):
    return create_control_app(a_context(planner=planner))


async def post(app, path, document):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    answer = await ask(app, "POST", path, body=body)
    return answer.status, json.loads(answer.text)


async def test_work_is_planned_listed_and_cancelled(app, planner):
    """Planned work says what it is about, who approved it and who put it down, and can be cancelled;
    what was cancelled stays on record.
    """
    status, answer = await post(app, "/api/v1/maintenance", {"window": PATCH, "by": "Rina"})

    window = answer["window"]
    assert status == 201
    assert planner.kept["made"].window.when == Occurrence(
        datetime(2026, 11, 1, 14, tzinfo=UTC), datetime(2026, 11, 1, 18, tzinfo=UTC)
    )
    assert planner.kept["made"].source is Source.COMMAND
    assert window["next"] == {
        "start": "2026-11-01T22:00:00+08:00",
        "end": "2026-11-02T02:00:00+08:00",
        "after_the_fact": False,
    }
    assert (window["added_by"], window["approved_by"]) == ("Rina", "Kabid")
    listed = json.loads((await ask(app, "GET", "/api/v1/maintenance")).text)
    assert listed == {"windows": [window]}

    farewell = {"by": "Budi", "reason": "ditunda"}
    status, answer = await post(app, "/api/v1/maintenance/made/cancel", farewell)
    assert status == 200
    assert answer["window"]["cancelled"] == {"at": NOON.isoformat(), **farewell}
    assert json.loads((await ask(app, "GET", "/api/v1/maintenance")).text) == {"windows": []}
    everything = json.loads((await ask(app, "GET", "/api/v1/maintenance", query="all=1")).text)
    assert everything["windows"] == [answer["window"]]
    assert (await post(app, "/api/v1/maintenance/made/cancel", farewell))[0] == 404


async def test_work_put_down_late_is_marked(app):
    """Work that is put down only after it began is after the fact."""
    late = {**PATCH, "start": "2026-11-01 11:00", "end": "2026-11-01 13:00"}
    _, answer = await post(app, "/api/v1/maintenance", {"window": late, "by": "Rina"})

    assert answer["window"]["next"]["after_the_fact"] is True


async def test_id_is_taken_once(app):
    """A window of an id that is in force is not put down a second time."""
    wish = {"window": {**PATCH, "id": "patch"}, "by": "Rina"}
    assert (await post(app, "/api/v1/maintenance", wish))[0] == 201
    status, answer = await post(app, "/api/v1/maintenance", wish)

    assert status == 409
    assert answer["detail"] == "patch: a window of this id is in force; cancel it first"


@pytest.mark.parametrize(
    ("wish", "complaint"),
    [
        (b"{", "this is no JSON: line 1, column 2"),
        (b"x" * 100_000, "the body has over 65536 bytes"),
        ({"window": PATCH}, "by: this key is missing"),
        ({"window": {**PATCH, "services": ["portl"]}, "by": "a"}, "portl"),
        (
            {"window": {**PATCH, "servces": ["portal"]}, "by": "a"},
            "window.servces: unknown key; did you mean 'services'?",
        ),
        ({"window": {**PATCH, "services": []}, "by": "a"}, "name what is worked on"),
        (
            {"window": {**PATCH, "end": "2026-11-01 21:00"}, "by": "a"},
            "window.end: 2026-11-01 21:00 must be after start",
        ),
        ({"window": {**PATCH, "start": "besok"}, "by": "a"}, "no moment: write it as"),
        ({"window": {**PATCH, "rrule": "FREQ=WEEKLY"}, "by": "a"}, "write duration and no end"),
    ],
)
async def test_what_is_refused(app, planner, wish, complaint):
    """What is wrong with planned work is said in the words of the file's own mistakes."""
    status, answer = await post(app, "/api/v1/maintenance", wish)

    assert status == 400
    assert complaint in answer["detail"]
    assert planner.kept == {}
