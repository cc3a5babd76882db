"""Starts daemons for tests, warm and doomed: each is forked from a process that has imported all.

`python -P tests/nursery.py` reads one JSON object a line: {"config", "log", "notify", "die_at"}.
For each it forks a child that leads its own process group and runs the daemon, and answers
{"started": PID}; when a child has ended, {"ended": PID, "code": N}, N as in `subprocess`.

`die_at` names where the child kills itself with SIGKILL, told by the store's writer thread and by
what the database then holds:

    writing:N     before the commit of the Nth transaction
    committed:N   after it
    tending:N     before the commit of the Nth step of what nobody waits for, such as sealing
    tended:N      after it
    changed       after the commit that opened, changed or closed an incident
    frozen        after the commit that fixed the body of a message, before it is sent
    settling      before the commit that would follow on the sending of a message
    settled       after it
"""

import importlib
import json
import os
import pkgutil
import selectors
import signal
import sqlite3
import sys
from pathlib import Path

import structlog

import monitor
from monitor.app.daemon import RunOptions, StartupError, run

# What runs when it is imported, and what only the command line needs.
_NOT_IMPORTED = ("monitor.__main__", "monitor.cli", "monitor.store.migrations")

# What grows at a point of that name.
_GROWING = {
    "changed": "SELECT total(sequence) FROM incident",
    "settled": "SELECT count(*) FROM outbox WHERE settled_at IS NOT NULL",
}


class Doom:
    """Kills its own process where it was told to. Called in the writer's thread."""

    def __init__(self, point: str, database: Path) -> None:
        self._point, _, number = point.partition(":")
        self._number = int(number or 1)
        self._database = database
        self._before: int | None = None

    def __call__(self, place: str) -> None:
        if self._is_here(place):
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_here(self, place: str) -> bool:
        if self._point in {"writing", "committed", "tending", "tended"}:
            self._number -= place == self._point
            return place == self._point and self._number <= 0
        if self._point == "settling":
            return place == "writing" and self._frozen()
        if place != "committed":
            return False
        if self._point == "frozen":
            return self._frozen()
        before, self._before = self._before, self._count(_GROWING[self._point])
        return before is not None and self._before > before

    def _frozen(self) -> bool:
        waiting = "body IS NOT NULL AND settled_at IS NULL AND attempts = 0"
        return self._count(f"SELECT count(*) FROM outbox WHERE {waiting}") > 0

    def _count(self, question: str) -> int:
        if not self._database.exists():
            return 0
        connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)
        try:
            return int(connection.execute(question).fetchone()[0])
        except sqlite3.OperationalError:  # its tables are being made
            return 0
        finally:
            connection.close()


def main() -> None:
    """Serve until stdin ends."""
    _import_all()
    waiting = selectors.DefaultSelector()
    waiting.register(sys.stdin.buffer, selectors.EVENT_READ, None)
    _say(ready=os.getpid())
    while True:
        for key, _ in waiting.select():
            if key.data is None:
                line = sys.stdin.buffer.readline()
                if not line:
                    return
                pid = _fork(json.loads(line))
                waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)
                _say(started=pid)
            else:
                waiting.unregister(key.fileobj)
                os.close(key.fd)
                _, status = os.waitpid(key.data, 0)
                _say(ended=key.data, code=os.waitstatus_to_exitcode(status))


def _import_all() -> None:
    for module in pkgutil.walk_packages(monitor.__path__, "monitor."):
        if not module.name.startswith(_NOT_IMPORTED):
            importlib.import_module(module.name)
    for name in ("alembic.command", "uvicorn.protocols.http.h11_impl", "uvicorn.lifespan.on"):
        importlib.import_module(name)


def _say(**line: int) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _fork(order: dict[str, str]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.setsid()
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.closerange(3, 256)
        os.environ["NOTIFY_SOCKET"] = order["notify"]
        _log_as_json()
        code = _daemon(Path(order["config"]), order.get("die_at") or "")
    finally:
        sys.stderr.flush()
        os._exit(code)


def _daemon(config: Path, die_at: str) -> int:
    database = config.parent / "data" / "pantau.db"
    try:
        run(config, RunOptions(reached=Doom(die_at, database)) if die_at else RunOptions())
    except StartupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _log_as_json() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


if __name__ == "__main__":
    main()
