"""Messages that were given up, more of them than one answer holds."""

import pytest

from monitor.cli.deadletters import letters_of, retried
from monitor.cli.errors import Failed


class Writer:
    """Answers as the daemon does, two messages at a time."""

    def __init__(self, *ids, detail=""):
        self.newest_first = ids
        self.detail = detail
        self.asked = []

    def dead_letters(self, receiver, since, before=None):
        self.asked.append((receiver, since, before))
        start = 0 if before is None else self.newest_first.index(before) + 1
        found = [{"id": each} for each in self.newest_first[start : start + 2]]
        following = found[-1]["id"] if len(found) == 2 else None
        return {"dead_letters": found, "before": following, "detail": self.detail}

    def retry(self, ids, by):
        self.asked.append((list(ids), by))
        sent = [each for each in ids if each != "M7"]
        refused = {each: "too late" for each in ids if each == "M7"}
        return {"retried": sent, "refused": refused, "detail": self.detail}


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_all_of_them(count):
    """All that were given up are shown, however many answers it takes."""
    ids = [f"M{n}" for n in range(count)]
    writer = Writer(*ids)

    assert [each["id"] for each in letters_of(writer, "oncall", None)] == ids
    assert all(asked[0] == "oncall" for asked in writer.asked)


def test_all_are_sent_again():
    """More messages than one request takes are sent in several, the oldest first."""
    ids = [f"M{n}" for n in range(2_500)]
    writer = Writer(*ids)

    answer = retried(writer, ids, "Rina")

    assert [len(asked) for asked, _ in writer.asked] == [1_000, 1_000, 500]
    assert writer.asked[0][0][0] == "M2499"
    assert answer["refused"] == {"M7": "too late"}
    assert len(answer["retried"]) == 2_499


def test_nothing_is_sent_where_there_is_nothing():
    """Where nothing was given up, nobody is asked to send anything."""
    writer = Writer()

    assert retried(writer, [], "Rina") == {"retried": [], "refused": {}}
    assert writer.asked == []


def test_what_the_daemon_complains_of():
    """A complaint of the daemon ends the command."""
    with pytest.raises(Failed, match="disk"):
        letters_of(Writer(detail="disk I/O error"), None, None)
