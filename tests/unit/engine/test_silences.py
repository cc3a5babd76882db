"""Which silences are in force."""

from datetime import timedelta

from monitor.domain.alert import Match
from monitor.domain.silence import Silence
from monitor.engine.silences import Silences
from tests.fakes import NOON

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def a_silence(name: str, until=NOON + HOUR) -> Silence:
    return Silence(id=name, match=Match(), at=NOON, until=until, by="Rina")


def test_in_force_until_its_end():
    """A silence holds up to its end, and those in force stand in order of it."""
    silences = Silences()
    silences.put([a_silence("long", NOON + 2 * HOUR), a_silence("short")])

    ids = [[each.id for each in silences.in_force(NOON + n * HOUR)] for n in range(3)]
    assert ids == [["short", "long"], ["long"], []]


def test_clock_that_was_wrong_for_a_while():
    """What was over by a clock that was ahead holds again once the clock is right."""
    silences = Silences()
    silences.put([a_silence("a")])

    assert silences.in_force(NOON + DAY) == ()
    assert [each.id for each in silences.in_force(NOON)] == ["a"]


def test_lifted_by_a_clock_that_was_wrong():
    """What was lifted stays so, whatever the clock said then."""
    silences = Silences()
    silences.put([a_silence("a")])
    silences.put([a_silence("a").lifted("Budi", NOON + DAY)])

    assert silences.in_force(NOON) == ()


def test_what_is_over_is_forgotten_by_and_by():
    """Of what is over the last 1,000 to end are kept, and no more."""
    silences = Silences()
    silences.put([a_silence(f"s{n}", NOON + n * timedelta(minutes=1)) for n in range(1, 1_101)])
    silences.in_force(NOON + DAY)

    kept = silences.in_force(NOON)
    assert (len(kept), kept[0].id) == (1_000, "s101")
