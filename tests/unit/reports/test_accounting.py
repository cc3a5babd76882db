"""What a report says of a service, day by day and as a whole."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.availability import pooled
from monitor.domain.calendar import Calendar, Hours
from monitor.domain.check import Affects, CheckId
from monitor.domain.correction import Correction, CorrectionRecord
from monitor.domain.instant import instant
from monitor.domain.latency import RELATIVE_ERROR, sketch
from monitor.domain.observation import Status
from monitor.domain.periods import between
from monitor.domain.service import Service, ServiceId, Sla
from monitor.domain.timeline import Sample
from monitor.reports.accounting import account, response_times
from monitor.reports.entries import Terms
from monitor.reports.reckoning import entry
from monitor.reports.report import Scope
from tests.fakes import a_check
from tests.unit.reports.histories import FakeHistory

HOUR = 3_600_000_000
SLA = Sla(target=Fraction(99, 100), basis="SK 1", hours="kantor")
PORTAL = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")
PROMISED = replace(PORTAL, sla=SLA)
WEB = a_check(id=CheckId("web"), interval=timedelta(hours=1))
# Here a day has 23 or 25 hours, another 23.5 or 24.5, and one 0; in Kathmandu days begin at 18:15.
TURNS = {
    "Asia/Makassar": date(2025, 6, 2),
    "Europe/Berlin": date(2025, 3, 29),
    "Australia/Lord_Howe": date(2025, 10, 4),
    "Asia/Kathmandu": date(2025, 6, 2),
    "Pacific/Apia": date(2011, 12, 28),
}


def scope(zone="Asia/Makassar", days=4, *, known=None):
    first = TURNS[zone]
    period = between(first, first + timedelta(days=days), ZoneInfo(zone))
    return Scope(period=period, until=known or period.end, zone=zone)


def offices(zone):
    morning = Hours(timedelta(hours=8), timedelta(hours=12, minutes=20))
    week = ((morning,),) * 7
    return {"kantor": Calendar(id="kantor", name="Kantor", zone=ZoneInfo(zone), week=week)}


def hourly(statuses, start, late=0):
    return [Sample(start + late + n * HOUR, status) for n, status in enumerate(statuses)]


@given(
    st.sampled_from(list(TURNS)),
    st.lists(st.sampled_from([*Status, None]), min_size=1, max_size=110),
    st.integers(0, HOUR),
    st.integers(1, 4 * 24 * HOUR),
)
def test_a_period_is_the_sum_of_its_days(zone, statuses, late, length):
    """Days, as long as the zone makes them, sum to the period: to the microsecond and the slot."""
    whole = scope(zone)
    asked = replace(whole, until=min(whole.period.end, whole.period.start + length))
    samples = [s for s in hourly(statuses, asked.period.start, late) if s.status is not None]

    found = account(
        PROMISED,
        [WEB],
        FakeHistory({"web": samples}),
        asked,
        Terms(calendars=offices(zone), whole=asked.period),
    )

    known = [day for day in found.days if day.figures]
    for total, days in (
        (found.always, [day.figures for day in known]),
        (found.in_hours, [day.in_hours for day in known]),
    ):
        summed = pooled(days)
        assert (summed.parts, summed.expected, summed.received) == (
            total.parts,
            total.expected,
            total.received,
        )
        assert summed.unknown_by_cause == dict(total.unknown_by_cause)
    assert len(found.days) == 4


def test_a_report_says_what_the_command_says():
    """Figures of a report are those of `pantau availability`, corrected and as measured."""
    asked = scope()
    said = CorrectionRecord(
        correction=Correction(
            id="a",
            service=PORTAL.id,
            start=instant(asked.period.start),
            end=instant(asked.period.start + 2 * HOUR),
            status=Status.UP,
            reason="",
            evidence="",
            by="Rina",
            at=instant(asked.period.end),
        )
    )
    history = FakeHistory(
        {"web": hourly([Status.DOWN] * 20 + [Status.UP] * 70, asked.period.start)}
    )
    terms = Terms(calendars=offices(asked.zone), corrections=(said,), whole=asked.period)

    report = account(PROMISED, [WEB], history, asked, terms)
    command = entry(PROMISED, [WEB], history, asked.known, terms)

    assert (report.in_hours, report.always) == (command.figures, command.always)
    assert report.measured_in_hours == command.measured.figures
    assert report.measured == command.measured.always
    assert report.always.parts.down == report.measured.parts.down - 2 * HOUR
    assert report.promised is report.in_hours


def test_around_the_clock_there_are_no_other_hours():
    """A service that is promised around the clock has one kind of figures."""
    asked = scope()
    history = FakeHistory({"web": hourly([Status.UP] * 96, asked.period.start)})

    found = account(PORTAL, [WEB], history, asked, Terms(calendars=offices(asked.zone)))

    assert (found.hours, found.in_hours, found.days[0].in_hours) == (None, None, None)
    assert found.promised is found.always


def test_of_days_to_come_nothing_is_said():
    """The day on which a report is made counts until then, and later ones say nothing."""
    asked = scope(known=scope().period.start + 30 * HOUR)
    history = FakeHistory({"web": hourly([Status.UP] * 30, asked.period.start)})

    found = account(PORTAL, [WEB], history, asked, Terms(whole=asked.period))

    assert [day.figures and day.figures.parts.total for day in found.days] == [
        *(24 * HOUR, 6 * HOUR, None, None)
    ]


def test_only_checks_of_availability_have_their_answers_told():
    """Response times are those of the checks that the figures rest on."""
    asked = scope()
    start = asked.period.start
    history = FakeHistory({"web": hourly([Status.UP], start), "iklan": hourly([Status.UP], start)})
    watched = replace(WEB, id=CheckId("iklan"), affects=Affects.SECURITY)

    found = account(PORTAL, [WEB, watched], history, asked, Terms())

    assert found.checks == [WEB]
    assert found.days[0].figures.received == 1
    assert abs(found.response.p99 - history.took) <= history.took * RELATIVE_ERROR
    assert found.days[1].response is None


def test_response_times_are_quantiles_of_all_answers():
    """Half of the answers took no longer than p50, and one in a hundred longer than p99."""
    found = response_times(sketch([100_000] * 90 + [1_000_000] * 8 + [9_000_000] * 2))

    told = (found.p50, found.p95, found.p99)
    for value, exactly in zip(told, (100_000, 1_000_000, 9_000_000), strict=True):
        assert abs(value - exactly) <= exactly * RELATIVE_ERROR
    assert response_times({}) is None


def test_what_began_within_the_period_has_slots_since():
    """No slot is expected of a check before its first sample, on no day and not in the period."""
    asked = scope()
    history = FakeHistory({"web": hourly([Status.UP] * 66, asked.period.start + 30 * HOUR)})

    found = account(PORTAL, [WEB], history, asked, Terms())

    assert [day.figures.expected for day in found.days] == [0, 18, 24, 24]
    assert found.always.expected == 66
    assert found.began == asked.period.start + 30 * HOUR
