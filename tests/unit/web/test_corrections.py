"""Corrections over HTTP: what is taken, what is refused and why."""

import json
from datetime import UTC, datetime

import pytest

from monitor.domain.observation import Status
from monitor.web.app import create_control_app
from tests.unit.metrics.board import NOON
from tests.unit.web.asking import FakeCorrector, a_context, ask

CUT = {
    "service": "portal",
    "from": "2026-11-01 10:00",
    "to": "2026-11-01 11:30",
    "status": "unknown",
    "reason": "Jalur kami sendiri yang putus",
    "evidence": "Surat ISP No. 12/2026",
    "by": "Rina",
}


@pytest.fixture
def corrector():
    return FakeCorrector()


@pytest.fixture
def app(corrector):
    return create_control_app(a_context(corrector=corrector))


async def post(app, path, document):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    answer = await ask(app, "POST", path, body=body)
    return answer.status, json.loads(answer.text)


async def test_a_correction_is_made_listed_and_withdrawn(app, corrector):
    """A correction says what was so, when, why and on what evidence; withdrawn, it stays listed."""
    status, answer = await post(app, "/api/v1/corrections", CUT)

    made = answer["correction"]
    assert status == 201
    assert corrector.kept["made"].correction.start == datetime(2026, 11, 1, 2, tzinfo=UTC)
    assert corrector.kept["made"].correction.status is Status.UNKNOWN
    assert (made["from"], made["evidence"]) == ("2026-11-01T10:00:00+08:00", CUT["evidence"])
    assert (made["by"], made["at"], made["withdrawn"]) == ("Rina", NOON.isoformat(), None)

    farewell = {"by": "Budi", "reason": "surat keliru"}
    status, answer = await post(app, "/api/v1/corrections/made/withdraw", farewell)
    assert status == 200
    assert answer["correction"]["withdrawn"] == {"at": NOON.isoformat(), **farewell}
    listed = json.loads((await ask(app, "GET", "/api/v1/corrections")).text)
    assert listed == {"corrections": [answer["correction"]]}
    assert (await post(app, "/api/v1/corrections/other/withdraw", farewell))[0] == 404


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (b"{", "send JSON"),
        ({"service": "portl"}, "there is no service 'portl'; did you mean 'portal'?"),
        ({"service": None}, "service or check, and not both"),
        ({"check": "portal-http"}, "service or check, and not both"),
        ({"service": None, "check": "x"}, "there is no check 'x'"),
        (
            {"status": "broken"},
            "status: 'broken' is not known: write 'up', 'degraded', 'down' or 'unknown'",
        ),
        ({"from": "kemarin"}, "from: 'kemarin' is no moment: write it as 2026-11-28 22:00"),
        ({"to": "2026-11-01 10:00"}, "to: 2026-11-01 10:00 is not after from, 2026-11-01 10:00"),
        ({"to": "2026-11-01 20:01"}, "is still to come: only what is over can be corrected"),
        ({"from": "2025-10-01 10:00"}, "is over 366 days after from"),
        ({"evidence": ""}, "evidence: "),
        ({"reason": ""}, "reason: "),
        ({"by": ""}, "by: "),
        ({"bye": "x"}, "bye: "),
    ],
)
async def test_what_is_refused(app, corrector, change, complaint):
    """What can't be a correction is refused, and said is what would be right."""
    wish = change if isinstance(change, bytes) else {**CUT, **change}
    status, answer = await post(app, "/api/v1/corrections", wish)

    assert (status, answer["correction"], corrector.kept) == (400, None, {})
    assert complaint in answer["detail"]
