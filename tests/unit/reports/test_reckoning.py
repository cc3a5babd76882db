"""From stored samples to the figures of a service."""

from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.calendar import Calendar, Hours
from monitor.domain.check import Affects, CheckId
from monitor.domain.correction import Correction, CorrectionRecord
from monitor.domain.instant import instant
from monitor.domain.maintenance import MaintenanceWindow, Occurrence
from monitor.domain.observation import MissedReason, Status, UnknownCause
from monitor.domain.service import Service, ServiceId, Sla
from monitor.domain.timeline import Sample
from monitor.domain.windowrecord import Source, WindowRecord
from monitor.domain.windows import Window
from monitor.ports import Mark, MarkKind
from monitor.reports.entries import Terms
from monitor.reports.reckoning import entry, track
from tests.fakes import a_check
from tests.unit.reports.histories import FakeHistory

MINUTE = 60_000_000
HOUR = 60 * MINUTE
PERIOD = Window(1000 * HOUR, 1001 * HOUR)
PORTAL = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")


def every_minute(status=Status.UP, *, first=0, last=60):
    return [Sample(PERIOD.start + n * MINUTE, status) for n in range(first, last)]


def known(history, *checks):
    checks = checks or (a_check(id=CheckId("web")),)
    return entry(PORTAL, checks, history, PERIOD).figures


def test_quiet_hour_is_all_up():
    """An hour of good samples is an hour up, with nothing unknown."""
    figures = known(FakeHistory({"web": every_minute()}))

    assert (figures.parts.up, figures.parts.unknown) == (HOUR, 0)
    assert (figures.expected, figures.received) == (60, 60)


def test_nobody_looking_is_unknown():
    """A service whose checks never ran is unknown throughout, and nothing is expected of them."""
    figures = known(FakeHistory({}))

    assert figures.parts.unknown == HOUR
    assert figures.availability is None
    assert figures.expected == 0


