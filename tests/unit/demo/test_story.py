"""The story of the demonstration: everything happens, in order, in the time there is."""

from itertools import takewhile

import pytest

from monitor.cli.demowords import TURNS
from monitor.demo.story import LENGTH_SECONDS, Trouble, pace, turns
from monitor.locales import Language


def told(seconds):
    return list(takewhile(lambda turn: turn.at <= seconds, turns(pace(seconds))))


@pytest.mark.parametrize("seconds", [30.0, 60.0, LENGTH_SECONDS, 600.0])
def test_every_trouble_begins_in_the_time_there_is(seconds):
    """Whoever looks on for a short time sees every trouble as well, only sooner."""
    assert {turn.trouble for turn in told(seconds) if turn.begins} == set(Trouble)


def test_turns_are_in_order():
    """Turns come in the order of their times, however long it goes on."""
    times = [turn.at for turn in told(600.0)]

    assert times == sorted(times)


def test_troubles_begin_and_end_in_turn():
    """Nothing breaks twice without having been mended, and nothing is mended that is whole."""
    begun = set()
    for turn in told(600.0):
        assert (turn.trouble in begun) is not turn.begins
        (begun.add if turn.begins else begun.remove)(turn.trouble)


def test_without_an_end_it_goes_at_its_usual_pace():
    """A demonstration that goes on until it is stopped is no faster than the story was written."""
    assert pace(None) == pace(10 * LENGTH_SECONDS) == 1


@pytest.mark.parametrize("language", Language)
def test_every_turn_has_its_words(language):
    """What happens in the story is said in every language."""
    turns_told = {(turn.trouble, turn.begins) for turn in told(LENGTH_SECONDS)}

    assert turns_told <= TURNS[language].keys()
