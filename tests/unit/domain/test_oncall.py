"""Who is on call, and when the next one takes over."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.oncall import Person, Rotation, Substitution, shift_at, shifts
from monitor.domain.walltime import instant_of

WITA, PARIS, KATHMANDU = map(ZoneInfo, ("Asia/Makassar", "Europe/Paris", "Asia/Kathmandu"))
LORD_HOWE, APIA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")
ST_JOHNS = ZoneInfo("America/St_Johns")  # its clocks were set back from 00:01 to 23:01
ANDI, BUDI, CITRA = (
    Person(id=name.lower(), name=name, receivers=(f"telegram-{name.lower()}",))
    for name in ("Andi", "Budi", "Citra")
)
MONDAY = date(2026, 11, 2)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(text: str, zone=WITA) -> datetime:
    """Return a moment that is written as a clock in `zone` shows it."""
    return instant_of(datetime.fromisoformat(text), zone)


def a_rotation(*substitutions: Substitution, **fields) -> Rotation:
    usual = {
        "id": "jaga",
        "members": (ANDI, BUDI, CITRA),
        "first": MONDAY,
        "at": time(8),
        "days": 7,
        "zone": WITA,
    }
    return Rotation(substitutions=substitutions, **{**usual, **fields})


def standing_in(start: str, end: str, person: Person, zone=WITA) -> Substitution:
    return Substitution(start=at(start, zone), end=at(end, zone), person=person, reason="Cuti")


@pytest.mark.parametrize(
    ("moment", "person"),
    [
        ("2026-11-02 08:00", ANDI),
        ("2026-11-09 07:59:59.999999", ANDI),
        ("2026-11-09 08:00", BUDI),
        ("2026-11-16 08:00", CITRA),
        ("2026-11-23 08:00", ANDI),
        ("2026-11-02 07:59", CITRA),
        ("2026-10-12 08:00", ANDI),
    ],
)
def test_weekly(moment, person):
    """Members take turns from hand-over to hand-over, and did before the first turn as well."""
    assert shift_at(a_rotation(), at(moment)).person is person


def test_daily():
    """Where no weekday is named the next one takes over each day."""
    daily = a_rotation(days=1)
    found = list(shifts(daily, at("2026-11-02 08:00"), at("2026-11-06 08:00")))

    assert [each.person for each in found] == [ANDI, BUDI, CITRA, ANDI]
    assert found[1].start == at("2026-11-03 08:00")


def test_substitution():
    """Who stands in is on call from its start to its end, whoever's turn begins meanwhile."""
    rotation = a_rotation(standing_in("2026-11-07 08:00", "2026-11-17 08:00", CITRA))
    found = list(shifts(rotation, at("2026-11-02 08:00"), at("2026-11-20 08:00")))

    assert [(each.start, each.person, each.instead_of) for each in found] == [
        (at("2026-11-02 08:00"), ANDI, None),
        (at("2026-11-07 08:00"), CITRA, ANDI),
        (at("2026-11-09 08:00"), CITRA, BUDI),
        (at("2026-11-16 08:00"), CITRA, None),
        (at("2026-11-17 08:00"), CITRA, None),
    ]


def test_hand_over_keeps_to_the_clock():
    """A hand-over is at the same time of day before and after the clock is changed."""
    paris = a_rotation(zone=PARIS, first=date(2026, 10, 19))

    assert shift_at(paris, at("2026-10-24 12:00", PARIS)).end == datetime(
        2026, 10, 26, 7, tzinfo=UTC
    )
    assert shift_at(paris, at("2026-10-24 12:00", PARIS)).start == datetime(
        2026, 10, 19, 6, tzinfo=UTC
    )


def test_hand_over_that_no_clock_showed():
    """A hand-over in a gap is at its end: in Apia, on the day after the one left out."""
    daily = a_rotation(zone=APIA, first=date(2011, 12, 28), days=1)

    assert shift_at(daily, at("2011-12-31 07:59", APIA)).start == at("2011-12-31 00:00", APIA)
    assert shift_at(daily, at("2011-12-31 07:59", APIA)).person is CITRA
    assert shift_at(daily, at("2011-12-31 08:00", APIA)).person is ANDI


