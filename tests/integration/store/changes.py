"""Changes for the store, and what it should remember of them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from monitor.domain.alert import Match, Notification
from monitor.domain.bundling import STILL_TOLD
from monitor.domain.check import Affects, CheckId
from monitor.domain.correction import Correction, Withdrawal
from monitor.domain.counting import Counted
from monitor.domain.expiry import Ending, Expiry
from monitor.domain.flapping import LONGEST
from monitor.domain.incident import (
    Acknowledgement,
    AffectedCheck,
    Concern,
    Hold,
    HoldReason,
    Incident,
    Instability,
)
from monitor.domain.instant import microseconds
from monitor.domain.maintenance import LONGEST as LONGEST_WINDOW
from monitor.domain.maintenance import MaintenanceWindow, Occurrence, Recurrence
from monitor.domain.note import Note, NoteKind, Via
from monitor.domain.observation import (
    Failure,
    FailureKind,
    MissedReason,
    MissedSlot,
    Observation,
    Outcome,
    OutcomeStatus,
    UnknownCause,
)
from monitor.domain.push import Push, Signal
from monitor.domain.reportfiling import ReportFiling
from monitor.domain.service import Criticality, ServiceId
from monitor.domain.silence import Silence
from monitor.domain.state import CheckState, Run, Transition
from monitor.domain.status import Status
from monitor.domain.text import visible_text
from monitor.domain.windowrecord import Cancellation, Source, WindowRecord
from monitor.ports import (
    Change,
    LastSample,
    Mark,
    MarkKind,
    PastIncident,
    Restored,
    TallySnapshot,
)
from monitor.store.pushes import KEPT
from tests.fakes import NOON, OK, an_alert

VANTAGE = "balaikota"
CHECKS = [CheckId(name) for name in ("portal-http", "portal-dns", "pajak")]
SERVICES = [ServiceId("portal"), ServiceId("pajak")]


def observation(minute: int = 0, check: str = "portal-http", **changes) -> Observation:
    at = NOON + timedelta(minutes=minute)
    fields = {
        "check_id": CheckId(check),
        "vantage": VANTAGE,
        "epoch": 1,
        "scheduled_at": at,
        "started_at": at,
        "duration": timedelta(milliseconds=20),
        "outcome": OK,
    }
    return Observation(**{**fields, **changes})


def notification(name: str, receiver: str = "oncall") -> Notification:
    return Notification(id=name, receiver=receiver, alert=an_alert())


def mark(kind: MarkKind, minute: int = 0, epoch: int = 1) -> Mark:
    return Mark(kind=kind, at=NOON + timedelta(minutes=minute), epoch=epoch)


def change_to(new: Status, old: Status, minute: int, **changes) -> Transition:
    at = NOON + timedelta(minutes=minute)
    return Transition(old=old, new=new, at=at, noticed_at=at, **changes)


times = st.integers(0, 500).map(lambda n: NOON + timedelta(microseconds=n * 7_000_001))
texts = st.text(max_size=30).map(visible_text)
failures = st.builds(Failure, st.sampled_from(FailureKind), texts)
checks = st.sampled_from(CHECKS)
statuses = st.sampled_from(Status)
causes = st.sampled_from(UnknownCause)
epochs = st.integers(1, 3)

outcomes = st.builds(
    Outcome,
    status=st.sampled_from(OutcomeStatus),
    failure=st.none() | failures,
    cause=st.none() | causes,
)
observations = st.builds(
    Observation,
    check_id=checks,
    vantage=st.just(VANTAGE),
    epoch=epochs,
    scheduled_at=times,
    attempt=st.integers(0, 3),
    started_at=times,
    duration=st.timedeltas(timedelta(0), timedelta(minutes=1)),
    outcome=outcomes,
)
missed = st.builds(
    MissedSlot,
    check_id=checks,
    vantage=st.just(VANTAGE),
    epoch=epochs,
    scheduled_at=times,
    reason=st.sampled_from(MissedReason),
    count=st.integers(1, 5),
)
states = st.builds(
    CheckState,
    status=statuses,
    since=st.none() | times,
    cause=st.none() | causes,
    confirmed=statuses,
    confirmed_since=st.none() | times,
    runs=st.lists(st.builds(Run, statuses, st.integers(1, 9), times), max_size=2).map(tuple),
    failure=st.none() | failures,
)
transitions = st.builds(
    Transition,
    old=statuses,
    new=statuses,
    at=times,
    noticed_at=times,
    cause=st.none() | causes,
    failure=st.none() | failures,
)
affected = st.builds(
    AffectedCheck, id=checks, since=times, until=st.none() | times, failure=st.none() | failures
)
incidents = st.builds(
    Incident,
    id=st.sampled_from(["INC1", "INC2", "INC3"]),
    service=st.sampled_from(SERVICES),
    affects=st.sampled_from(Affects),
    concern=st.sampled_from(Concern),
    expiry=st.none()
    | st.builds(
        Expiry,
        of=st.sampled_from(Ending),
        name=texts,
        mark=texts,
        expires_at=times,
        told_days=st.none() | st.integers(1, 60),
        until=st.none() | times,
    ),
    started_at=times,
    ended_at=st.none() | times,
    checks=st.lists(affected, max_size=3, unique_by=lambda one: one.id).map(tuple),
    sequence=st.integers(0, 9),
    receivers=st.lists(texts, max_size=2).map(tuple),
    news_since=st.none() | times,
    alarmed_at=st.none() | times,
    told_at=st.none() | times,
    hold=st.none()
    | st.builds(Hold, reason=st.sampled_from(HoldReason), by=texts, until=st.none() | times),
    acknowledged=st.none()
    | st.builds(Acknowledgement, by=texts, at=times, comment=texts, told=st.booleans()),
    unstable=st.none()
    | st.builds(
        Instability,
        changes=st.integers(1, 9),
        since=times,
        within=st.timedeltas(timedelta(0), LONGEST),
        changed_at=times,
        quiet_since=times,
        outlasts=st.booleans(),
        over=st.booleans(),
    ),
)
marks = st.builds(Mark, kind=st.sampled_from(MarkKind), at=times, epoch=epochs, detail=texts)
snapshots = st.builds(
    TallySnapshot,
    at=times.map(microseconds),
    microseconds=st.fixed_dictionaries({s: st.integers(0, 10**15) for s in Status}),
    apart=st.dictionaries(
        st.sampled_from(Counted),
        st.fixed_dictionaries({s: st.integers(0, 10**15) for s in Status}),
        max_size=2,
    ),
)


pushes = st.builds(
    Push,
    check_id=checks,
    number=st.integers(1, 40),
    signal=st.sampled_from(Signal),
    received_at=times,
    status=st.none() | st.sampled_from(OutcomeStatus),
    ended_at=st.none() | times,
    exit_code=st.none() | st.integers(0, 255),
    run=st.none() | st.timedeltas(timedelta(0), timedelta(days=2)),
    started_at=st.none() | times,
    detail=texts,
    values=st.dictionaries(st.sampled_from(["fuel", "volts"]), st.floats(-1e9, 1e9)),
    body=st.binary(max_size=30),
)


def some(strategy, most: int = 2):
    return st.lists(strategy, max_size=most).map(tuple)


silences = st.builds(
    Silence,
    id=st.sampled_from(["s1", "s2"]),
    match=st.builds(
        Match,
        owners=st.frozensets(texts, max_size=2),
        services=st.frozensets(st.sampled_from(SERVICES), max_size=2),
        criticalities=st.frozensets(st.sampled_from(Criticality), max_size=2),
        labels=st.dictionaries(st.sampled_from(["rack", "kecamatan"]), texts, max_size=2),
    ),
    at=times,
    until=times,
    by=texts,
    comment=texts,
    lifted_by=texts,
)
notes = st.builds(
    Note,
    incident=st.sampled_from(["INC1", "INC2", "INC3"]),
    kind=st.sampled_from(NoteKind),
    by=texts,
    at=times,
    text=texts,
    via=st.none() | st.sampled_from(Via),
    receiver=st.sampled_from(["", "oncall"]),
)
windows = st.builds(
    MaintenanceWindow,
    id=st.sampled_from(["patch", "backup"]),
    when=st.builds(Occurrence, times, times)
    | st.builds(
        Recurrence,
        rule=st.just("FREQ=WEEKLY;BYDAY=SU"),
        first=st.dates(),
        start=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
        duration=st.timedeltas(timedelta(microseconds=1), timedelta(days=30)),
        zone=st.sampled_from(["Asia/Makassar", "Europe/Paris"]).map(ZoneInfo),
    ),
    reason=texts,
    approved_by=texts,
    public_reason=texts,
    services=st.frozensets(st.sampled_from(SERVICES), max_size=2),
    owners=st.frozensets(texts, max_size=2),
    labels=st.dictionaries(st.sampled_from(["rack", "kecamatan"]), texts, max_size=2),
)
window_records = st.builds(
    WindowRecord,
    window=windows,
    source=st.just(Source.FILE),
    added_at=times,
    added_by=texts,
    cancelled=st.none() | st.builds(Cancellation, at=times, by=texts, reason=texts),
)
corrections = st.builds(
    Correction,
    id=st.sampled_from(["k1", "k2"]),
    service=st.sampled_from(SERVICES),
    start=times,
    end=times,
    status=st.sampled_from(Status),
    reason=texts,
    evidence=texts,
    by=texts,
    at=times,
) | st.builds(
    Withdrawal, correction=st.sampled_from(["k1", "k2"]), by=texts, reason=texts, at=times
)
digests = st.sampled_from(["0a" * 32, "1b" * 32])
filings = st.builds(
    ReportFiling,
    id=digests,
    name=st.sampled_from(["2026-10/laporan-2026-10-v1", "2026-10/laporan-2026-10-v2"]),
    period=st.just("2026-10"),
    version=st.integers(1, 2),
    fingerprint=digests,
    files=st.dictionaries(texts, digests, max_size=2),
    by=texts,
    at=times,
    replaces=st.none() | digests,
    number=st.none() | texts,
    owners=st.lists(texts, max_size=2, unique=True).map(tuple),
    services=st.lists(texts, max_size=2, unique=True).map(tuple),
)
changes = st.builds(
    Change,
    observations=some(observations, 4),
    missed=some(missed),
    states=st.dictionaries(checks, states, max_size=2),
    transitions=some(st.tuples(checks, transitions)),
    incidents=some(incidents),
    notifications=some(st.builds(notification, st.sampled_from(["N1", "N2", "N3", "N4"]))),
    marks=some(marks),
    tallies=st.dictionaries(checks, snapshots, max_size=2),
    service_tallies=st.dictionaries(st.sampled_from(SERVICES), snapshots, max_size=2),
    forgotten=some(checks, 1),
    pushes=some(pushes),
    silences=some(silences),
    notes=some(notes),
    windows=some(window_records),
    corrections=some(corrections),
    filings=some(filings),
)


def _is_kept(one: WindowRecord) -> bool:
    """Say whether a window of the file is in force still, or was lately."""
    since = NOON - STILL_TOLD - LONGEST_WINDOW
    when = one.window.when
    is_over = isinstance(when, Occurrence) and when.end <= since
    return one.cancelled is None or (one.cancelled.at > since and not is_over)


@dataclass
class Memory:
    """A store that is nothing but dictionaries: what the real one must agree with."""

    epoch: int = 0
    samples: dict[tuple[CheckId, int, datetime], Status] = field(default_factory=dict)
    states: dict[CheckId, CheckState] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    notifications: dict[str, Notification] = field(default_factory=dict)
    marks: dict[tuple[int, datetime, MarkKind], Mark] = field(default_factory=dict)
    tallies: dict[CheckId, tuple[int, TallySnapshot]] = field(default_factory=dict)
    service_tallies: dict[ServiceId, TallySnapshot] = field(default_factory=dict)
    pushes: dict[tuple[CheckId, int], Push] = field(default_factory=dict)
    silences: dict[str, Silence] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)
    windows: dict[tuple[str, datetime], WindowRecord] = field(default_factory=dict)

    def commit(self, change: Change) -> None:
        spoken_of = (*change.observations, *change.missed, *change.marks)
        self.epoch = max([self.epoch, *(one.epoch for one in spoken_of)])
        for one in change.observations:
            self.samples.setdefault((one.check_id, one.epoch, one.scheduled_at), one.sample)
        self.states.update(change.states)
        for check in change.forgotten:
            self.states.pop(check, None)
        self.incidents.update({one.id: one for one in change.incidents})
        for one in change.notifications:
            self.notifications.setdefault(one.id, one)
        for one in change.marks:
            self.marks.setdefault((one.epoch, one.at, one.kind), one)
        self.silences.update({one.id: one for one in change.silences})
        for one in change.notes:
            self.notes.setdefault(one.id, one)
        for one in change.windows:
            known = self.windows.setdefault(one.key, one)
            self.windows[one.key] = known.ended(one.cancelled) if one.cancelled else known
        self.tallies.update({i: (self.epoch, each) for i, each in change.tallies.items()})
        self.service_tallies.update(change.service_tallies)
        self.pushes.update({(one.check_id, one.number % KEPT): one for one in change.pushes})

    def restored(self) -> Restored:
        last = self._last_samples()
        found = [one for one in self.incidents.values() if one.ended_at is None or one.news_since]
        ended = [
            one
            for one in self.incidents.values()
            if one.ended_at is not None
            and one.ended_at >= NOON - STILL_TOLD
            and one.news_since is None
        ]
        recent = [
            PastIncident(
                id=one.id,
                service=one.service,
                affects=one.affects,
                concern=one.concern,
                started_at=one.started_at,
                ended_at=one.ended_at,
            )
            for one in self.incidents.values()
            if one.ended_at is not None and one.ended_at >= NOON - LONGEST
        ]
        return Restored(
            recent=tuple(sorted(recent, key=lambda one: (one.started_at, one.id))),
            ended=tuple(sorted(ended, key=lambda one: (one.started_at, one.id))),
            epoch=self.epoch,
            stopped_at=self._stopped_at(last),
            states=self.states,
            last_samples=last,
            incidents=tuple(sorted(found, key=lambda one: (one.started_at, one.id))),
            tallies={i: each for i, (_, each) in self.tallies.items()},
            service_tallies=self.service_tallies,
            later_samples=self._later_samples(),
            offline_since=self._since(MarkKind.SELF_OFFLINE, MarkKind.SELF_ONLINE),
            silences=tuple(
                sorted(self.silences.values(), key=lambda one: (-microseconds(one.until), one.id))
            ),
            windows=tuple(
                sorted(
                    (one for one in self.windows.values() if _is_kept(one)),
                    key=lambda one: (one.added_at, one.window.id),
                )
            ),
            pushes={
                one.check_id: one for one in sorted(self.pushes.values(), key=lambda p: p.number)
            },
            past=tuple(
                one.id
                for one in sorted(self.incidents.values(), key=lambda one: (one.started_at, one.id))
            ),
        )

    def _last_samples(self) -> dict[CheckId, LastSample]:
        newest: dict[CheckId, LastSample] = {}
        for check, epoch, at in sorted(self.samples):
            newest[check] = LastSample(epoch=epoch, scheduled_at=at)
        return newest

    def _later_samples(self) -> dict[CheckId, list[tuple[int, Status]]]:
        later: dict[CheckId, list[tuple[int, Status]]] = {}
        for (check, epoch, at), status in sorted(self.samples.items()):
            since = microseconds(at)
            known = self.tallies.get(check)
            if known and (since < known[1].at or (epoch, since) < (known[0], known[1].at)):
                continue
            later.setdefault(check, []).append((since, status))
        return later

    def _since(self, wanted: MarkKind, other: MarkKind) -> datetime | None:
        found = [one for one in self.marks.values() if one.kind in (wanted, other)]
        return found[-1].at if found and found[-1].kind is wanted else None

    def _stopped_at(self, last: dict[CheckId, LastSample]) -> datetime | None:
        found = [m for m in self.marks.values() if m.kind in (MarkKind.START, MarkKind.STOP)]
        if not found or found[-1].kind is MarkKind.START:
            return None
        stop = found[-1]
        later = any((s.epoch, s.scheduled_at) > (stop.epoch, stop.at) for s in last.values())
        return None if later else stop.at
