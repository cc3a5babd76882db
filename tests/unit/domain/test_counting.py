"""What time counts as, piece by piece."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.availability import figures
from monitor.domain.calendar import Calendar, Hours, open_windows
from monitor.domain.carving import carved_out, concerning
from monitor.domain.check import CheckId
from monitor.domain.counting import Counted, Countings
from monitor.domain.instant import microseconds
from monitor.domain.maintenance import MaintenanceWindow, Occurrence
from monitor.domain.service import Service, ServiceId, Sla, StatusRule
from monitor.domain.status import Status
from monitor.domain.tally import ServiceTally, Tally, begun
from monitor.domain.timeline import Sample, spans
from monitor.domain.windowrecord import Source, WindowRecord
from monitor.domain.windows import Window
from tests.fakes import a_check

HOUR = 3_600_000_000
MINUTE = 60_000_000
MIDNIGHT = datetime(2026, 6, 3, tzinfo=UTC)
T = microseconds(MIDNIGHT)
OFFICE = Calendar(
    id="kantor",
    name="Kantor",
    zone=ZoneInfo("UTC"),
    week=((Hours(timedelta(hours=8), timedelta(hours=16)),),) * 7,
)
CALENDARS = {"kantor": OFFICE}
SLA = Sla(target=Fraction(99, 100), basis="SK", hours="kantor")
PORTAL = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo", sla=SLA)
ALWAYS = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")
WEB = a_check(id=CheckId("web"), labels={"rack": "a"})
DNS = a_check(id=CheckId("dns"))


def work(start, end, *, known=-100, **covers):
    window = MaintenanceWindow(
        id=f"w{start}",
        when=Occurrence(MIDNIGHT + timedelta(hours=start), MIDNIGHT + timedelta(hours=end)),
        reason="r",
        approved_by="a",
        **(covers or {"services": frozenset({PORTAL.id})}),
    )
    known_at = MIDNIGHT + timedelta(hours=known)
    return WindowRecord(window=window, source=Source.FILE, added_at=known_at)


def apart(service, records, start, end, checks=(WEB,)):
    counting = Countings(CALENDARS, records).of(service, checks)
    found = {} if counting is None else counting.apart(T + start * HOUR, T + end * HOUR)
    return {kind.value: length // HOUR for kind, length in found.items()}


def test_outside_the_hours_nothing_is_maintenance():
    """Time outside the promised hours is off hours, work or not; within them work is maintenance."""
    assert apart(PORTAL, [work(6, 10)], 0, 24) == {"off_hours": 16, "maintenance": 2}
    assert apart(PORTAL, [work(6, 10)], 9, 12) == {"off_hours": 0, "maintenance": 1}


def test_all_time_that_was_promised_counts():
    """Without hours and without work everything counts, and there is nothing to set apart."""
    assert Countings(CALENDARS, []).of(ALWAYS, [WEB]) is None
    assert apart(ALWAYS, [work(6, 10)], 0, 24) == {"maintenance": 4}


def test_work_that_was_put_down_too_late_counts_nothing():
    """Work that was known only after it began changes nothing."""
    assert apart(ALWAYS, [work(6, 10, known=7)], 0, 24) == {}


def test_work_on_a_label_counts_for_its_checks():
    """Work on some checks is maintenance of theirs, and of the service where it covers them all."""
    on_rack = work(6, 10, labels={"rack": "a"})

    assert apart(ALWAYS, [on_rack], 0, 24, [WEB]) == {"maintenance": 4}
    assert apart(ALWAYS, [on_rack], 0, 24, [DNS]) == {}
    assert apart(ALWAYS, [on_rack], 0, 24, [WEB, DNS]) == {}


def test_work_on_an_owner_counts_for_its_services():
    """Work on an owner is maintenance of its services, and of no others."""
    assert apart(ALWAYS, [work(6, 10, owners=frozenset({"diskominfo"}))], 0, 24) == {
        "maintenance": 4
    }
    assert apart(ALWAYS, [work(6, 10, owners=frozenset({"bapenda"}))], 0, 24) == {}


pieces = st.lists(st.integers(1, 3 * 24 * HOUR), min_size=1, max_size=12)
records = st.lists(
    st.tuples(st.integers(-48, 48), st.integers(1, 30), st.integers(-100, 40)), max_size=4
).map(lambda some: [work(start, start + length, known=known) for start, length, known in some])


@given(pieces, records, st.sampled_from([PORTAL, ALWAYS]))
def test_pieces_add_up(lengths, some, service):
    """However time is cut, its pieces count as what the whole does."""
    whole = Countings(CALENDARS, some).of(service, [WEB])
    by_piece = Countings(CALENDARS, some).of(service, [WEB])
    if whole is None:
        return
    at, total = T, dict.fromkeys(Counted, 0)
    for length in lengths:
        for kind, part in by_piece.apart(at, at + length).items():
            total[kind] += part
        at += length

    expected = dict.fromkeys(Counted, 0) | whole.apart(T, at)
    assert total == expected


@given(
    st.lists(st.sampled_from(list(Status)), min_size=2, max_size=200),
    st.integers(1, 20),
    records,
)
def test_counters_agree_with_the_figures(statuses, minutes, some):
    """What the counters count as SLA is what the figures go by, to the microsecond."""
    interval = minutes * MINUTE
    seen = [Sample(T + n * interval, status) for n, status in enumerate(statuses)]
    made = Countings(CALENDARS, some)
    tally, of_all = Tally(), ServiceTally(StatusRule(), [WEB.id], T)
    of_all.counting = counting = made.of(PORTAL, [WEB])
    begun(tally.apart, counting)
    for sample in seen:
        credited = tally.sample(sample.at, sample.status, interval)
        tally.set_apart(credited, counting)
        of_all.credit(WEB.id, credited)

    period = Window(T, seen[-1].at)
    planned = carved_out(concerning(some, PORTAL, [WEB], period), PORTAL, [WEB])
    hours = open_windows(OFFICE, period)
    parts = figures(
        spans(seen, interval, period), hours, interval=interval, maintenance=planned
    ).parts
    for each in (tally, of_all):
        others = {s: sum(kind[s] for kind in each.apart.values()) for s in Status}
        sla = {s: each.microseconds[s] - others[s] for s in Status}
        assert (sla[Status.UP] + sla[Status.DEGRADED], sla[Status.DOWN], sla[Status.UNKNOWN]) == (
            parts.up,
            parts.down,
            parts.unknown,
        )
        inside = each.apart.get(Counted.MAINTENANCE, {})
        assert sum(inside.values()) == parts.maintenance


def test_a_clock_that_was_set_back():
    """Time is counted by what was planned then, also after it was asked of a later time."""
    counting = Countings(CALENDARS, [work(6, 10)]).of(ALWAYS, [WEB])
    counting.apart(T + 60 * HOUR, T + 61 * HOUR)

    assert counting.apart(T + 6 * HOUR, T + 7 * HOUR) == {Counted.MAINTENANCE: HOUR}