def test_hand_over_at_a_midnight_that_comes_twice():
    """A hand-over at a time that the clock shows twice is at the first of them, and not undone."""
    daily = a_rotation(zone=ST_JOHNS, first=date(2010, 11, 6), days=1, at=time(0))
    midnight = datetime(2010, 11, 7, 2, 30, tzinfo=UTC)

    assert shift_at(daily, midnight - timedelta(seconds=1)).person is ANDI
    assert shift_at(daily, midnight + HOUR / 2).person is BUDI
    assert shift_at(daily, midnight + HOUR / 2).start == midnight


def test_turn_without_any_time():
    """Where a left out day's hand-over falls onto the next one's, nobody is on call twice."""
    daily = a_rotation(zone=APIA, first=date(2011, 12, 28), days=1, at=time(0))
    found = list(shifts(daily, at("2011-12-28 00:00", APIA), at("2012-01-02 00:00", APIA)))

    assert [each.person for each in found] == [ANDI, BUDI, ANDI, BUDI]


ZONES = st.sampled_from((WITA, PARIS, KATHMANDU, LORD_HOWE, APIA, ST_JOHNS))
# Days around each change of a clock that these zones know.
DAYS = st.one_of(
    st.dates(date(2010, 11, 4), date(2010, 11, 9)),
    st.dates(date(2011, 12, 25), date(2012, 1, 3)),
    st.dates(date(2026, 3, 25), date(2026, 4, 8)),
    st.dates(date(2026, 9, 24), date(2026, 10, 28)),
)


@st.composite
def rotations(draw):
    zone, first = draw(ZONES), draw(DAYS)
    midnight = datetime.combine(first, time())
    minutes = sorted(draw(st.sets(st.integers(-9, 30 * 24 * 4), max_size=6)))
    walls = [midnight + 15 * each * timedelta(minutes=1) for each in minutes]
    pairs = list(pairwise(walls))[:: draw(st.sampled_from((1, 2)))]
    substitutions = (
        Substitution(
            start=instant_of(start, zone),
            end=instant_of(end, zone),
            person=draw(st.sampled_from((ANDI, BUDI, CITRA))),
            reason="Cuti",
        )
        for start, end in pairs
    )
    return a_rotation(
        *substitutions,
        members=(ANDI, BUDI, CITRA)[: draw(st.integers(1, 3))],
        first=first,
        at=draw(st.times().map(lambda each: each.replace(second=0, microsecond=0))),
        days=draw(st.sampled_from((1, 7))),
        zone=zone,
    )


def _somewhere(draw, rotation: Rotation) -> datetime:
    midnight = instant_of(datetime.combine(rotation.first, time()), rotation.zone)
    return midnight + draw(st.integers(-10 * 86_400, 40 * 86_400)) * timedelta(seconds=1)


@given(st.data(), rotations())
def test_somebody_is_on_call_at_every_moment(data, rotation):
    """At each moment exactly one is on call: shifts follow on each other without a gap."""
    start = _somewhere(data.draw, rotation)
    found = list(shifts(rotation, start, start + 20 * DAY))

    assert all(each.start < each.end for each in found)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert found[0].start <= start
    assert found[-1].end >= start + 20 * DAY


@given(st.data(), rotations())
def test_it_changes_at_hand_overs_alone(data, rotation):
    """Whoever is on call is so from the shift's start to its end, whenever one asks."""
    moment = _somewhere(data.draw, rotation)
    shift = shift_at(rotation, moment)
    part = data.draw(st.fractions(0, 1))
    within = shift.start + timedelta(
        microseconds=int(part * ((shift.end - shift.start) // timedelta(microseconds=1) - 1))
    )

    assert shift.start <= moment < shift.end
    assert shift_at(rotation, within) == shift


@given(st.data(), rotations())
def test_turns_are_equal(data, rotation):
    """Between substitutions a shift begins and ends by the clock at the time of the hand-over."""
    shift = shift_at(rotation, _somewhere(data.draw, rotation))
    edges = {
        *(each.start for each in rotation.substitutions),
        *(each.end for each in rotation.substitutions),
    }
    for edge in {shift.start, shift.end} - edges:
        local = edge.astimezone(rotation.zone)
        walls = (datetime.combine(local.date() - back * DAY, rotation.at) for back in (0, 1))

        assert edge in {instant_of(wall, rotation.zone) for wall in walls}
