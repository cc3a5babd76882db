"""Starting is quick, however long the history."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from monitor.domain.alert import Match
from monitor.domain.maintenance import MaintenanceWindow, Occurrence
from monitor.domain.observation import UnknownCause
from monitor.domain.silence import Silence
from monitor.domain.windowrecord import Source, WindowRecord
from monitor.ports import Change, Configured, Mark, MarkKind
from monitor.store.restore import restored
from monitor.store.sql import open_store
from tests.fakes import NOON


async def test_restore_reads_no_history_as_a_whole(tmp_path):
    """Each look at the samples goes down the key; none reads all that were ever taken."""
    plans: list[str] = []

    def explain(connection, _cursor, statement, parameters, *_):
        if statement.startswith("SELECT"):
            driver = connection.connection.dbapi_connection
            rows = driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[3] for row in rows)

    def ask(connection):
        event.listen(connection, "before_cursor_execute", explain)
        return restored(connection, "balaikota", NOON)

    async with open_store(tmp_path, vantage="balaikota") as store:
        await store._writer.read(ask)

    looks = [plan for plan in plans if "observation" in plan]
    assert looks
    assert all(plan.startswith("SEARCH observation USING PRIMARY KEY") for plan in looks)


async def test_since_when_a_configuration_stands(tmp_path):
    """Where no window was ever taken down, the last configuration is remembered, and since when it
    was in force without another one between; a text that looks like one is none.
    """
    async with open_store(tmp_path, vantage="balaikota") as store:
        assert (await store.restore()).configured is None
        for hour, hashed in enumerate(["b", "a", "b", "b"]):
            taken_up = Configured(hashed, NOON + timedelta(hours=hour))
            await store.commit(Change(configured=(taken_up,)))
        silence = Silence(
            id="x", match=Match(), at=NOON, until=NOON, by='"type":"config"}', comment=""
        )
        await store.commit(Change(silences=(silence,)))
        assert (await store.restore()).configured == Configured("b", NOON + timedelta(hours=2))

        window = MaintenanceWindow(
            id="patch", when=Occurrence(NOON, NOON), reason="x", approved_by="y"
        )
        record = WindowRecord(window=window, source=Source.FILE, added_at=NOON)
        await store.commit(Change(windows=(record,)))
        assert (await store.restore()).configured is None


@pytest.mark.parametrize("cause", [UnknownCause.SELF_OFFLINE, UnknownCause.RESOLVER])
async def test_what_was_gone_is_remembered(tmp_path, cause):
    """After a restart it is still our resolver that is gone, if it was that and nothing else."""
    mark = Mark(kind=MarkKind.SELF_OFFLINE, at=NOON, epoch=1, detail=cause)
    async with open_store(tmp_path, vantage="balaikota") as store:
        await store.commit(Change(marks=(mark,)))
        remembered = await store.restore()

    assert (remembered.offline_since, remembered.offline_cause) == (NOON, cause)
