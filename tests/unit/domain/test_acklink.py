"""Links by which people say that they take care: made by us alone, for one incident, for a while."""

import base64
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.domain.acklink import LASTS, LONGEST, SHORTEST, AckLink, read_token, token_of
from tests.fakes import LINK_KEY, NOON

INCIDENT = "A5KQ2XMC7JTFZ3N4BRWYHG6DPE"
TOKEN = token_of(LINK_KEY, INCIDENT, "oncall", NOON)
CHARACTERS = "abcdefghijklmnopqrstuvwxyz234567"

receivers = st.text(max_size=32, alphabet=st.characters(exclude_categories=["Cs"]))
times = st.datetimes(NOON.replace(tzinfo=None), timezones=st.just(NOON.tzinfo)).filter(
    lambda at: at.year < 2100
)


@given(receivers, times, st.timedeltas(SHORTEST, LONGEST))
@example("x" * 100, NOON, LASTS)
def test_a_link_says_what_it_is_for(receiver, told_at, lasts):
    """A link says for which incident it is, to whom it went, and when it ends."""
    token = token_of(LINK_KEY, INCIDENT, receiver, told_at, lasts)
    until = (told_at + lasts).replace(microsecond=0)

    assert read_token(LINK_KEY, INCIDENT, token) == AckLink(
        incident=INCIDENT, receiver=receiver, until=until
    )
    assert set(token) <= set(CHARACTERS)


def test_seven_days_unless_it_is_said():
    """A link holds for seven days where nobody says how long."""
    assert read_token(LINK_KEY, INCIDENT, TOKEN).until == NOON + timedelta(days=7)


def test_the_same_facts_give_the_same_link():
    """A link comes of the incident, the receiver and the time of the message, and of no clock."""
    assert token_of(LINK_KEY, INCIDENT, "oncall", NOON) == TOKEN
    assert token_of(LINK_KEY, INCIDENT, "kabid", NOON) != TOKEN
    assert token_of(LINK_KEY, INCIDENT, "oncall", NOON + timedelta(seconds=1)) != TOKEN


@st.composite
def mutated(draw):
    """Return a token with one thing changed: a character, its length, its case, its end."""
    at = draw(st.integers(0, len(TOKEN) - 1))
    kind = draw(st.sampled_from(["other", "any", "without", "twice", "upper", "longer", "cut"]))
    other = {
        "other": draw(st.sampled_from(CHARACTERS)),
        "any": draw(st.characters(exclude_categories=["Cs"])),
        "without": "",
        "twice": TOKEN[at] * 2,
        "upper": TOKEN[at].upper(),
    }
    if kind in other:
        return TOKEN[:at] + other[kind] + TOKEN[at + 1 :]
    return TOKEN[:at] if kind == "cut" else TOKEN + draw(st.text(CHARACTERS + "=", min_size=1))


@settings(max_examples=2_000, deadline=None)
@given(mutated())
@example(TOKEN + "=")
@example(TOKEN + "\n")
@example("")
@example("a" * 10_000)
@example("\ud800")
def test_a_changed_link_is_refused(token):
    """Whatever is changed in a link, it is refused, and nothing fails over it."""
    assert (read_token(LINK_KEY, INCIDENT, token) is None) is (token != TOKEN)


def test_no_other_spelling_of_a_link_holds():
    """The last character has bits that stand for nothing: only as we wrote it does a link hold."""
    same = [TOKEN[:-1] + character for character in CHARACTERS]

    assert [each for each in same if read_token(LINK_KEY, INCIDENT, each)] == [TOKEN]


@pytest.mark.parametrize(
    ("key", "incident"),
    [
        (LINK_KEY, "B5KQ2XMC7JTFZ3N4BRWYHG6DPE"),
        (LINK_KEY, INCIDENT.lower()),
        (LINK_KEY, ""),
        (LINK_KEY, "\ud800"),
        (bytes(32), INCIDENT),
    ],
)
def test_a_link_is_for_one_incident_and_of_one_key(key, incident):
    """A link opens no other incident, and none of another Pantau."""
    assert read_token(key, incident, TOKEN) is None


@given(st.integers(1, len(INCIDENT) - 1))
def test_no_part_runs_into_the_next(cut):
    """What is taken from the end of an incident and put before what is signed gives no link to
    another one.
    """
    octets = base64.b32decode(TOKEN.upper() + "=" * (-len(TOKEN) % 8))
    moved = octets[:16] + INCIDENT[cut:].encode() + octets[16:]
    forged = base64.b32encode(moved).decode().rstrip("=").lower()

    assert read_token(LINK_KEY, INCIDENT[:cut], forged) is None
