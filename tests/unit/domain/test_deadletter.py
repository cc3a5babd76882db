"""Which messages that were given up may still be sent."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.alert import AlertType
from monitor.domain.deadletter import DeadLetter, obstacles
from tests.fakes import NOON, an_alert, an_own_alert

SOON = NOON + timedelta(hours=1)


def a_letter(name="N1", alert=None, **changes):
    return DeadLetter(
        **{
            "id": name,
            "receiver": "oncall",
            "alert": alert or an_alert(),
            "created_at": NOON,
            "given_up_at": NOON,
            "attempts": 8,
            "detail": "refused 8 times: status 400",
            **changes,
        }
    )


def why(*letters, receivers=("oncall",), now=NOON):
    return obstacles(letters, receivers, now)


def test_the_last_word_on_an_incident():
    """A message after which nothing came may be sent."""
    assert why(a_letter()) == {}


def test_all_of_an_incident():
    """Messages about one incident may be sent together."""
    assert why(a_letter("N1", followed_by=frozenset({"N2"})), a_letter("N2")) == {}


def test_a_receiver_that_is_gone():
    """What was for a receiver that is not configured any more stays where it is."""
    assert why(a_letter(), receivers=("other",)) == {"N1": "there is no receiver 'oncall' any more"}


def test_old_news():
    """Who has heard later news of an incident is not told the older as if they were new."""
    assert why(a_letter(told_since=True)) == {
        "N1": "a later message about the same incident has arrived, or waits"
    }


def test_an_alarm_without_its_end():
    """An alarm is not sent without the message that it is over."""
    assert why(a_letter(followed_by=frozenset({"N3", "N2"}))) == {
        "N1": "what came after it was given up too: send N2, N3 with it"
    }


def test_what_holds_one_back_holds_back_those_before_it():
    """Where the end of an incident can't be sent, its beginning isn't sent alone."""
    found = why(a_letter("N1", followed_by=frozenset({"N2"})), a_letter("N2", told_since=True))

    assert found.keys() == {"N1", "N2"}


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        (AlertType.HEARTBEAT, "an old sign of life would be a false one"),
        (AlertType.SELF_OFFLINE, "our own network is back"),
    ],
)
def test_what_is_no_longer_true(kind, complaint):
    """An old sign of life, or that our network is gone, would say what is not so."""
    assert why(a_letter(alert=an_own_alert(kind))) == {"N1": complaint}


def test_work_that_is_over():
    """That work begins may be said until it is over."""
    alert = an_alert(AlertType.MAINTENANCE_STARTED, incident=None, until=SOON)

    assert why(a_letter(alert=alert)) == {}
    assert why(a_letter(alert=alert), now=SOON) == {"N1": "the work that it announces is over"}


@given(st.data())
def test_nothing_gets_past_what_is_held_back(data):
    """Of what may be sent, nothing is before a message that may not be, or before later news."""
    count = data.draw(st.integers(1, 6))
    names = [f"N{number}" for number in range(count)]
    letters = [
        a_letter(
            name,
            told_since=data.draw(st.booleans()),
            followed_by=frozenset(data.draw(st.sets(st.sampled_from(names[place + 1 :] or ["X"])))),
        )
        for place, name in enumerate(names)
    ]
    sent = {each.id for each in letters} - why(*letters).keys()

    for each in letters:
        if each.id in sent:
            assert not each.told_since
            assert each.followed_by <= sent
