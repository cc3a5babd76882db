"""Starting the world of the comparison, and asking both sides in it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import pytest

from tests.conformance import ports
from tests.conformance.case import FOLDER, Case, Newer
from tests.peers import peer

SIDES = {"theirs": ports.THEIRS, "ours": ports.OURS}
_ROOT = Path(__file__).parent.parent.parent
Said = Mapping[str, Any]

_MONITOR = f"""\
listen: 127.0.0.1:{ports.OURS}
resolver: {{nameservers: ["127.0.0.1:53"], timeout: 1s}}
self_check: {{targets: ["127.0.0.1:{ports.HTTP}"]}}
probe: {{enabled: true, modules: ours.yml, targets: any, rate: 1000}}
"""
_CHECKS = f"""\
version: 1
services: [{{id: kota, name: Kota, owner: diskominfo}}]
checks:
  - {{id: kota-web, service: kota, type: http, url: "http://localhost:{ports.HTTP}/ok"}}
"""


def modules(cases: Iterable[Case], folder: Path) -> str:
    """Return blackbox.yml with a module for each case, under its name."""
    text = json.dumps({"modules": {case.name: case.module for case in cases}}, indent=1)
    return text.replace(FOLDER, str(folder))


def write_files(folder: Path) -> None:
    """Write the configuration of both sides."""
    from tests.conformance.tables import CASES, NEWER

    (folder / "body.txt").write_text("isi=surat")
    secret = folder / "secret.txt"
    secret.touch(0o600)
    secret.write_text("kota\n")
    (folder / "config").mkdir()
    (folder / "theirs.yml").write_text(modules(CASES, folder))
    (folder / "ours.yml").write_text(modules([*CASES, *NEWER], folder))
    (folder / "checks.yaml").write_text(_CHECKS)
    (folder / "config/monitor.yaml").write_text(_MONITOR)


class World:
    """The world in its own network; `sides` says which programs take part."""

    def __init__(self, folder: Path, sides: Sequence[str] = tuple(SIDES)) -> None:
        environment = {**os.environ, "BLACKBOX_EXPORTER": peer("prometheus-blackbox-exporter")}
        alone = [peer("unshare"), "--net", "--mount"]
        if os.geteuid() != 0:
            alone += ["--user", "--map-root-user"]
        for name in ("nginx", "knotd", "ip"):
            peer(name)
        if subprocess.run([*alone, "true"], check=False, capture_output=True).returncode != 0:
            pytest.skip("no network namespace can be made here")
        inside = [sys.executable, "-m", "tests.conformance.inside", str(folder), ",".join(sides)]
        self._log = folder / "inside.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*alone, *inside],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=_ROOT,
                env=environment,
            )
        self._line()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def ask(self, path: str, *sides: str, **keys: Any) -> Said:
        """Return what each side serves at `path`, and the lag (seconds) of the asking process."""
        asked = {"path": path, "sides": sides or tuple(SIDES), **keys}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return self._line()

    def probe(self, case: Case, *sides: str) -> Said:
        """Return what each side says of a case."""
        asked = {"target": case.target, "module": case.name}
        if case.hostname:
            asked["hostname"] = case.hostname
        if isinstance(case, Newer):
            asked |= case.parameters
        return self.ask(f"/probe?{urlencode(asked)}", *sides)

    def _line(self) -> Said:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"the world ended:\n{self._log.read_text()[-4000:]}")
        found: Said = json.loads(line)
        return found
