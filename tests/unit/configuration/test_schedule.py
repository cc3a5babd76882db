"""The reports that are filed by themselves: which entries may stand beside each other."""

import pytest
from pydantic import TypeAdapter, ValidationError

from monitor.configuration.reports import ReportFile

SCHEDULE = TypeAdapter(ReportFile)


def schedule(*scopes):
    entries = [{"period": "month", "cron": "0 7 1 * *", **scope} for scope in scopes]
    return SCHEDULE.validate_python({"version": 1, "schedule": entries})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"owner": "bapenda"}, {"service": "bapenda"}),
        ({"owner": ["dukcapil", "bapenda"]}, {"owner": ["bapenda", "dukcapil"]}),
    ],
)
def test_two_entries_would_file_under_one_name(one, other):
    """Entries whose files would be called the same are refused: the one would pass for a correction of
    the other.
    """
    with pytest.raises(ValidationError, match="two entries are on the same"):
        schedule(one, other)


def test_entries_on_different_things():
    """The whole city, owners and services may each have reports of their own."""
    found = schedule({}, {"owner": "bapenda"}, {"service": "portal"}, {"owner": ["bapenda", "x"]})

    assert len(found.schedule) == 4
