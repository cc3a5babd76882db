"""Reports that were filed, over HTTP: which are entered, and which names are none."""

import json

import pytest

from monitor.web.app import create_control_app
from tests.unit.web.asking import FakeFiler, a_context, ask

REPORT = "2026-10/laporan-2026-10-v1"


async def entered(filer, **wish):
    app = create_control_app(a_context(filer=filer))
    answer = await ask(app, "POST", "/api/v1/reports", body=json.dumps(wish).encode())
    return answer.status, json.loads(answer.body)


async def test_a_report_is_entered_once():
    """The answer says whether it is new."""
    filer = FakeFiler(REPORT)

    answers = [await entered(filer, report=REPORT, by="Rina") for _ in range(2)]

    assert answers == [
        (200, {"entered": True, "detail": ""}),
        (200, {"entered": False, "detail": ""}),
    ]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("2026-10/laporan-2026-10-v2", 404),
        ("../2026-10/laporan-2026-10-v1", 400),
        ("2026-10/../laporan-2026-10-v1", 400),
        ("/etc/passwd", 400),
        ("2026-10/laporan-\0", 400),
        ("2026-10/laporan-2026-10-v1/x", 400),
        ("", 400),
    ],
)
async def test_what_is_no_report_is_refused(name, status):
    """No name leads to a file that is no report's, and the answer says what is wrong."""
    filer = FakeFiler(REPORT)

    found, answer = await entered(filer, report=name, by="Rina")

    assert (found, answer["entered"], bool(answer["detail"]), filer.entered) == (
        status,
        None,
        True,
        [],
    )
