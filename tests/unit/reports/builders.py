"""Reports that are made up, as large and as odd as a test needs them.

`vector()` is the day of the test vector in docs: its figures are known to the last digit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from monitor.domain.availability import Figures, Parts, figures, pooled
from monitor.domain.check import Affects, CheckId
from monitor.domain.correction import Correction, CorrectionRecord, Withdrawal
from monitor.domain.expiry import Ending, Expiry
from monitor.domain.incident import AffectedCheck, Concern, Incident, incident_id
from monitor.domain.instant import instant
from monitor.domain.maintenance import MaintenanceWindow, Occurrence
from monitor.domain.note import Note, NoteKind
from monitor.domain.observation import Failure, FailureKind, Status, UnknownCause
from monitor.domain.periods import between
from monitor.domain.periods import days as days_of
from monitor.domain.service import Criticality, Service, ServiceId, Sla
from monitor.domain.timeline import Span
from monitor.domain.windowrecord import Occasion, Source, WindowRecord
from monitor.domain.windows import Window
from monitor.ports import Mark, MarkKind
from monitor.reports.report import (
    Account,
    Applied,
    DayAccount,
    FollowUp,
    LedgerState,
    Provenance,
    Report,
    ResponseTimes,
    Scope,
    Signatory,
    Told,
    Wording,
)
from tests.fakes import a_check

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
MAKASSAR = "Asia/Makassar"
VECTOR_DAY = date(2026, 6, 1)
TOOK = ResponseTimes(p50=182_000, p95=640_500, p99=2_104_000)

PROVENANCE = Provenance(
    software="1.0",
    configuration="ab" * 32,
    vantage="balaikota",
    ledger=LedgerState(origin="pantau/balaikota", size=12_345, root="cd" * 32),
)
WORDING = Wording(
    publisher="Dinas Komunikasi dan Informatika Kota Makassar",
    number="700/12/Diskominfo/VI/2026",
    information_class="terbuka",
    legal_basis=("Peraturan Wali Kota Makassar Nomor 5 Tahun 2025.",),
    signatories=(Signatory(role="Disusun oleh", name="Rina", number="198001012005012001"),),
    follow_ups=(FollowUp(recommendation="Tambah jalur internet kedua", due=date(2026, 8, 31)),),
)


def service(number: int = 0, target: str | None = "99", name: str | None = None) -> Service:
    grades = list(Criticality)
    return Service(
        id=ServiceId(f"layanan-{number}"),
        name=name or NAMES[number % len(NAMES)] + (f" {number}" if number >= len(NAMES) else ""),
        owner=OWNERS[number % len(OWNERS)],
        criticality=grades[number % len(grades)],
        public=True,
        sla=Sla(target=Fraction(target) / 100, basis="SK Kepala Dinas No. 12/2026")
        if target
        else None,
    )


NAMES = (
    "Portal Resmi Kota Makassar",
    "Perizinan daring DPM-PTSP",
    "LONTARA+",
    "Pajak daerah (Pakinta)",
    "Administrasi kependudukan dan pencatatan sipil",
    "Penerimaan murid baru",
)
OWNERS = ("bapenda", "diskominfo", "disdukcapil", "dpmptsp", "kecamatan-kepulauan-sangkarrang")


def scope(first: date, until: date, zone: str = MAKASSAR, known: int | None = None) -> Scope:
    period = between(first, until, ZoneInfo(zone))
    return Scope(period=period, until=period.end if known is None else known, zone=zone)


def vector(**changes) -> Report:
    """Return the report on the day of the test vector; `changes` are of its one account."""
    asked = scope(VECTOR_DAY, VECTOR_DAY + timedelta(days=1))
    start = asked.period.start
    spans = [
        Span(start + a * SECOND, start + b * SECOND, status, cause)
        for a, b, status, cause in (
            (0, 10_950, Status.UP, None),
            (10_950, 14_400, Status.UNKNOWN, UnknownCause.SELF_OFFLINE),
            (14_400, 36_000, Status.UP, None),
            (36_000, 37_200, Status.DOWN, None),
            (37_200, 54_000, Status.UP, None),
            (54_000, 54_180, Status.DOWN, None),
            (54_180, 79_200, Status.UP, None),
            (79_200, 81_000, Status.DOWN, None),
            (81_000, 86_400, Status.UP, None),
        )
    ]
    carved = Window(start + 79_200 * SECOND, start + 82_800 * SECOND)
    found = figures(
        spans,
        [asked.period],
        interval=MINUTE,
        maintenance=[carved],
        expected=1_440,
        received=1_381,
    )
    portal = replace(service(0, "98"), owner="diskominfo")
    account = Account(
        service=portal,
        checks=[a_check(id=CheckId("portal-http"), service=portal.id)],
        always=found,
        days=[DayAccount(date=VECTOR_DAY, figures=found, response=TOOK)],
        response=TOOK,
        work=(occasion(portal, carved),),
        carved=(carved,),
    )
    return report([replace(account, **changes)], asked)


def report(accounts: Sequence[Account], asked: Scope, **changes) -> Report:
    return replace(
        Report(scope=asked, provenance=PROVENANCE, accounts=accounts, wording=WORDING), **changes
    )


def city(services: int, asked: Scope, *, long_names: bool = False) -> Report:
    """Return a report on many services over a period, with some of everything that may happen."""
    accounts = [_account(number, asked, long_names=long_names) for number in range(services)]
    accounts.sort(key=lambda each: (each.service.owner, each.service.name))
    return report(
        accounts,
        asked,
        incidents=[told for each in accounts for told in _told(each, asked)],
        marks=marks(asked),
        applied=[Applied(at=instant(asked.period.start + 9 * HOUR), hash="ef" * 32)],
    )


def _account(number: int, asked: Scope, *, long_names: bool) -> Account:
    name = f"{LONG} {number}" if long_names else None
    own = service(number, None if number % 7 == 3 else ("99", "99.5", "99.9")[number % 3], name)
    days = [
        DayAccount(date=day.date, figures=None)
        if day.window.end > asked.until
        else DayAccount(
            date=day.date, figures=_day(number, n, day.window.length), response=_took(number, n)
        )
        for n, day in enumerate(days_of(asked.period, ZoneInfo(asked.zone)))
    ]
    whole = pooled([day.figures for day in days if day.figures] or [day_figures(Parts())])
    corrected = number % 5 == 1
    before = replace(whole, parts=_moved(whole.parts, HOUR)) if corrected else None
    planned = Window(asked.period.start + 22 * HOUR, asked.period.start + 24 * HOUR)
    return Account(
        service=own,
        checks=[
            a_check(id=CheckId(f"{own.id}-http"), service=own.id),
            a_check(id=CheckId(f"{own.id}-tls"), service=own.id, type="tls", target="example:443"),
        ],
        always=whole,
        measured=before,
        days=days,
        response=_took(number, 0),
        corrections=(correction(own, asked),) if corrected else (),
        work=(occasion(own, planned),) if number % 4 == 0 else (),
        carved=(planned,) if number % 4 == 0 else (),
        began=asked.period.start + 3 * HOUR if number % 11 == 5 else None,
    )


LONG = "Sistem Informasi Pelayanan Terpadu Satu Pintu Perizinan-dan-Nonperizinan-Terintegrasi " * 2


def _day(number: int, n: int, length: int) -> Figures:
    """Return a day like those that services have: most are clear, and some are not."""
    down = unknown = planned = 0
    if (number * 3 + n * 7) % 13 == 0:
        down = (20 + number % 40 * 7) * MINUTE
    if (number + n) % 17 == 4:
        unknown = (3 if n % 2 else 240) * MINUTE
    if number % 4 == 0 and n == 0:
        planned = 2 * HOUR
    down, unknown = min(down, length // 4), min(unknown, length // 4)
    planned = min(planned, length // 4)
    parts = Parts(
        up=length - down - unknown - planned,
        down=down,
        unknown=unknown,
        up_in_maintenance=planned,
    )
    return day_figures(parts, length)


def day_figures(parts: Parts, length: int = 0) -> Figures:
    slots = length // MINUTE
    return Figures(
        parts=parts,
        outages=bool(parts.down),
        interval=MINUTE,
        expected=slots,
        received=slots - parts.unknown // MINUTE,
        unknown_by_cause={UnknownCause.SELF_OFFLINE: parts.unknown} if parts.unknown else {},
    )


def _moved(parts: Parts, length: int) -> Parts:
    moved = min(length, parts.up)
    return replace(parts, up=parts.up - moved, down=parts.down + moved)


def _took(number: int, n: int) -> ResponseTimes | None:
    if (number + n) % 19 == 18:
        return None
    p50 = 90_000 + number * 7_919 % 400_000 + n * 1_000
    return ResponseTimes(p50=p50, p95=p50 * 3, p99=p50 * (9 + n % 5))


def _told(account: Account, asked: Scope) -> Iterable[Told]:
    """Yield an outage for each day with one, and for some a degradation, an expiry, a finding."""
    number = int(account.service.id.rpartition("-")[2])
    starts = [day.window for day in days_of(asked.period, ZoneInfo(asked.zone))]
    for day, window in zip(account.days, starts, strict=True):
        if day.figures and day.figures.parts.down:
            start = window.start + 10 * HOUR
            yield outage(account, start, start + day.figures.parts.down)
    if number % 6 == 2:
        start = asked.period.start + 30 * HOUR
        yield outage(account, start, None, Concern.DEGRADATION, FailureKind.SLOW)
        yield expiry(account, start)
    if number % 10 == 4:
        found = outage(account, asked.period.start + 50 * HOUR, None, kind=FailureKind.CHANGED)
        yield replace(found, incident=replace(found.incident, affects=Affects.SECURITY))


def outage(
    account: Account,
    start: int,
    end: int | None,
    concern: Concern = Concern.OUTAGE,
    kind: FailureKind = FailureKind.CONNECT_TIMEOUT,
) -> Told:
    own, since = account.service.id, instant(start)
    failure = Failure(kind, "10.0.0.9:443, 10 s")
    incident = Incident(
        id=incident_id(own, Affects.AVAILABILITY, since, concern),
        service=own,
        concern=concern,
        started_at=since,
        ended_at=None if end is None else instant(end),
        checks=(AffectedCheck(id=account.checks[0].id, since=since, failure=failure),),
    )
    note = Note(
        incident=incident.id,
        kind=NoteKind.ACKNOWLEDGED,
        by="Rina",
        at=since + timedelta(minutes=4),
        text="server dinyalakan ulang",
        via=None,
    )
    return Told(incident=incident, notes=(note,))


def expiry(account: Account, at: int) -> Told:
    told = outage(account, at, None, Concern.EXPIRY, FailureKind.EXPIRES_SOON)
    ending = Expiry(
        of=Ending.CERTIFICATE,
        name="*.makassarkota.go.id",
        mark="aa",
        expires_at=instant(at) + timedelta(days=14),
    )
    return replace(told, incident=replace(told.incident, expiry=ending))


def occasion(own: Service, window: Window, *, added: timedelta = -timedelta(days=2)) -> Occasion:
    start, end = instant(window.start), instant(window.end)
    planned = MaintenanceWindow(
        id="patch-2026-06",
        when=Occurrence(start, end),
        reason="Pembaruan server",
        approved_by="Kabid Infrastruktur",
        services=frozenset({own.id}),
    )
    record = WindowRecord(
        window=planned, source=Source.COMMAND, added_at=start + added, added_by="Budi"
    )
    return Occasion(record, Occurrence(start, end))


def correction(own: Service, asked: Scope, *, withdrawn: bool = False) -> CorrectionRecord:
    start = instant(asked.period.start + 12 * HOUR)
    made = Correction(
        id="k7x2m",
        service=own.id,
        start=start,
        end=start + timedelta(hours=1),
        status=Status.UP,
        reason="Jalur internet Balai Kota putus, layanan tidak",
        evidence="Surat ISP No. 12/2026",
        by="Rina",
        at=start + timedelta(days=3),
    )
    gone = Withdrawal(
        correction=made.id, by="Budi", reason="Surat salah tanggal", at=made.at + timedelta(days=1)
    )
    return CorrectionRecord(correction=made, withdrawn=gone if withdrawn else None)


def marks(asked: Scope) -> list[Mark]:
    at = instant(asked.period.start + 5 * HOUR)
    return [
        Mark(kind=MarkKind.STOP, at=at, epoch=1),
        Mark(kind=MarkKind.START, at=at + timedelta(minutes=3), epoch=2),
        Mark(kind=MarkKind.SELF_OFFLINE, at=at + timedelta(hours=2), epoch=2, detail="resolver"),
        Mark(kind=MarkKind.SELF_ONLINE, at=at + timedelta(hours=3), epoch=2),
        Mark(kind=MarkKind.CLOCK_STEP, at=at + timedelta(hours=9), epoch=3, detail="+1.204 s"),
    ]


AT = datetime(2026, 7, 1, 1, tzinfo=UTC)
JUNE = (date(2026, 6, 1), date(2026, 7, 1))
