"""What of a change goes into the ledger, and in which words. Pure.

An entry is an object with its `type`; times are microseconds since the Unix epoch, in `at` when
it was so. What nobody may ever read in a ledger (bodies, secrets, free text of a target beyond
its failure) is not in it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitor.domain.check import CheckId
from monitor.domain.correction import Correction, Withdrawal
from monitor.domain.deadletter import Retry
from monitor.domain.instant import microseconds
from monitor.domain.note import Note, NoteKind
from monitor.domain.reportfiling import ReportFiling
from monitor.domain.silence import Silence
from monitor.domain.state import Transition
from monitor.domain.status import Status
from monitor.domain.text import visible_text
from monitor.domain.windowrecord import WindowRecord
from monitor.ledger.canonical import canonical
from monitor.ledger.tree import Frontier
from monitor.ports import Configured, Mark
from monitor.store.windows import window_text

_WHOLE = 1 << 20
_NOTE_TYPES = {NoteKind.ACKNOWLEDGED: "ack", NoteKind.COMMENT: "comment"}


def transition_entry(check: CheckId, vantage: str, epoch: int, transition: Transition) -> bytes:
    """Return the entry of a change of the status that is shown of a check."""
    failure = transition.failure
    return _entry(
        "transition",
        check=check,
        vantage=vantage,
        epoch=epoch,
        at=microseconds(transition.at),
        noticed_at=microseconds(transition.noticed_at),
        old=transition.old.value,
        new=transition.new.value,
        cause=None if transition.cause is None else transition.cause.value,
        kind=None if failure is None else failure.kind.value,
        detail=None if failure is None else failure.detail,
    )


def mark_entry(vantage: str, mark: Mark) -> bytes:
    """Return the entry of an event of the monitor itself; its type is the event's."""
    return _entry(
        mark.kind.value,
        vantage=vantage,
        epoch=mark.epoch,
        at=microseconds(mark.at),
        detail=mark.detail,
    )


def silence_entry(silence: Silence) -> bytes:
    """Return the entry of a silence as it is from now on: begun, or lifted."""
    match = silence.match
    return _entry(
        "silence",
        id=silence.id,
        at=microseconds(silence.at),
        until=microseconds(silence.until),
        by=silence.by,
        comment=silence.comment,
        lifted_by=silence.lifted_by,
        owners=sorted(match.owners),
        services=sorted(match.services),
        criticalities=sorted(each.value for each in match.criticalities),
        types=sorted(match.types),
        labels=dict(match.labels),
    )


def window_entry(record: WindowRecord) -> bytes:
    """Return the entry of a maintenance window as it is from now on: known, or cancelled."""
    cancelled = record.cancelled
    return _entry(
        "maintenance",
        longest=_WHOLE,  # an auditor reads in it what was planned
        id=record.window.id,
        at=microseconds(cancelled.at if cancelled else record.added_at),
        source=record.source.value,
        added_at=microseconds(record.added_at),
        added_by=record.added_by,
        window=window_text(record.window),
        cancelled_by=cancelled.by if cancelled else None,
        cancel_reason=cancelled.reason if cancelled else None,
    )


def note_entry(note: Note) -> bytes:
    """Return the entry of what somebody did about an incident; its type is what it was."""
    return _entry(
        _NOTE_TYPES[note.kind],
        incident=note.incident,
        by=note.by,
        at=microseconds(note.at),
        text=note.text,
        via=None if note.via is None else note.via.value,
        receiver=note.receiver,
    )


def correction_entry(act: Correction | Withdrawal) -> bytes:
    """Return the entry of a correction of what was recorded, or of its withdrawal."""
    said: dict[str, Any] = {"by": act.by, "at": microseconds(act.at), "reason": act.reason}
    if isinstance(act, Withdrawal):
        return _entry("correction", id=act.correction, withdrawn=True, **said)
    return _entry(
        "correction",
        id=act.id,
        withdrawn=False,
        service=act.service,
        check=act.check,
        start=microseconds(act.start),
        end=microseconds(act.end),
        status=act.status.value,
        evidence=act.evidence,
        **said,
    )


def filing_entry(filing: ReportFiling) -> bytes:
    """Return the entry of a report that was filed, or of a version that files were added to."""
    return _entry(
        "report",
        longest=_WHOLE,
        id=filing.id,
        name=filing.name,
        period=filing.period,
        version=filing.version,
        replaces=filing.replaces,
        sidik_data=filing.fingerprint,
        number=filing.number,
        owners=sorted(filing.owners),
        services=sorted(filing.services),
        files=dict(filing.files),
        by=filing.by,
        at=microseconds(filing.at),
    )


def retry_entry(retry: Retry, receiver: str) -> bytes:
    """Return the entry of a message that was given up and is to be sent after all."""
    return _entry(
        "retry", row=retry.row_id, receiver=receiver, by=retry.by, at=microseconds(retry.at)
    )


def configuration_entry(configured: Configured) -> bytes:
    """Return the entry of a configuration that was taken up: the hash of all its files."""
    return _entry("config", hash=configured.hash, at=microseconds(configured.at))


def restored_entry(by: str, at: datetime, size: int) -> bytes:
    """Return the entry that says that a backup was put in the place of the database.

    The backup had `size` entries: of what later ones tell, the database knows no more.
    """
    return _entry("restored", by=by, at=microseconds(at), size=size)


def hour_entry(
    vantage: str, hour: int, part: int, leaves: Frontier, totals: Mapping[str, int]
) -> bytes:
    """Return the entry of an hour whose checks are all sealed, or of what came late of it.

    `hour` is counted from 1970 (UTC), `root` stands for the rows of all checks in order of their
    names (RFC 9162), in hexadecimal. Times in each status are in microseconds.
    """
    names = ("samples", "expected", "received", *(status.value for status in Status))
    return _entry(
        "hour",
        vantage=vantage,
        hour=hour,
        part=part,
        checks=leaves.size,
        root=leaves.root.hex(),
        **{name: totals.get(name, 0) for name in names},
    )


def retention_entry(vantage: str, before: int, at: int) -> bytes:
    """Return the entry that says that samples of hours before `before` are kept no longer."""
    return _entry("retention", vantage=vantage, before=before, at=at)


def set_aside_entry(kept: str, at: datetime) -> bytes:
    """Return the entry that says that the database was damaged, and is kept as the file `kept`.

    For who reads the ledger it is as if a backup without any entry had been put back.
    """
    return _entry("restored", by="Pantau", at=microseconds(at), size=0, damaged=kept)


def key_entry(vkey: str, at: int) -> bytes:
    """Return the entry of the key that signs from here on."""
    return _entry("key", key=vkey, at=at)


def rotation_entry(vkey: str, note: str, by: str, at: datetime) -> bytes:
    """Return the entry of another key that signs from here on, with what both keys signed."""
    named = {"key": vkey, "note": note, "by": visible_text(by), "at": microseconds(at)}
    return canonical({"type": "key", **named})


def _entry(kind: str, /, longest: int = 1024, **members: Any) -> bytes:
    shown = {
        name: visible_text(value, longest) if isinstance(value, str) else value
        for name, value in members.items()
    }
    return canonical({"type": kind, **shown})
