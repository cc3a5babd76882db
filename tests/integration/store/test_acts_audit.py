"""What is changed in the lists of corrections and planned work shows, and in which of them."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.correction import Correction, Withdrawal
from monitor.domain.maintenance import MaintenanceWindow, Occurrence
from monitor.domain.observation import Status
from monitor.domain.service import ServiceId
from monitor.domain.windowrecord import Cancellation, Source, WindowRecord
from monitor.ports import Change
from monitor.store.backup import back_up
from monitor.store.connection import DATABASE
from monitor.store.ledgerreader import open_ledger
from monitor.store.putback import put_back
from monitor.store.reader import Examined
from monitor.store.sql import open_store
from tests.fakes import NOON
from tests.integration.store.changes import VANTAGE, corrections, window_records

MADE = Correction(
    id="k1",
    service=ServiceId("portal"),
    start=NOON,
    end=NOON + timedelta(hours=1),
    status=Status.UNKNOWN,
    reason="Jalur kami putus",
    evidence="Surat ISP 12/2026",
    by="Rina",
    at=NOON,
)
OTHER = replace(MADE, id="k2", status=Status.DOWN)
WITHDRAWN = Withdrawal(correction="k2", by="Budi", reason="keliru", at=NOON)
PLANNED = WindowRecord(
    window=MaintenanceWindow(
        id="patch",
        when=Occurrence(NOON, NOON + timedelta(hours=1)),
        reason="Pembaruan server",
        approved_by="Kabid",
        services=frozenset({ServiceId("portal")}),
    ),
    source=Source.COMMAND,
    added_at=NOON - timedelta(days=1),
    added_by="Rina",
)
CANCELLED = PLANNED.ended(Cancellation(at=NOON, by="Budi", reason="selesai"))
ACTS = Change(corrections=(MADE, OTHER, WITHDRAWN), windows=(PLANNED,))


async def stored(directory, *changes):
    async with open_store(directory, vantage=VANTAGE) as store:
        for change in changes:
            await store.commit(change)


@pytest.fixture
async def history(tmp_path):
    await stored(tmp_path, ACTS, Change(windows=(CANCELLED,)))
    return tmp_path


def audited(directory):
    with open_ledger(directory, examined=Examined.NEVER) as reader:
        return reader.acts()


def test_what_was_said_is_as_it_was(history):
    """Lists that nobody touched agree with the ledger, each act with its entry."""
    found = audited(history)

    assert (found.acts, found.restored, found.faults) == (5, 0, [])


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("DELETE FROM correction WHERE id = 'k1'", "correction k1: entry"),
        ("DELETE FROM correction WHERE withdraws = 'k2'", "correction k2: entry"),
        ("UPDATE correction SET reason = 'lain' WHERE id = 'k1'", "correction k1: no entry"),
        ("UPDATE correction SET at = at - 1 WHERE id = 'k1'", "correction k1: no entry"),
        (
            "UPDATE correction SET document = replace(document, 'unknown', 'up') WHERE id = 'k1'",
            "correction k1: no entry",
        ),
        (
            """INSERT INTO correction (id, document, at, by, reason)
            SELECT 'k3', document, at, by, reason FROM correction WHERE id = 'k1'""",
            "correction k3: no entry",
        ),
        ("DELETE FROM maintenance_window", "planned work patch: entry"),
        ("UPDATE maintenance_window SET added_at = added_at - 1", "planned work patch: no entry"),
        ("UPDATE maintenance_window SET cancelled_at = NULL", "planned work patch: entry"),
        (
            "UPDATE maintenance_window SET document = replace(document, 'Kabid', 'Kadis')",
            "planned work patch: no entry",
        ),
    ],
)
def test_what_is_changed_is_named(history, statement, named):
    """Whatever is changed, added or taken away in the lists is named."""
    with closing(sqlite3.connect(history / DATABASE)) as database, database:
        assert database.execute(statement).rowcount

    assert audited(history).faults[0].startswith(named)


async def test_what_a_backup_lacks_is_no_fault(tmp_path):
    """What was said after the backup that was put back is in the ledger alone, and is counted."""
    await stored(tmp_path, Change(corrections=(MADE,)))
    back_up(tmp_path, tmp_path / "kept.db")
    await stored(tmp_path, Change(corrections=(OTHER,)))
    put_back(tmp_path, tmp_path / "kept.db", by="Rina", at=NOON)

    found = audited(tmp_path)
    assert (found.acts, found.restored, found.faults) == (1, 1, [])


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    acts=st.lists(corrections, max_size=6),
    work=st.lists(window_records, max_size=6, unique_by=lambda record: record.key),
)
async def test_nobody_is_accused_falsely(tmp_path_factory, acts, work):
    """Whatever people say, and however often, the lists agree with the ledger."""
    place = tmp_path_factory.mktemp("acts")
    planned = Change(windows=tuple(replace(record, cancelled=None) for record in work))
    cancelled = Change(windows=tuple(record for record in work if record.cancelled))
    await stored(place, Change(corrections=tuple(acts)), planned, cancelled)

    assert audited(place).faults == []
