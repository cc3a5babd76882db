"""Real Alertmanagers on loopback, each by itself: no cluster, a folder and a port of its own."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from tests.daemon import eventually, quiet_port
from tests.peers import peer

Entry = Mapping[str, Any]


class Alertmanager:
    """Tells `hook` of every group at once, and again when it changed within a second."""

    def __init__(self, folder: Path, hook: str) -> None:
        self.port = quiet_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        config = {
            "route": {
                "receiver": "hook",
                "group_by": ["alertname", "service"],
                "group_wait": "0s",
                "group_interval": "1s",
                "repeat_interval": "1h",
            },
            "receivers": [{"name": "hook", "webhook_configs": [{"url": hook}]}],
        }
        (folder / "alertmanager.yml").write_text(json.dumps(config))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it, and return once it is ready."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    peer("prometheus-alertmanager"),
                    f"--config.file={self._folder}/alertmanager.yml",
                    f"--storage.path={self._folder}/data",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                    "--cluster.listen-address=",
                ],
                stdout=log,
                stderr=log,
            )
        eventually(self._ready, 30, "Alertmanager is ready")
        return self

    def stop(self) -> None:
        """End it as an administrator does."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def alerts(self) -> Sequence[Entry]:
        """Return the alerts that it takes for going on."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=5) as answer:
            found: Sequence[Entry] = json.load(answer)
        return found

    def listed(self) -> Sequence[Entry]:
        """Return the alerts that its own tool lists."""
        url = f"--alertmanager.url={self.url}"
        command = [peer("amtool"), "alert", "query", "--output=json", url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
        found: Sequence[Entry] = json.loads(done.stdout)
        return found

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False
