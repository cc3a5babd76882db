import asyncio
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.store.sql import open_store
from tests.peers import peer


@pytest.fixture(autouse=True)
def logs():
    """Keep what is logged, as dictionaries: a traceback drawn with its variables takes minutes."""
    with capture_logs() as events:
        yield events


@pytest.fixture(scope="session")
def postgres():
    """Run a PostgreSQL server on a socket in a directory; yield how its databases are named."""
    initdb, server = peer("initdb"), peer("pg_ctl")
    with tempfile.TemporaryDirectory(prefix="pantau-postgres-") as home:
        as_user: list[str] = []
        if os.geteuid() == 0:  # the server refuses to run as root
            as_user = [peer("runuser"), "-u", "postgres", "--"]
            shutil.chown(home, "postgres")

        def run(*command: str) -> None:
            subprocess.run([*as_user, *command], check=True, stdout=subprocess.DEVNULL, cwd=home)

        run(initdb, "-D", f"{home}/data", "-A", "trust", "-U", "pantau", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off"
        run(server, "-D", f"{home}/data", "-o", options, "-w", "-l", f"{home}/log", "start")
        yield lambda name: f"postgresql+psycopg://pantau@/{name}?host={home}"
        run(server, "-D", f"{home}/data", "-m", "immediate", "-w", "stop")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.peers)])
def place(request, tmp_path: Path):
    """Return where a new store may be: a directory, or an empty database of a server."""
    if request.param == "sqlite":
        yield tmp_path / "data"
        return
    url = request.getfixturevalue("postgres")
    _on_server(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    yield url("postgres")


def _on_server(url, *statements: str) -> None:
    from sqlalchemy import create_engine

    engine = create_engine(url("postgres"))
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory) -> Path:
    """Return a data directory with a database that has its tables and no rows: to be copied."""
    directory = tmp_path_factory.mktemp("empty")

    async def make() -> None:
        async with open_store(directory, vantage="balaikota"):
            pass

    asyncio.run(make())
    return directory
