"""Starting is quick, however long the history."""

import pytest
from sqlalchemy import event

from monitor.domain.observation import UnknownCause
from monitor.ports import Change, Mark, MarkKind
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


@pytest.mark.parametrize("cause", [UnknownCause.SELF_OFFLINE, UnknownCause.RESOLVER])
async def test_what_was_gone_is_remembered(tmp_path, cause):
    """After a restart it is still our resolver that is gone, if it was that and nothing else."""
    mark = Mark(kind=MarkKind.SELF_OFFLINE, at=NOON, epoch=1, detail=cause)
    async with open_store(tmp_path, vantage="balaikota") as store:
        await store.commit(Change(marks=(mark,)))
        remembered = await store.restore()

    assert (remembered.offline_since, remembered.offline_cause) == (NOON, cause)
