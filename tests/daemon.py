"""The real daemon, as a process of its own: started, killed, stopped, asked and read from outside.

A `Site` is a configuration in a folder; a `Daemon` runs on it, time after time. Nothing that
either does reaches beyond loopback: its resolver and its canary are there.
"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, Self

ROOT = Path(__file__).parent.parent
_NURSERY = Path(__file__).parent / "nursery.py"
_START_SECONDS = 60.0
# Where the `monitor` lies that is to be run: mutants of it are run by the same tests.
_PACKAGE = Path(os.environ.get("PANTAU_PACKAGE_FOLDER", ROOT))

Entry = Mapping[str, Any]


def eventually(
    condition: Callable[[], Any], seconds: float, what: str, every_seconds: float = 0.02
) -> Any:
    """Return the first true value of `condition`, or fail after `seconds`, saying `what`."""
    until = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(every_seconds)


def quiet_port() -> int:
    """Return a free port that no outgoing connection is given, so that it stays free."""
    while True:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Site:
    """A folder with checks.yaml and config/. `write` replaces the checks, atomically."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pantau-"))
        self.config = self.folder / "checks.yaml"
        self.data = self.folder / "data"
        self.port = quiet_port()
        (self.folder / "config").mkdir()

    def write(
        self, services: Iterable[Entry], checks: Iterable[Entry], **defaults: str | int
    ) -> None:
        """Write checks.yaml: one service and one check a line."""
        lines = [
            "version: 1",
            f"defaults: {json.dumps(defaults)}",
            "services:",
            *(f"  - {json.dumps(each)}" for each in services),
            "checks:",
            *(f"  - {json.dumps(each)}" for each in checks),
        ]
        new = self.config.with_suffix(".new")
        new.write_text("\n".join(lines) + "\n")
        new.replace(self.config)

    def write_settings(self, *, canary: str | None = None, **others: Any) -> None:
        """Write config/monitor.yaml. The canary is the daemon's own listener unless it is named."""
        settings = {
            "listen": f"127.0.0.1:{self.port}",
            "resolver": {"nameservers": [f"127.0.0.1:{self.port}"], "timeout": "500ms"},
            "self_check": {"targets": [canary or f"127.0.0.1:{self.port}"]},
            **others,
        }
        (self.folder / "config" / "monitor.yaml").write_text(json.dumps(settings) + "\n")

    def write_alerts(self, receivers: Mapping[str, str], **grouping: str | int) -> None:
        """Write config/alerts.yaml: everything is told to every one of these webhooks.

        Unless `grouping` says otherwise, news of an incident wait for nothing, and share no message
        with others.
        """
        alerts = {
            "receivers": [
                {"name": name, "type": "webhook", "url": url} for name, url in receivers.items()
            ],
            "routes": [{"receiver": name, "continue": True} for name in receivers],
            "grouping": {"by": "service", "wait": "0s", "storm_limit": 100_000, **grouping},
        }
        (self.folder / "config" / "alerts.yaml").write_text(json.dumps(alerts) + "\n")

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class Process(Protocol):
    """A running daemon, seen by whoever started it."""

    pid: int

    def ended(self, seconds: float) -> int | None:
        """Return the exit code (as `subprocess` has it), or None after `seconds` without one."""


class Launcher(Protocol):
    """Starts the daemon of a site."""

    def __call__(self, site: Site, log: Path, notify: Path, die_at: str) -> Process: ...


class Installed:
    """Runs `python -m monitor run`, as people do. `prefix` is a command that runs it in turn."""

    def __init__(self, *prefix: str, **environment: str) -> None:
        self._prefix = prefix
        self._environment = environment

    def __call__(self, site: Site, log: Path, notify: Path, die_at: str) -> Process:
        command = [sys.executable, "-P", "-m", "monitor", "run", "--config", str(site.config)]
        environment = {
            **os.environ,
            "PYTHONPATH": str(_PACKAGE),
            "NOTIFY_SOCKET": str(notify),
            **self._environment,
        }
        with log.open("ab") as output:
            child = subprocess.Popen(
                [*self._prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                cwd=ROOT,
                start_new_session=True,
            )
        return _Child(child)


class _Child:
    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        self._child = child
        self.pid = child.pid

    def ended(self, seconds: float) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            return self._child.wait(seconds)
        return None


class Nursery:
    """Forks daemons from a process that has imported everything (see `tests/nursery.py`)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [*_up_for_hours(), sys.executable, "-P", str(_NURSERY)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(_PACKAGE)},
            cwd=tempfile.gettempdir(),
            start_new_session=True,
        )
        self._said: list[dict[str, int]] = []
        self._codes: dict[int, int] = {}
        self._changed = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            self._answer("ready")
        except AssertionError:
            self._process.kill()
            self.close()
            raise

    def __call__(self, site: Site, log: Path, notify: Path, die_at: str) -> Process:
        order = {
            "config": str(site.config),
            "log": str(log),
            "notify": str(notify),
            "die_at": die_at,
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return _Forked(self._answer("started"), self)

    def code(self, pid: int, seconds: float) -> int | None:
        """Return how the child `pid` ended, or None after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: pid in self._codes, seconds)
            return self._codes.get(pid)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with suppress(ValueError):
            for line in self._process.stdout:
                said = json.loads(line)
                with self._changed:
                    if "ended" in said:
                        self._codes[said["ended"]] = said["code"]
                    else:
                        self._said.append(said)
                    self._changed.notify_all()

    def _answer(self, key: str) -> int:
        with self._changed:
            heard = self._changed.wait_for(lambda: self._said, _START_SECONDS)
            assert heard, f"the nursery did not say {key!r}; exit code {self._process.poll()}"
            return self._said.pop(0)[key]


