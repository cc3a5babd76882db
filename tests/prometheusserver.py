"""A real Prometheus that scrapes one port of ours each second, and how to ask it."""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.daemon import quiet_port
from tests.peers import peer

SCRAPE_SECONDS = 1
_CONFIGURATION = """\
global: {{scrape_interval: {seconds}s, scrape_timeout: {seconds}s, evaluation_interval: {seconds}s}}
rule_files: {rules}
scrape_configs:
  - job_name: pantau
    honor_labels: true
    static_configs: [{{targets: ["127.0.0.1:{scraped}"]}}]
{more}"""

Series = list[dict[str, Any]]


class Prometheus:
    """A running Prometheus. What it can't answer, since it does not run yet, is empty."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/api/v1"

    def ask(self, query: str, at: float | None = None) -> Series:
        """Return the values of a query, now or at a time (Unix seconds)."""
        asked = {"query": query} if at is None else {"query": query, "time": repr(at)}
        return self._asked("query", asked, {"result": []})["result"]

    def course(self, query: str, start: float, end: float, step: float) -> Series:
        """Return the values of a query from time to time."""
        asked = {"query": query, "start": repr(start), "end": repr(end), "step": repr(step)}
        return self._asked("query_range", asked, {"result": []})["result"]

    def label_values(self, label: str, selector: str, start: float, end: float) -> Sequence[str]:
        """Return the values of a label among some series."""
        asked = {"match[]": selector, "start": repr(start), "end": repr(end)}
        found: Sequence[str] = self._asked(f"label/{label}/values", asked, [])
        return found

    def _asked(self, path: str, asked: dict[str, str], otherwise: Any) -> Any:
        url = f"{self._base}/{path}?{urllib.parse.urlencode(asked)}"
        with suppress(ConnectionError), self._opened(url) as answer:
            return json.load(answer)["data"]
        return otherwise

    @staticmethod
    def _opened(url: str) -> Any:
        try:
            return urllib.request.urlopen(url, timeout=10)
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{url}: {error.read().decode()}") from None
        except urllib.error.URLError as error:
            raise ConnectionError(url) from error


@contextmanager
def prometheus(
    scraped: int,
    folder: Path,
    more: str = "",
    rules: Sequence[Path] = (),
    whole: str | None = None,
) -> Iterator[Prometheus]:
    """Run a Prometheus that scrapes the port `scraped`, and what `more` jobs say (as YAML).

    It evaluates the `rules` of these files each second, where they don't say how often.
    Its configuration, data and log are in `folder`. A `whole` configuration is taken as it stands.
    """
    port = quiet_port()
    config = folder / "prometheus.yml"
    config.write_text(
        whole
        or _CONFIGURATION.format(
            seconds=SCRAPE_SECONDS,
            scraped=scraped,
            more=more,
            rules=json.dumps([str(each) for each in rules]),
        )
    )
    command = [
        peer("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        # What is told before it has found Alertmanager is lost, and told again only then.
        "--rules.alert.resend-delay=1s",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield Prometheus(port)
    finally:
        process.terminate()
        process.wait(20)
