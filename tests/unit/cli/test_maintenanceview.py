"""What `pantau maintenance list` says of a window."""

from zoneinfo import ZoneInfo

import pytest

from monitor.cli.maintenanceview import COLUMNS, HEAD, each_time, record, row, when_text

WITA = ZoneInfo("Asia/Makassar")
WINDOW = {
    "id": "patch",
    "services": ["portal"],
    "owners": ["bapenda"],
    "labels": {"rack": "a"},
    "rrule": None,
    "next": {
        "start": "2026-11-28T22:00:00+08:00",
        "end": "2026-11-29T02:00:00+08:00",
        "after_the_fact": False,
    },
    "reason": "Pembaruan",
    "public_reason": "",
    "approved_by": "Kabid",
    "source": "command",
    "added_at": "2026-11-20T01:00:00+00:00",
    "added_by": "Rina",
    "cancelled": None,
}


def cancelled(at, by="Budi", reason="ditunda"):
    return {"cancelled": {"at": at, "by": by, "reason": reason}}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "2026-11-28 22:00 to 2026-11-29 02:00"),
        ({"next": None}, "over"),
        (
            {"rrule": "FREQ=DAILY"},
            "2026-11-28 22:00 to 2026-11-29 02:00, FREQ=DAILY",
        ),
        (
            {"next": WINDOW["next"] | {"after_the_fact": True}},
            "2026-11-28 22:00 to 2026-11-29 02:00, after the fact",
        ),
        (cancelled("2026-11-28T13:00:00+00:00"), "cancelled 2026-11-28 21:00 by Budi"),
        (
            cancelled("2026-11-28T15:00:00+00:00"),
            "2026-11-28 22:00 to 2026-11-29 02:00, cancelled 2026-11-28 23:00 by Budi",
        ),
        (cancelled("2026-11-30T15:00:00+00:00"), "2026-11-28 22:00 to 2026-11-29 02:00"),
        (
            {"next": None} | cancelled("2026-11-28T13:00:00+00:00", "", "taken out of the file"),
            "cancelled 2026-11-28 21:00 (taken out of the file)",
        ),
    ],
)
def test_when(changes, text):
    """When it is open is told by the clock of the zone; that it was cancelled, where that took
    something away.
    """
    assert when_text(WINDOW | changes, WITA) == text


def test_each_time_of_a_period():
    """Asked about a period, each time is a line of its own, in order."""
    starts = ["2026-11-08T01:00:00+08:00", "2026-11-15T01:00:00+08:00"]
    times = [WINDOW["next"] | {"start": start} for start in starts]
    weekly = WINDOW | {"id": "weekly", "times": times}
    once = WINDOW | {"times": [WINDOW["next"] | {"start": "2026-11-10T01:00:00+08:00"}]}

    found = [(each["id"], each["next"]["start"][8:10]) for each in each_time([weekly, once])]

    assert found == [("weekly", "08"), ("patch", "10"), ("weekly", "15")]


def test_lines_and_records():
    """A line and a record hold what their heads name."""
    assert len(row(WINDOW, WITA)) == len(HEAD)
    assert row(WINDOW, WITA)[2] == "portal, owner bapenda, rack=a"
    assert dict(zip(COLUMNS, record(WINDOW), strict=True))["labels"] == "rack=a"