def test_recorded_stop_ends_the_hold():
    """From a recorded stop to the next sample nothing is known, not even for one interval."""
    stop = Mark(kind=MarkKind.STOP, at=instant(PERIOD.end - MINUTE + 10), epoch=1)

    figures = known(FakeHistory({"web": every_minute()}, (stop,)))

    assert figures.parts.unknown == MINUTE - 10
    assert figures.unknown_by_cause == {UnknownCause.MONITOR_STOPPED: MINUTE - 10}


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (MissedReason.STOPPED, UnknownCause.MONITOR_STOPPED),
        (MissedReason.OVERLOADED, UnknownCause.OVERLOADED),
    ],
)
def test_a_pause_is_unknown_for_its_own_reason(reason, cause):
    """A pause of ours is unknown to the next sample, because we were stopped or too busy."""
    at = instant(PERIOD.start + MINUTE // 2)
    pause = Mark(kind=MarkKind.PAUSE, at=at, epoch=1, detail=f"2.500 s, {reason}")
    history = FakeHistory({"web": every_minute()}, events=(pause,))

    assert known(history).unknown_by_cause == {cause: MINUTE // 2}


def test_loss_of_our_own_network_is_told_by_cause():
    """What was lost with our network or our resolver is unknown for that reason."""
    at = instant(PERIOD.end - MINUTE + 10)
    lost = Mark(kind=MarkKind.SELF_OFFLINE, at=at, epoch=1, detail="resolver")

    figures = known(FakeHistory({"web": every_minute()}, (lost,)))

    assert figures.unknown_by_cause == {UnknownCause.RESOLVER: MINUTE - 10}


def test_starting_again_ends_nothing():
    """A start, and the network's return, leave what is known as it is."""
    events = tuple(
        Mark(kind=kind, at=instant(PERIOD.start + 90_000_000), epoch=1)
        for kind in (MarkKind.START, MarkKind.SELF_ONLINE)
    )

    assert known(FakeHistory({"web": every_minute()}, events)).parts.unknown == 0


def test_new_check_takes_part_from_its_first_record():
    """Before its first record a check says nothing of its service."""
    history = FakeHistory({"web": every_minute(), "new": every_minute(first=30)})

    figures = known(history, a_check(id=CheckId("web")), a_check(id=CheckId("new")))

    assert (figures.parts.up, figures.parts.unknown) == (HOUR, 0)
    assert figures.expected == 90


@pytest.mark.parametrize(
    ("samples", "began"),
    [
        ({"web": every_minute(first=30), "new": every_minute(first=40)}, 30 * MINUTE),
        ({"web": every_minute(first=30), "new": every_minute()}, None),
        ({"web": [Sample(PERIOD.start - MINUTE, Status.UP)]}, None),
        ({}, HOUR),
    ],
)
def test_beginning_is_that_of_the_first_check(samples, began):
    """A service is watched from the first sample of any of its checks on."""
    checks = [a_check(id=CheckId(name)) for name in ("web", "new")]

    found = entry(PORTAL, checks, FakeHistory(samples), PERIOD).began

    assert found == (None if began is None else PERIOD.start + began)


def test_slots_missed_before_the_first_sample_count():
    """A check that missed its slots before its first sample was there, and is unknown."""
    history = FakeHistory(
        {"web": every_minute(), "new": every_minute(first=30)},
        missed={MissedReason.OVERLOADED: 30},
    )

    figures = known(history, a_check(id=CheckId("web")), a_check(id=CheckId("new")))

    assert figures.parts.unknown == HOUR // 2


def test_what_was_seen_before_the_period_holds_into_it():
    """The last sample before a period holds into it as anywhere else."""
    early = [Sample(PERIOD.start - MINUTE // 2, Status.UP)]

    found = track(a_check(id=CheckId("web")), FakeHistory({"web": early}), PERIOD)

    assert found.timeline[0].status is Status.UP
    assert found.timeline[0].start == PERIOD.start


def test_only_availability_counts():
    """Checks of other services, and those that affect something else, don't count."""
    history = FakeHistory({"web": every_minute(), "bad": every_minute(Status.DOWN)})

    figures = known(
        history,
        a_check(id=CheckId("web")),
        a_check(id=CheckId("bad"), affects=Affects.SECURITY),
        a_check(id=CheckId("bad"), service=ServiceId("other")),
    )

    assert figures.parts.down == 0


def test_figures_go_by_the_hours_that_were_promised():
    """The hours of the calendar make the figures; those around the clock stand beside them."""
    office = Calendar(
        id="kantor",
        name="Kantor",
        zone=ZoneInfo("UTC"),
        week=((Hours(timedelta(hours=16), timedelta(hours=16, minutes=30)),),) * 7,
    )
    sla = Sla(target=Fraction(99, 100), basis="SK", hours="kantor")
    history = FakeHistory({"web": [*every_minute(last=50), *every_minute(Status.DOWN, first=50)]})
    terms = Terms(calendars={"kantor": office})

    found = entry(replace(PORTAL, sla=sla), [a_check(id=CheckId("web"))], history, PERIOD, terms)

    assert (found.figures.parts.up, found.figures.parts.down) == (30 * MINUTE, 0)
    assert (found.always.parts.up, found.always.parts.down) == (50 * MINUTE, 10 * MINUTE)
    assert found.hours is office


def test_maintenance_is_carved_out():
    """Work on a service that was planned is no time of its figures, and is listed with them."""
    start = instant(PERIOD.start + 10 * MINUTE)
    window = MaintenanceWindow(
        id="patch",
        when=Occurrence(start, start + timedelta(minutes=20)),
        reason="r",
        approved_by="a",
        services=frozenset({PORTAL.id}),
    )
    record = WindowRecord(window=window, source=Source.FILE, added_at=start)
    history = FakeHistory({"web": every_minute(Status.DOWN)})

    found = entry(PORTAL, [a_check(id=CheckId("web"))], history, PERIOD, Terms(windows=(record,)))

    assert found.figures.parts.down == 40 * MINUTE
    assert found.figures.parts.down_in_maintenance == 20 * MINUTE
    assert [each.record for each in found.work] == [record]


def a_correction(first, last, status, **about):
    return CorrectionRecord(
        correction=Correction(
            id="k",
            start=instant(PERIOD.start + first * MINUTE),
            end=instant(PERIOD.start + last * MINUTE),
            status=status,
            reason="r",
            evidence="e",
            by="Rina",
            at=instant(PERIOD.end),
            **about,
        )
    )


def test_figures_show_both_what_was_measured_and_what_was_corrected():
    """A correction of a check changes the figures of its service; those measured stay beside them."""
    terms = Terms(corrections=(a_correction(0, 20, Status.UNKNOWN, check=CheckId("web")),))
    history = FakeHistory({"web": every_minute(Status.DOWN)})

    found = entry(PORTAL, [a_check(id=CheckId("web"))], history, PERIOD, terms)

    assert (found.figures.parts.down, found.figures.parts.unknown) == (40 * MINUTE, 20 * MINUTE)
    assert (found.measured.figures.parts.down, found.measured.figures.parts.unknown) == (HOUR, 0)
    assert found.corrections == terms.corrections


@pytest.mark.parametrize("about", [{"check": CheckId("other")}, {"service": ServiceId("other")}])
def test_corrections_of_others_change_nothing(about):
    """What is said of another check or service is not said of this one."""
    terms = Terms(corrections=(a_correction(0, 20, Status.UNKNOWN, **about),))
    history = FakeHistory({"web": every_minute(Status.DOWN)})

    found = entry(PORTAL, [a_check(id=CheckId("web"))], history, PERIOD, terms)

    assert (found.figures.parts.down, found.measured, found.corrections) == (HOUR, None, ())


def test_what_is_said_of_a_service_holds_whatever_is_said_of_its_checks():
    """A correction of the service as a whole comes last, also where one of a check is later."""
    whole = a_correction(0, 30, Status.UP, service=PORTAL.id)
    one = a_correction(0, 60, Status.UNKNOWN, check=CheckId("web"))
    history = FakeHistory({"web": every_minute(Status.DOWN)})

    found = entry(
        PORTAL, [a_check(id=CheckId("web"))], history, PERIOD, Terms(corrections=(whole, one))
    )

    assert (found.figures.parts.up, found.figures.parts.unknown) == (30 * MINUTE, 30 * MINUTE)


@dataclass(frozen=True)
class Shown:
    status: Status
    started_at: object
    ended_at: object = None
    cause: UnknownCause | None = None


def test_budget_of_a_target():
    """A target allows for the whole period, also while it is not over; rates go by what was shown."""
    whole = Window(PERIOD.start, PERIOD.start + 10 * HOUR)
    down = instant(PERIOD.end - 30 * MINUTE)
    history = FakeHistory(
        {"web": [*every_minute(last=30), *every_minute(Status.DOWN, first=30)]},
        shown=(
            Shown(Status.UP, instant(PERIOD.start), down),
            Shown(Status.DOWN, down),
        ),
    )
    sla = Sla(target=Fraction(9, 10), basis="SK")

    found = entry(
        replace(PORTAL, sla=sla), [a_check(id=CheckId("web"))], history, PERIOD, Terms(whole=whole)
    )

    assert (found.budget.allowed, found.budget.used) == (HOUR, 30 * MINUTE)
    assert (found.budget.burns[0].long, found.budget.burns[0].short) == (5, 10)


def test_a_budget_is_of_the_promised_hours_without_planned_work():
    """A target allows for its hours in the whole period, without the maintenance that is planned."""
    office = Calendar(
        id="kantor",
        name="Kantor",
        zone=ZoneInfo("UTC"),
        week=((Hours(timedelta(hours=16), timedelta(hours=20)),),) * 7,
    )
    start = instant(PERIOD.start + 2 * HOUR)
    window = MaintenanceWindow(
        id="patch",
        when=Occurrence(start, start + timedelta(hours=1)),
        reason="r",
        approved_by="a",
        services=frozenset({PORTAL.id}),
    )
    record = WindowRecord(window=window, source=Source.FILE, added_at=instant(PERIOD.start))
    terms = Terms(
        calendars={"kantor": office},
        windows=(record,),
        whole=Window(PERIOD.start, PERIOD.start + 8 * HOUR),
    )
    sla = Sla(target=Fraction(9, 10), basis="SK", hours="kantor")

    found = entry(replace(PORTAL, sla=sla), [a_check()], FakeHistory({}), PERIOD, terms)

    assert found.budget.allowed == Fraction(3 * HOUR, 10)


def test_no_budget_without_a_target():
    """Where nothing was promised there is nothing to use up."""
    assert entry(PORTAL, [a_check()], FakeHistory({}), PERIOD).budget is None
