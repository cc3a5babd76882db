from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.walltime import instant_of, instants


@pytest.mark.parametrize(
    ("zone", "wall", "expected"),
    [
        ("Asia/Makassar", "2026-06-01 12:00", ["04:00"]),
        ("Europe/Paris", "2026-03-29 02:30", []),
        ("Europe/Paris", "2026-10-25 02:30", ["00:30", "01:30"]),
    ],
)
def test_instants(zone, wall, expected):
    """A clock shows a time once, twice where it is put back, and never where it is put forward."""
    found = instants(datetime.fromisoformat(wall), ZoneInfo(zone))

    assert [f"{each:%H:%M}" for each in found] == expected


def test_skipped_time_is_over_with_the_gap():
    """A time that no clock shows has come when the clocks have been put past it."""
    found = instant_of(datetime.fromisoformat("2026-03-29 02:30"), ZoneInfo("Europe/Paris"))

    assert found == datetime(2026, 3, 29, 1, tzinfo=UTC)
