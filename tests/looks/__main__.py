"""Writes reports to look at: each page of each case as a picture, in colour and in grey.

`python -m tests.looks DIR [CASE …]` takes pdftoppm, and Chromium for pages of HTML. Nothing else
is asked for: pages are files, and Chromium finds no host.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from monitor.locales import Language
from monitor.reports.html import html
from monitor.reports.pdf import pdf
from monitor.reports.worded import worded
from tests.looks.cases import CASES
from tests.unit.reports.builders import AT

_RESOLUTION = 80
_WIDTHS = (500, 768, 1280)  # a window of Chromium is no narrower than 500
_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--host-resolver-rules=MAP * ~NOTFOUND", "--hide-scrollbars"),
)
_DARK = "--blink-settings=preferredColorScheme=0"


def main(folder: Path, names: Sequence[str]) -> None:
    """Write all forms of the named cases, or of all, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or CASES:
        report = CASES[name]()
        for language in Language:
            document = worded(report, language, "0f" * 32)
            stem = folder.absolute() / f"{name}.{language.value}"
            paper, page = Path(f"{stem}.pdf"), Path(f"{stem}.html")
            paper.write_bytes(pdf(document, [], AT))
            page.write_text(html(document), "utf-8")
            _pictured(paper)
            _shot(page)


def _pictured(paper: Path) -> None:
    for how in ((), ("-gray",)):
        beside = f"{paper}{''.join(how)}"
        command = ("pdftoppm", "-r", str(_RESOLUTION), "-png", *how, str(paper), beside)
        subprocess.run(command, check=True)


def _shot(page: Path) -> None:
    """Take pictures of a page on screens, light and dark, and as Chromium prints it."""
    for width in _WIDTHS:
        for mode, switch in (("light", ()), ("dark", (_DARK,))):
            picture = f"--screenshot={page}.{width}.{mode}.png"
            _chromium(page, *switch, f"--window-size={width},4000", picture)
    printed = Path(f"{page}.pdf")
    _chromium(page, "--no-pdf-header-footer", f"--print-to-pdf={printed}")
    _pictured(printed)


def _chromium(page: Path, *switches: str) -> None:
    with TemporaryDirectory() as profile:
        own = f"--user-data-dir={profile}"
        command = ("chromium", *_QUIET, own, *switches, page.as_uri())
        subprocess.run(command, check=True, capture_output=True, timeout=120)


main(Path(sys.argv[1]), sys.argv[2:])
