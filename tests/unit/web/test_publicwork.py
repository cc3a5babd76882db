"""Planned work on the public status page."""

import re
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.maintenance import MaintenanceWindow, Occurrence, Recurrence
from monitor.domain.status import Status
from monitor.domain.windowrecord import Source, WindowRecord
from monitor.locales import Language
from monitor.web import texts
from monitor.web.app import create_public_app
from monitor.web.pages import StatusPage
from monitor.web.public import public_view
from tests.unit.metrics.board import NOON, FakeBoard, a_check, a_service, watch
from tests.unit.web.asking import FakePlanner, a_context, ask

MAKASSAR = ZoneInfo("Asia/Makassar")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def a_board():
    names = {"portal": "Portal Resmi", "pajak": "Pajak Daerah", "dalam": "Jaringan Dalam"}
    return FakeBoard(
        watched=[watch(a_check(id=i, service=i, labels={"rack": "a"})) for i in names],
        listed=[
            a_service(id=i, name=name, owner=f"dinas-{i}", public=i != "dalam")
            for i, name in names.items()
        ],
        statuses=dict.fromkeys(names, Status.UP),
    )


def once(start, end):
    return Occurrence(NOON + start, NOON + end)


def again(rule, clock=time(1), duration=2 * HOUR):
    return Recurrence(
        rule=rule, first=date(2026, 1, 1), start=clock, duration=duration, zone=MAKASSAR
    )


def planned(when, covers=None, *, name="patch", public_reason=""):
    window = MaintenanceWindow(
        id=name,
        when=when,
        reason="Ganti kata sandi server 10.0.0.7",
        approved_by="Kabid Rahasia",
        public_reason=public_reason,
        **covers or {"services": frozenset({"portal"})},
    )
    return WindowRecord(window=window, source=Source.FILE, added_at=NOON - 30 * DAY)


def works(*records, now=NOON):
    return public_view(a_board(), now, records).works


def page(*records, language=Language.ID):
    return StatusPage(MAKASSAR).html(public_view(a_board(), NOON, records), language)


def words(text):
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def test_what_comes_soonest_first():
    """What is going on comes first, then what begins soonest."""
    later, soon = planned(once(2 * DAY, 3 * DAY), name="b"), planned(once(HOUR, DAY), name="c")
    now = planned(once(-HOUR, 4 * DAY), name="a")

    found = works(later, soon, now)

    assert [each.is_open for each in found] == [True, False, False]
    assert [each.times[0] for each in found] == [
        now.window.when,
        soon.window.when,
        later.window.when,
    ]


@pytest.mark.parametrize("minutes", [0, 30])
@pytest.mark.parametrize(
    ("start", "end", "is_shown"),
    [
        (-2 * HOUR, timedelta(0), False),
        (-2 * HOUR, timedelta(seconds=1), True),
        (timedelta(0), HOUR, True),
        (14 * DAY - timedelta(seconds=1), 15 * DAY, True),
        (14 * DAY, 15 * DAY, False),
    ],
)
def test_fourteen_days(start, end, is_shown, minutes):
    """What is over is shown no more, and what begins in 14 days or later not yet."""
    later = timedelta(minutes=minutes)

    found = works(planned(once(start + later, end + later)), now=NOON + later)

    assert bool(found) is is_shown


@pytest.mark.parametrize("minutes", [0, 1, 59])
def test_recurring_work_stands_once(minutes):
    """Recurring work is one entry, with all its times of the next 14 days."""
    now = NOON + timedelta(minutes=minutes)
    [found] = works(planned(again("FREQ=WEEKLY;BYDAY=SU")), now=now)

    assert [each.start.astimezone(MAKASSAR).date() for each in found.times] == [
        date(2026, 11, 8),
        date(2026, 11, 15),
    ]


@pytest.mark.parametrize(
    ("covers", "names"),
    [
        ({"services": frozenset({"pajak", "dalam"})}, [("Pajak Daerah",)]),
        ({"owners": frozenset({"dinas-portal"})}, [("Portal Resmi",)]),
        ({"labels": {"rack": "a"}}, [("Pajak Daerah", "Portal Resmi")]),
        ({"services": frozenset({"dalam"})}, []),
        ({"labels": {"rack": "b"}}, []),
    ],
)
def test_public_services_alone(covers, names):
    """Work is shown with the public services that it covers, and not at all without one."""
    assert [each.services for each in works(planned(once(HOUR, DAY), covers))] == names


@pytest.mark.parametrize("language", Language)
def test_nothing_but_what_is_meant_for_citizens(language):
    """The page shows `public_reason`, and neither `reason` nor id nor a person."""
    text = page(planned(once(HOUR, DAY), public_reason="Pembaruan server"), language=language)

    assert "Pembaruan server" in text
    for hidden in ("10.0.0.7", "Kabid", "patch", "Jaringan Dalam"):
        assert hidden not in text


def test_in_indonesian():
    """Times stand in words, by the clock of the city, and what goes on now is marked."""
    text = words(page(planned(once(-HOUR, HOUR)), planned(once(9 * HOUR, 21 * HOUR), name="b")))

    assert "Portal Resmi ● Sedang berlangsung Minggu, 1 November 2026, 19.00 WITA sampai" in text
    assert "sampai 21.00 WITA" in text
    assert "○ Akan datang Senin, 2 November 2026, 05.00 WITA sampai 17.00 WITA" in text


def test_in_english():
    """The same in English; where it ends on another day, that is named."""
    text = words(page(planned(once(9 * HOUR, 33 * HOUR)), language=Language.EN))

    assert "Monday, 2 November 2026, 05:00 WITA to Tuesday, 3 November 2026, 05:00 WITA" in text
    assert "Coming" in text


def test_how_often_it_comes_again():
    """Further days of recurring work are named; of many, how many there are."""
    weekly = words(page(planned(again("FREQ=WEEKLY;BYDAY=SU"))))
    daily = words(page(planned(again("FREQ=DAILY", clock=time(23), duration=HOUR))))

    assert "Lagi pada Minggu, 15 November 2026" in weekly
    assert "13 kali lagi sampai Sabtu, 14 November 2026" in daily


@pytest.mark.parametrize("language", Language)
def test_nothing_planned(language):
    """Where nothing is planned the page says so."""
    text = page(language=language)

    assert texts.PAGE[language]["no_works"] in text
    assert texts.PAGE[language]["works_lead"] not in text


def test_very_much_is_planned():
    """Of very much, what comes soonest is shown, and that there is more."""
    records = [planned(once(n * HOUR, DAY * 20), name=f"w{n}") for n in range(1, 52)]

    assert page(*records).count("Akan datang") == 50
    assert "Masih ada lagi" in page(*records)
    assert "Masih ada lagi" not in page(*records[:50])


async def test_the_page_for_everybody():
    """Planned work stands on the page that is open to everybody."""
    planner = FakePlanner()
    board = a_board()
    planner.kept["patch"] = planned(once(HOUR, DAY), public_reason="Pembaruan server")

    answer = await ask(create_public_app(a_context(board, planner=planner)), "GET", "/")

    assert "Pembaruan server" in answer.text
