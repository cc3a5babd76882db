"""What the daemon, or the database, knows as a table and as CSV."""

from zoneinfo import ZoneInfo

from monitor.cli.statusview import COLUMNS, csv_rows, stored_document, table_rows, tally
from monitor.domain.check import Affects, CheckId
from monitor.domain.observation import Failure, FailureKind, UnknownCause
from monitor.domain.service import Service, ServiceId
from monitor.domain.state import CheckState
from monitor.domain.status import Status
from tests.fakes import NOON, a_check

WITA = ZoneInfo("Asia/Makassar")
PORTAL = Service(id=ServiceId("portal"), name="Portal Resmi", owner="diskominfo")
DOWN = CheckState(
    status=Status.DOWN,
    since=NOON,
    cause=None,
    confirmed=Status.DOWN,
    failure=Failure(FailureKind.CONNECT_REFUSED, "connect to 192.0.2.7:443: refused"),
)
UP = CheckState(status=Status.UP, since=NOON, cause=None, confirmed=Status.UP)


def document(**states):
    checks = [a_check(id=CheckId(name)) for name in ("web", "tls")]
    return stored_document([PORTAL], checks, {CheckId(k): state for k, state in states.items()})


def test_rows_of_a_service_and_its_checks():
    """A service's row is followed by its checks', with local times and what is the matter."""
    assert list(table_rows(document(web=DOWN, tls=UP), WITA)) == [
        ("Portal Resmi", "✗ down", "", ""),
        (
            "  web",
            "✗ down",
            "2026-06-01 12:00 WITA",
            "connect to 192.0.2.7:443: refused",
        ),
        ("  tls", "✓ up", "2026-06-01 12:00 WITA", ""),
    ]


def test_why_nobody_is_told():
    """A service that is down and of which nobody is told says why: what it depends on, or the work."""
    found = document(web=DOWN, tls=UP)
    [portal] = found["services"]
    router = {**portal, "id": "router", "name": "Router", "incident": "INC-router", "hold": None}

    def why(reason, by):
        held = {**portal, "incident": "INC", "hold": {"reason": reason, "by": by, "until": None}}
        return next(table_rows({**found, "services": [held, router]}, WITA))[3]

    assert why("dependency", "INC-router") == "nobody is told: it depends on Router"
    assert why("dependency", "INC-over") == "nobody is told: it depends on what has just come back"
    assert why("maintenance", "patch") == "nobody is told: planned work (patch)"
    portal["unstable"] = {"incident": "INC-first", "changes": 9}
    assert why("flapping", "INC-first") == "nobody is told: unstable: it changed 9 times"


def test_a_service_that_is_unstable_says_so():
    """A service that keeps changing says how often it did, also while it is up."""
    found = document(web=UP, tls=UP)
    found["services"][0]["unstable"] = {"incident": "INC", "changes": 9}

    assert next(table_rows(found, WITA))[3] == "unstable: it changed 9 times"


def test_what_is_less_than_an_outage():
    """A service with something open that is no outage says what, and who takes care of it."""
    found = document(web=UP, tls=UP)
    [portal] = found["services"]
    lesser = {"id": "INC", "concern": "degradation", "acknowledged_by": "Rina"}
    row = next(table_rows({**found, "services": [{**portal, "lesser_incidents": [lesser]}]}, WITA))

    assert row[3] == "degradation (INC), Rina takes care"


def test_what_expires():
    """A service with something that expires says what, and on which day."""
    found = document(web=UP, tls=UP)
    [portal] = found["services"]
    expiry = {"of": "certificate", "name": "x:443", "expires_at": "2026-11-30T04:00:00+00:00"}
    lesser = {"id": "INC", "concern": "expiry", "acknowledged_by": None, "expiry": expiry}
    row = next(table_rows({**found, "services": [{**portal, "lesser_incidents": [lesser]}]}, WITA))

    assert row[3] == "certificate expires 2026-11-30 (INC)"


def test_check_without_state_is_unknown():
    """A check that the database does not know yet is unknown, and so is its service."""
    rows = list(table_rows(document(web=UP), WITA))

    assert rows[0][1] == "? unknown"
    assert rows[2] == ("  tls", "? unknown", "", "there is nothing yet to judge it by")


def test_only_availability_makes_a_service_status():
    """A failing check of another kind leaves its service's status alone."""
    check = a_check(id=CheckId("web"), affects=Affects.SECURITY)
    other = a_check(id=CheckId("tls"))

    found = stored_document([PORTAL], [check, other], {CheckId("web"): DOWN, CheckId("tls"): UP})

    assert found["services"][0]["status"] == "up"


def test_csv_gives_utc_and_one_line_a_check():
    """CSV has a line for each check, with times in UTC."""
    [line, _] = csv_rows(document(web=DOWN, tls=UP))

    told = dict(zip(COLUMNS, line, strict=True))
    assert told["since"] == "2026-06-01T04:00:00+00:00"
    assert told["failure_kind"] == "connect_refused"


def test_tally_counts_services():
    """The last line counts services by status."""
    assert tally(document(web=UP, tls=UP)) == "1 service: 1 up"
    assert tally({"services": [], "checks": []}) == "0 services"


def test_service_without_checks_is_not_watched():
    """A service whose checks are all switched off is said to be not watched, not unknown."""
    idle = {**document(), "checks": []}

    assert [row[1] for row in table_rows(idle, WITA)] == ["· not watched"]
    assert tally(idle) == "1 service: 1 not watched"


def test_cause_of_unknown_stands_before_the_failure():
    """When sight is lost, the cause is told first and what failed before beside it."""
    lost = CheckState(
        status=Status.UNKNOWN, since=NOON, cause=UnknownCause.SELF_OFFLINE, failure=DOWN.failure
    )

    row = list(table_rows(document(web=lost), WITA))[1]

    assert row[3] == "our own network is down (connect to 192.0.2.7:443: refused)"
