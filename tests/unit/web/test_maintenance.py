"""Planned work over HTTP: what is taken, what is refused and why."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from monitor.domain.maintenance import Occurrence
from monitor.domain.windowrecord import Source
from monitor.web.app import create_control_app
from monitor.web.context import TooManyWindows
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


async def test_too_much_work(app, planner, monkeypatch):
    """Where no more windows are taken, the answer says so and what to do."""

    async def full(*_):
        raise TooManyWindows("500 windows are in force: cancel some")

    monkeypatch.setattr(planner, "add", full)

    status, answer = await post(app, "/api/v1/maintenance", {"window": PATCH, "by": "Rina"})

    assert (status, answer["detail"]) == (409, "500 windows are in force: cancel some")


async def test_work_of_a_period(app, planner):
    """Asked about a period, each window that touches it is listed with its times in it, also what
    is over; what would have begun after it was cancelled is not.
    """
    weekly = {key: value for key, value in PATCH.items() if key != "end"}
    weekly |= {"rrule": "FREQ=WEEKLY;BYDAY=SU", "start": "01:00", "duration": "2h", "id": "weekly"}
    for window in (PATCH | {"id": "patch"}, weekly, weekly | {"id": "cancelled"}):
        await post(app, "/api/v1/maintenance", {"window": window, "by": "Rina"})
    farewell = {"by": "Budi", "reason": "ditunda"}
    await post(app, "/api/v1/maintenance/cancelled/cancel", farewell)

    async def times(**asked):
        query = urlencode(asked)
        answer = await ask(app, "GET", "/api/v1/maintenance", query=query)
        return {
            each["id"]: [time["start"][5:16] for time in each["times"]]
            for each in json.loads(answer.text)["windows"]
        }

    assert await times(
        **{"from": "2026-11-01T00:00:00+08:00", "to": "2026-11-16T00:00:00+08:00"}
    ) == {
        "patch": ["11-01T22:00"],
        "weekly": ["11-08T01:00", "11-15T01:00"],
    }
    assert (
        await times(**{"from": "2026-11-02T02:00:00+08:00", "to": "2026-11-08T01:00:00+08:00"})
        == {}
    )
    # NOON to 14 days later.
    assert await times(to="2026-11-02T00:00:00+08:00") == {"patch": ["11-01T22:00"]}
    assert set(await times(**{"from": "2026-11-02T00:00:00+08:00"})) == {"patch", "weekly"}


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"form": "x"}, "form: there are all, from, to"),
        ({"all": "yes"}, "all: write 1"),
        ({"from": "besok"}, "from: this is no time with its zone"),
        ({"from": "2026-11-01T00:00:00"}, "from: this is no time with its zone"),
        ({"to": "9998-11-01T00:00:00Z"}, "to: this is no time with its zone"),
        ({"to": "2026-10-01T00:00:00Z"}, "to: it must be after from"),
        ({"to": "2027-12-01T00:00:00Z"}, "to: it must be after from, by 366 days at most"),
    ],
)
async def test_what_is_no_question(app, asked, complaint):
    """A question that is none is refused, and told how to ask."""
    answer = await ask(app, "GET", "/api/v1/maintenance", query=urlencode(asked))

    assert answer.status == 400
    assert json.loads(answer.text)["detail"].startswith(complaint)
    assert "ask as in" in json.loads(answer.text)["detail"]


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
            {"window": {**PATCH, "labels": {"rack": "3"}}, "by": "a"},
            "there is no label 'rack=3'",
        ),
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
