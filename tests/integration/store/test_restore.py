"""Starting is quick, however long the history."""

from sqlalchemy import event

from monitor.store.restore import restored
from monitor.store.sql import open_store


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
        return restored(connection, "balaikota")

    async with open_store(tmp_path, vantage="balaikota") as store:
        await store._writer.read(ask)

    looks = [plan for plan in plans if "observation" in plan]
    assert looks
    assert all(plan.startswith("SEARCH observation USING PRIMARY KEY") for plan in looks)