def _up_for_hours() -> tuple[str, ...]:
    """Return the prefix of a command that sees a machine which was started hours ago, if root may.

    On one that was just started, and whose clock no time server keeps, dates wait for an hour:
    nothing is sealed, filed, or told to expire.
    """
    prefix = ("unshare", "--time", "--boottime", "7200")
    if os.geteuid() != 0:
        return ()
    tried = subprocess.run([*prefix, "true"], check=False, capture_output=True)
    return prefix if tried.returncode == 0 else ()


class _Forked:
    def __init__(self, pid: int, nursery: Nursery) -> None:
        self.pid = pid
        self._nursery = nursery

    def ended(self, seconds: float) -> int | None:
        return self._nursery.code(self.pid, seconds)


class Daemon:
    """One site's daemon. `log` gathers the output of all its runs.

    `started_at` and `ready_at` are monotonic seconds of the last run; `kills` are the times
    (Unix seconds) at which a run ended without being asked.
    """

    def __init__(self, site: Site, launch: Launcher) -> None:
        self.site = site
        self.log = site.folder / "log"
        self.kills: list[float] = []
        self.started_at = self.ready_at = 0.0
        self.process: Process | None = None
        self._launch = launch
        self._notices: list[tuple[float, str]] = []
        path = site.folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._path = path
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def launch(self, die_at: str = "") -> None:
        """Start it, and don't wait."""
        self._notices.clear()
        self.started_at = time.monotonic()
        self.process = self._launch(self.site, self.log, self._path, die_at)

    def start(self, die_at: str = "", *, may_die: bool = False) -> Self:
        """Start it, and return once it says that it is ready, or is dead as it was told to be.

        With `may_die` somebody else may kill it before it is ready.
        """
        self.launch(die_at)
        eventually(
            lambda: self._ready() or self.ended(0) is not None, _START_SECONDS, "the daemon started"
        )
        if not self.ready_at and not (die_at or may_die):
            raise AssertionError(f"the daemon ended with {self.ended(0)}:\n{self.tail()}")
        return self

    def ended(self, seconds: float) -> int | None:
        """Return the exit code, or None if it still runs after `seconds`."""
        return None if self.process is None else self.process.ended(seconds)

    def kill(self) -> None:
        """Kill its whole process group, if it isn't dead yet, and wait for its end."""
        self.kill_now()
        assert self.ended(10) is not None, "a killed process ends"
        self.process = None

    def kill_now(self) -> None:
        """Kill its whole process group, from whatever thread, and don't wait."""
        self.kills.append(time.time())
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def terminate(self) -> tuple[int | None, float]:
        """Ask it to stop; return its exit code (None: it did not within 15 s), and the seconds."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        code = self.ended(15)
        seconds = time.monotonic() - began
        if code is not None:
            self.process = None
        return code, seconds

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def cpu_seconds(self) -> float:
        """Return the processor time that it has used."""
        text = Path(f"/proc/{self.pid}/stat").read_text()
        user, system = text.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def notices(self, beginning: str) -> list[float]:
        """Return when (monotonic) the daemon told its supervisor what begins so."""
        return [at for at, text in list(self._notices) if text.startswith(beginning)]

    def told(self) -> list[tuple[float, str]]:
        """Return what the last run told its supervisor, in order, and when (monotonic)."""
        return list(self._notices)

    def events(self, name: str = "") -> list[dict[str, Any]]:
        """Return the log lines with this event, of all runs; without a name all of them."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            with suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict) and (not name or event.get("event") == name):
                    found.append(event)
        return found

    def tail(self) -> str:
        """Return the end of its output."""
        return self.log.read_text(errors="replace")[-3000:]

    def fetch(
        self, path: str, method: str = "GET", accept: str = "*/*", seconds: float = 5.0
    ) -> tuple[int, str]:
        """Return the status and the body of what it serves at `path`."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.site.port}{path}", method=method, headers={"Accept": accept}
        )
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metrics(self, name: str) -> dict[str, float]:
        """Return the values of a metric by the text of their labels, "" for none."""
        _, body = self.fetch("/metrics")
        found = {}
        for line in body.splitlines():
            series, _, value = line.rpartition(" ")
            if series == name or series.startswith(name + "{"):
                found[series[len(name) :]] = float(value)
        return found

    def close(self) -> None:
        """Kill it if it runs, and remove its folder."""
        if self.process is not None and self.ended(0) is None:
            self.kill()
        self._socket.close()
        self.site.remove()

    def _ready(self) -> float:
        self.ready_at = next(iter(self.notices("READY=1")), 0.0)
        return self.ready_at

    def _listen(self) -> None:
        with suppress(OSError):
            while notice := self._socket.recv(4096):
                self._notices.append((time.monotonic(), notice.decode()))


def http_check(name: str, url: str, service: str | None = None, **keys: Any) -> Entry:
    """Return a check of `url` whose service has its name unless another one is given."""
    return {"id": name, "service": service or name, "type": "http", "url": url, **keys}


def services(names: Sequence[str]) -> list[Entry]:
    """Return a service for each name."""
    return [{"id": name, "name": name.title(), "owner": "diskominfo"} for name in names]
