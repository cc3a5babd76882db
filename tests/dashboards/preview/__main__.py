"""`python -m tests.dashboards.preview FOLDER`: previews of all dashboards as HTML, and as PNG.

The city of `pantau demo` goes through its story on loopback while the real daemon and a real
Prometheus watch it; the daemon is dead for a while, too. Takes two minutes. Pictures need chromium.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from monitor.demo.story import turns
from monitor.locales import Language
from tests.acceptance.brokencity import broken_city
from tests.daemon import ROOT, quiet_port
from tests.dashboards.grafana import Window, filled_in
from tests.dashboards.preview.page import WIDTH, View, page
from tests.prometheusserver import SCRAPE_SECONDS, Prometheus, prometheus

_RULES = ROOT / "deploy/prometheus/rules/pantau-self.yml"
_STORY_SECONDS = 70.0  # while the resolver is silent
_PACE = 0.75
_DEAD_FROM, _DEAD_SECONDS = 40.0, 14.0
_HOLE_SECONDS = 6.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with _told() as (asked, start, end):
        for language in Language:
            for path in sorted((ROOT / "deploy/grafana/dashboards" / language).glob("*.json")):
                board = json.loads(path.read_text())
                view = _view(board, asked, start, end, language)
                _draw(view, folder / f"{path.stem}-{language}.html")


@contextmanager
def _told() -> Iterator[tuple[Prometheus, float, float]]:
    """Tell the story; yield who saw it, and when it began and ended (Unix seconds)."""
    with tempfile.TemporaryDirectory(prefix="pantau-") as name:
        folder, port = Path(name), quiet_port()
        (folder / "city").mkdir()
        with (
            broken_city(folder / "city", port, frozenset()) as city,
            prometheus(port, folder, rules=[_RULES]) as ask,
        ):
            start = time.time()
            city.start()
            _play(city)
            yield ask, start, time.time() - SCRAPE_SECONDS


def _play(city: Any) -> None:
    began, dead = time.monotonic(), False
    for turn in turns(_PACE):
        if turn.at > _STORY_SECONDS:
            break
        if not dead and turn.at > _DEAD_FROM:
            dead = True
            city.stop()
            time.sleep(_DEAD_SECONDS)
            city.start()
        time.sleep(max(0.0, began + turn.at - time.monotonic()))
        city.suffer(turn.trouble, begins=turn.begins)
    time.sleep(5)


def _view(
    board: Mapping[str, Any], ask: Prometheus, start: float, end: float, language: Language
) -> View:
    window = Window(end=end, seconds=int(end - start), step=SCRAPE_SECONDS, scrape=SCRAPE_SECONDS)
    return View(
        board=board,
        answers={
            (panel["id"], target["refId"]): _answer(ask, target, window)
            for panel in board["panels"]
            for target in panel["targets"]
        },
        start=start,
        end=end,
        hole=_HOLE_SECONDS,
        language=language,
    )


def _answer(
    ask: Prometheus, target: Mapping[str, Any], window: Window
) -> Sequence[Mapping[str, Any]]:
    query = filled_in(target["expr"], {}, window)
    if target["instant"]:
        return ask.ask(query, window.end)
    return ask.course(query, window.end - window.seconds, window.end, window.step)


def _draw(view: View, file: Path) -> None:
    file.write_text(page(view))
    chromium = shutil.which("chromium")
    if chromium is None:
        return
    height = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in view.board["panels"]) * 34 + 60
    subprocess.run(
        [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--window-size={WIDTH},{height}",
            f"--screenshot={file.with_suffix('.png')}",
            file.as_uri(),
        ],
        check=True,
        capture_output=True,
    )


if __name__ == "__main__":
    main()
