"""Has typst set a document: here, or in a process of its own that gives its memory back.

Typst keeps every cell that it lays out, and the process its memory once it is done. A report of
many volumes is set by as many processes, one after the other.

    python -m monitor.reports.typesetting FOLDER SECONDS

sets FOLDER/main.typ as FOLDER/paper.pdf, made SECONDS after the Unix epoch.
"""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

STANDARDS: Final = ("a-3a", "ua-1")

# -P: a folder called `monitor` where a command happens to be run is not ours.
_COMMAND: Final = (sys.executable, "-P", "-m", "monitor.reports.typesetting")
_TEMPLATES = files("monitor.reports") / "templates"
_MAIN: Final = "main.typ"
_PAPER: Final = "paper.pdf"


class Unset(Exception):
    """A process that was to set a document ended without one; says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be set: a template by its name, what it reads as told.json, other files that it
    reads, and when the paper says that it was made (seconds since the Unix epoch).
    """

    template: str
    told: str
    at: int
    files: Mapping[str, bytes] = field(default_factory=dict)

    def sources(self) -> Mapping[str, bytes]:
        """Return all files that typst reads, by name."""
        template = (_TEMPLATES / self.template).read_bytes()
        return {_MAIN: template, "told.json": self.told.encode(), **self.files}


def typeset(order: Order, **how: Any) -> bytes:
    """Return the PDF of `order`; `how` are options of typst."""
    import typst  # part of the extra `report`, and 40 MB

    sources = dict(order.sources())
    made: bytes = typst.compile(sources, ignore_system_fonts=True, timestamp=order.at, **how)
    return made


def typeset_apart(order: Order) -> bytes:
    """Return the same, made by a process of its own to the profiles of papers. Raises Unset."""
    with TemporaryDirectory(prefix="pantau-") as place:
        folder = Path(place)
        for name, body in order.sources().items():
            (folder / name).write_bytes(body)
        done = subprocess.run(  # noqa: S603 - no word of the command comes from outside
            (*_COMMAND, place, str(order.at)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise Unset(f"typst ended with {done.returncode}: {said[-1] if said else 'no word'}")
        return (folder / _PAPER).read_bytes()


def _set(folder: str, at: int) -> None:
    """Set what is in a folder, each file of which is read once, and only by typst."""
    import typst

    typst.compile(
        f"{folder}/{_MAIN}",
        output=f"{folder}/{_PAPER}",
        root=folder,
        ignore_system_fonts=True,
        timestamp=at,
        pdf_standards=list(STANDARDS),
    )


if __name__ == "__main__":
    _set(sys.argv[1], int(sys.argv[2]))
