"""What a report on a period holds, and about which services it is."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from monitor.domain.check import CheckId
from monitor.domain.incident import AffectedCheck, Incident
from monitor.domain.instant import instant
from monitor.domain.maintenance import MaintenanceWindow, Occurrence
from monitor.domain.note import Note, NoteKind
from monitor.domain.periods import between
from monitor.domain.service import Criticality, Service, ServiceId
from monitor.domain.windowrecord import Source, WindowRecord
from monitor.ledger.checkpoint import Checkpoint
from monitor.ports import Configured, Mark, MarkKind
from monitor.reports.making import Watched, report, reported
from monitor.reports.report import Applied, Retired, Scope
from tests.fakes import a_check
from tests.unit.reports.histories import FakeRecords

PERIOD = between(date(2025, 6, 2), date(2025, 6, 3), ZoneInfo("Asia/Makassar"))
SCOPE = Scope(period=PERIOD, until=PERIOD.end, zone="Asia/Makassar")
START = instant(PERIOD.start)
HOUR = timedelta(hours=1)


def service(name, owner="diskominfo", criticality=Criticality.BIASA):
    return Service(id=ServiceId(name), name=name.title(), owner=owner, criticality=criticality)


def check_of(name):
    return a_check(id=CheckId(f"{name}-web"), service=ServiceId(name))


def incident(of, number, *, ended=None):
    [check] = [AffectedCheck(id=CheckId(f"{of}-web"), since=START + number * HOUR)]
    return Incident(
        id=f"{of}-{number}",
        service=ServiceId(of),
        started_at=START + number * HOUR,
        ended_at=ended and START + ended * HOUR,
        checks=(check,),
    )


PORTAL, TAX = service("portal"), service("pajak", owner="bapenda")
WATCHED = Watched(
    services=[PORTAL, TAX],
    checks=[check_of("portal"), check_of("pajak")],
    calendars={},
    vantage="balaikota",
    configuration="ab" * 32,
    software="1.0",
)


def test_services_come_by_owner_and_by_how_much_they_matter():
    """Accounts are in order of owner, criticality and name."""
    first = service("zona", owner="bapenda", criticality=Criticality.KRITIS)
    services = [PORTAL, service("arsip"), TAX, first]

    found = reported(services, SCOPE)

    assert [each.id for each in found] == ["zona", "pajak", "arsip", "portal"]


def test_a_report_is_about_what_was_asked():
    """An owner is reported on with all services, and services by their names."""
    services = [PORTAL, service("arsip"), TAX]

    assert reported(services, replace(SCOPE, owners=("bapenda",))) == [TAX]
    assert reported(services, replace(SCOPE, services=(PORTAL.id,))) == [PORTAL]
    assert reported(services, replace(SCOPE, owners=("bapenda",), services=(PORTAL.id,))) == []


def test_incidents_come_with_what_was_said_and_planned():
    """An incident stands with its notes and the work that went on meanwhile; others' are left out."""
    during = Occurrence(START + 2 * HOUR, START + 4 * HOUR)
    window = MaintenanceWindow(
        id="patch",
        when=during,
        reason="",
        approved_by="",
        services=frozenset({PORTAL.id}),
    )
    work = WindowRecord(window=window, source=Source.FILE, added_at=START - HOUR)
    note = Note(
        incident="portal-1", kind=NoteKind.COMMENT, by="Rina", at=START, text="Kabel", via=None
    )
    other = replace(note, incident="pajak-1")
    records = FakeRecords(
        {},
        work=(work,),
        happened=(incident("portal", 1, ended=3), incident("pajak", 1), incident("portal", 5)),
        said=(note, other),
    )

    found = report(WATCHED, records, replace(SCOPE, owners=("diskominfo",)))

    assert [each.incident.id for each in found.incidents] == ["portal-1", "portal-5"]
    assert [list(each.notes) for each in found.incidents] == [[note], []]
    assert [list(each.planned) for each in found.incidents] == [[during], []]


def test_a_report_says_where_it_comes_from():
    """Software, configuration, ledger, what was applied and what befell the monitor are in it."""
    stop = Mark(kind=MarkKind.STOP, at=START, epoch=1)
    records = FakeRecords(
        {},
        (stop,),
        applied=(Configured("cd" * 32, START),),
        point=Checkpoint("pantau/balaikota", 7, bytes(32)),
    )

    found = report(WATCHED, records, SCOPE)

    assert (found.provenance.software, found.provenance.configuration) == ("1.0", "ab" * 32)
    ledger = found.provenance.ledger
    assert (ledger.origin, ledger.size, ledger.root) == ("pantau/balaikota", 7, "00" * 32)
    assert found.applied == [Applied(at=START, hash="cd" * 32)]
    assert list(found.marks) == [stop]


def test_the_ledger_stands_for_the_last_act_that_is_told():
    """The checkpoint that is asked for is one of a minute after all that the report tells of."""
    note = Note(
        incident="portal-1",
        kind=NoteKind.COMMENT,
        by="Rina",
        at=START + 900 * HOUR,
        text="Kabel",
        via=None,
    )
    quiet, told = FakeRecords({}), FakeRecords({}, happened=(incident("portal", 1),), said=(note,))

    report(WATCHED, quiet, SCOPE)
    report(WATCHED, told, SCOPE)

    minute = 60_000_000
    assert quiet.asked == [(PERIOD.end + minute, PERIOD.end)]
    assert told.asked == [(PERIOD.start + 900 * 60 * minute + minute, PERIOD.end)]


def test_a_configuration_that_was_in_force_already_is_no_change():
    """A start takes a configuration up anew; it changed where the one before was another."""
    hashes = ("aa", "aa", "bb", "bb")
    taken_up = [Configured(name, START + n * HOUR) for n, name in enumerate(hashes, -1)]

    found = report(WATCHED, FakeRecords({}, applied=taken_up), SCOPE).applied

    assert [(each.hash, each.changed) for each in found] == [
        ("aa", False),
        ("bb", True),
        ("bb", False),
    ]


def test_checks_with_records_that_are_configured_no_more_are_named():
    """A report on the whole city names them, and one on a part can't say whose they were."""
    last = PERIOD.start + 3_600_000_000
    records = FakeRecords({}, hours={"portal-web": PERIOD.end, "situs-lama": last})

    whole = report(WATCHED, records, SCOPE).retired
    parts = [
        report(WATCHED, records, replace(SCOPE, **part)).retired
        for part in ({"owners": ("diskominfo",)}, {"services": (PORTAL.id,)})
    ]

    assert whole == [Retired(check=CheckId("situs-lama"), last=START + HOUR)]
    assert parts == [[], []]
