from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from monitor.domain.check import Affects
from monitor.domain.incident import AffectedCheck, Incident
from monitor.domain.service import Rule, StatusRule
from monitor.domain.status import Status
from monitor.locales import Language
from monitor.web.pages import StatusPage
from monitor.web.public import public_view
from tests.unit.metrics.board import MINUTE, NOON, FakeBoard, a_check, a_city, a_service, watch


def test_only_public_services():
    """Only services marked public are shown."""
    assert [service.id for service in public_view(a_city(), NOON).services] == ["portal"]


def test_gravest_first():
    """What has an outage comes first, then by name."""
    statuses = {"a": Status.UP, "b": Status.UNKNOWN, "c": Status.DOWN, "d": Status.DEGRADED}
    names = [*statuses, "e"]
    board = FakeBoard(
        watched=[watch(a_check(id=i, service=i)) for i in names],
        listed=[a_service(id=i, name=i) for i in names],
        statuses=statuses | {"e": Status.UP},
    )

    assert [s.id for s in public_view(board, NOON).services] == ["c", "d", "b", "a", "e"]


def test_a_service_that_is_not_watched_is_left_out():
    """A public service whose checks are all switched off is not shown: nothing is known of it."""
    board = FakeBoard(listed=[a_service(id="a", name="a")], statuses={"a": Status.UNKNOWN})

    assert public_view(board, NOON).services == ()


def test_down_since_its_incident_began():
    """An outage counts from the start of its incident."""
    board = a_city()
    began = NOON - timedelta(hours=1)
    board.incidents["portal"] = Incident(
        id="X",
        service="portal",
        started_at=began,
        checks=(AffectedCheck(id="portal-dns", since=began),),
    )

    assert public_view(board, NOON).services[0].since == began


def test_planned_work_is_shown():
    """A service on which work is planned now shows until when, whatever its status is."""
    board = a_city()
    assert public_view(board, NOON).services[0].maintained_until is None
    for watched in board.watched:
        watched.maintained_until = NOON + timedelta(hours=2)

    [service] = public_view(board, NOON).services
    page = StatusPage(ZoneInfo("Asia/Makassar"))

    assert service.maintained_until == NOON + timedelta(hours=2)
    text = page.html(public_view(board, NOON), Language.ID)
    assert "Pemeliharaan terjadwal, sampai <time" in text


def two_checks(service):
    board = FakeBoard(
        watched=[
            watch(a_check(id="a"), at=NOON - timedelta(hours=2)),
            watch(a_check(id="b"), at=NOON - timedelta(hours=1)),
        ],
        listed=[service],
        statuses={"portal": Status.UP},
    )
    return public_view(board, NOON).services[0]


def test_up_since_the_last_check_came_up():
    """A service whose checks must all be up is up since the last of them came up."""
    assert two_checks(a_service()).since == NOON - timedelta(hours=1)


def test_no_guess_of_when():
    """Where one check is enough, nobody can tell from the present since when: nothing is said."""
    assert two_checks(a_service(status=StatusRule(rule=Rule.ANY))).since is None


def test_updated_by_the_newest_probe():
    """The page tells when the newest probe of a public service began; others do not count."""
    board = a_city()
    board.watched[2] = watch(board.watched[2].check, at=NOON + MINUTE)
    security = a_check(id="z", affects=Affects.SECURITY)
    board.watched.append(watch(security, at=NOON + MINUTE))

    assert public_view(board, NOON).updated_at == NOON + timedelta(milliseconds=4)


def test_stale_after_three_intervals():
    """The view is stale when nothing new was seen for three of the shortest intervals."""
    board = a_city()

    assert not public_view(board, NOON + 3 * MINUTE).stale
    assert public_view(board, NOON + 3.1 * MINUTE).stale


def test_never_seen_is_not_stale():
    """Before the first probe the page says so, which is no warning."""
    board = a_city()
    board.watched = [replace(each, last=None) for each in board.watched]
    view = public_view(board, NOON)

    assert (view.updated_at, view.stale) == (None, False)
