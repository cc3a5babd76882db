"""A report with something of everything, made from samples in memory."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from monitor.domain.calendar import Calendar, Hours
from monitor.domain.check import CheckId
from monitor.domain.correction import Correction, CorrectionRecord, Withdrawal
from monitor.domain.incident import AffectedCheck, Incident
from monitor.domain.instant import instant
from monitor.domain.maintenance import MaintenanceWindow, Occurrence
from monitor.domain.note import Note, NoteKind, Via
from monitor.domain.observation import Failure, FailureKind, Status
from monitor.domain.periods import between
from monitor.domain.service import Criticality, Service, ServiceId, Sla
from monitor.domain.timeline import Sample
from monitor.domain.windowrecord import Cancellation, Source, WindowRecord
from monitor.ledger.checkpoint import Checkpoint
from monitor.ports import Configured, Mark, MarkKind
from monitor.reports.making import Watched, report
from monitor.reports.report import FollowUp, Report, Scope, Signatory, Wording
from tests.fakes import a_check
from tests.unit.reports.histories import FakeRecords

ZONE = "Asia/Makassar"
PERIOD = between(date(2025, 6, 2), date(2025, 6, 4), ZoneInfo(ZONE))
SCOPE = Scope(period=PERIOD, until=PERIOD.end, zone=ZONE)
START = instant(PERIOD.start)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OFFICE = Calendar(
    id="kantor",
    name="Kantor",
    zone=ZoneInfo(ZONE),
    week=((Hours(8 * HOUR, 16 * HOUR),),) * 7,
)
PORTAL = Service(
    id=ServiceId("portal"),
    name="Portal",
    owner="diskominfo",
    criticality=Criticality.KRITIS,
    sla=Sla(target=Fraction(999, 1000), basis="SK No. 12/2025", hours="kantor"),
)
TAX = Service(id=ServiceId("pajak"), name="=Pajak", owner="bapenda")
WATCHED = Watched(
    services=[PORTAL, TAX],
    checks=[
        a_check(id=CheckId("portal-web"), service=PORTAL.id),
        a_check(id=CheckId("pajak-web"), service=TAX.id),
    ],
    calendars={"kantor": OFFICE},
    vantage="balaikota",
    configuration="ab" * 32,
    software="1.0",
    wording=Wording(
        publisher="Dinas Komunikasi dan Informatika",
        legal_basis=("Perwali No. 1/2025",),
        signatories=(Signatory(role="Disusun oleh", name="Rina", number="19800101"),),
        follow_ups=(FollowUp(recommendation="Jalur kedua", due=date(2025, 7, 1)),),
        causes={"gangguan-1": "Kabel putus"},
    ),
)


def sampled(*, down=(), missing=()):
    """Return a sample each minute of the period, by the hours since its beginning."""
    statuses = {minute: Status.DOWN for span in down for minute in minutes(*span)}
    gone = {minute for span in missing for minute in minutes(*span)}
    return [
        Sample(PERIOD.start + n * 60_000_000, statuses.get(n, Status.UP))
        for n in range(2 * 1_440)
        if n not in gone
    ]


def minutes(start, end):
    return range(round(start * 60), round(end * 60))


def a_report(**changes) -> Report:
    """Return the report on two days of two services, on which something of everything happened."""
    window = MaintenanceWindow(
        id="patch",
        when=Occurrence(START + 22 * HOUR, START + 23 * HOUR),
        reason="Pembaruan",
        approved_by="Kabid",
        services=frozenset({PORTAL.id}),
    )
    known = WindowRecord(window=window, source=Source.FILE, added_at=START - HOUR)
    stopped = Cancellation(at=START + 23 * HOUR, by="Budi", reason="Selesai")
    said = Correction(
        id="k1",
        check=CheckId("portal-web"),
        start=START + 30 * HOUR,
        end=START + 31 * HOUR,
        status=Status.UNKNOWN,
        reason="Jalur putus",
        evidence="Surat 4",
        by="Rina",
        at=START + 50 * HOUR,
    )
    taken_back = Withdrawal(correction="k2", by="Budi", reason="Keliru", at=START + 52 * HOUR)
    affected = AffectedCheck(
        id=CheckId("portal-web"),
        since=START + 10 * HOUR,
        until=START + 10.5 * HOUR,
        failure=Failure(FailureKind.STATUS, "=503"),
    )
    incident = Incident(
        id="gangguan-1",
        service=PORTAL.id,
        started_at=START + 10 * HOUR,
        ended_at=START + 10.5 * HOUR,
        checks=(affected,),
    )
    note = Note(
        incident="gangguan-1",
        kind=NoteKind.ACKNOWLEDGED,
        by="Rina",
        at=START + 10.1 * HOUR,
        text="-sedang dilihat",
        via=Via.COMMAND,
    )
    records = FakeRecords(
        {
            "portal-web": sampled(down=[(10, 10.5), (30, 30.5)], missing=[(3, 4)]),
            "pajak-web": sampled(),
        },
        (Mark(kind=MarkKind.STOP, at=START + 3 * HOUR, epoch=1),),
        work=(known, replace(known.ended(stopped), added_at=START - 2 * HOUR)),
        acts=(
            CorrectionRecord(correction=said),
            CorrectionRecord(correction=replace(said, id="k2"), withdrawn=taken_back),
        ),
        happened=(incident,),
        said=(note,),
        applied=(Configured("cd" * 32, START + HOUR),),
        point=Checkpoint("pantau/balaikota", 7, bytes(32)),
    )
    return replace(report(WATCHED, records, SCOPE), **changes)
