"""The world of the comparison, in a network of its own: targets, blackbox_exporter and the daemon.

    unshare --net --mount python -m tests.conformance.inside FOLDER

Once all of it is up, a line of JSON is written; after that every line of the input asks for a path
of one or both, and is answered by a line with what they said.
"""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.conformance import ports
from tests.conformance.fleet import start_fleet
from tests.conformance.world import SIDES, write_files
from tests.dnsservers import running

_START_SECONDS = 60.0
_ANSWER_SECONDS = 20.0


def arrange_network(folder: Path) -> None:
    """Bring loopback up, and make one address that vanishes and one that can't be reached."""
    (folder / "hosts").write_text(ports.HOSTS)
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    far = "02:00:00:00:00:07"
    for command in (
        "mount --make-rprivate /",
        f"mount --bind {folder}/hosts /etc/hosts",
        f"mount --bind {folder}/resolv.conf /etc/resolv.conf",
        "ip link set lo up",
        "ip link add here type veth peer name there",
        "ip link set here up",
        "ip link set there up",
        "ip address add 10.9.8.1/24 dev here",
        f"ip neighbour add {ports.VANISHING} lladdr {far} dev here nud permanent",
        "ip route add unreachable 198.51.100.0/24",
    ):
        subprocess.run(command.split(), check=True)


def theirs(folder: Path) -> list[str]:
    """Return the command that runs blackbox_exporter."""
    return [
        os.environ["BLACKBOX_EXPORTER"],
        f"--config.file={folder}/theirs.yml",
        f"--web.listen-address=127.0.0.1:{ports.THEIRS}",
    ]


def ours(folder: Path) -> list[str]:
    """Return the command that runs the daemon."""
    return [sys.executable, "-m", "monitor", "--config", f"{folder}/checks.yaml", "run"]


class Lag:
    """How much later than asked for a thread of this process went on, at worst (seconds)."""

    def __init__(self) -> None:
        self.worst = 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            before = time.monotonic()
            time.sleep(0.01)
            self.worst = max(self.worst, time.monotonic() - before - 0.01)


def get(port: int, path: str, headers: Mapping[str, str], method: str) -> dict[str, Any]:
    """Return what is served: status, body, content type."""
    url = f"http://127.0.0.1:{port}{path}"
    request = urllib.request.Request(url, headers=dict(headers), method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        answer = opener.open(request, timeout=_ANSWER_SECONDS)
    except urllib.error.HTTPError as error:
        answer = error
    except OSError as error:
        return {"status": 0, "body": repr(error), "type": ""}
    with answer:
        body = answer.read().decode("utf-8", "replace")
        kind = answer.headers.get("Content-Type", "")
        return {"status": answer.status, "body": body, "type": kind}


def answer_questions(pool: ThreadPoolExecutor, lag: Lag) -> None:
    """Answer each line of the input by a line of the output."""
    for line in sys.stdin:
        asked = json.loads(line)
        lag.worst = 0.0
        futures = {
            side: pool.submit(
                get,
                SIDES[side],
                asked["path"],
                asked.get("headers", {}),
                asked.get("method", "GET"),
            )
            for side in asked["sides"]
        }
        said = {side: future.result() for side, future in futures.items()}
        print(json.dumps({**said, "lag": lag.worst}), flush=True)


def await_ready(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return once a port serves; raise RuntimeError with the log when the process ends first."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if get(port, "/-/healthy", {}, "GET")["status"] == 200:
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args} did not start:\n{log.read_text(errors='replace')[-4000:]}")


def main(folder: Path, sides: list[str]) -> None:
    arrange_network(folder)
    write_files(folder)
    with ExitStack() as stack:
        start_fleet(folder, stack)
        commands = {"theirs": theirs, "ours": ours}
        for side in sides:
            log = folder / f"{side}.log"
            process = stack.enter_context(running(commands[side](folder), log))
            await_ready(SIDES[side], process, log)
        print(json.dumps({"ready": sides}), flush=True)
        answer_questions(stack.enter_context(ThreadPoolExecutor(4)), Lag())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2].split(","))
