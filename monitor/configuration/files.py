"""Which files make a configuration: checks.yaml, and what lies beside it in config/."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.configuration.document import Block, Document, Unreadable, parse
from monitor.configuration.findings import Findings
from monitor.configuration.names import nearest
from monitor.configuration.problem import Problem
from monitor.configuration.reading import decode, read

_FOLDER = "config"
_MONITOR, _ALERTS, _SERVICES = "monitor.yaml", "alerts.yaml", "services"
_LATER = {
    "maintenance.yaml": "this version does not honour maintenance windows yet: move the file away",
    "calendars": "this version does not honour calendars yet: move the folder away",
}
_SILENT = {_SERVICES, "schema"}
_LIKELY = (".yaml", ".yml", ".json", ".toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The documents of a configuration. `checks` has checks.yaml first, then services/ by name.

    `broken` says that at least one could not be read, so that what others refer to may be there.
    """

    checks: tuple[Document, ...]
    monitor: Document
    alerts: Document
    names: tuple[str, ...]
    hash: str
    broken: bool


def gather(path: Path, findings: Findings) -> Files:
    """Read checks.yaml at `path` and everything in config/ beside it."""
    shelf = _Shelf(path.parent, findings)
    checks = shelf.document(path.name, wanted=True)
    monitor = shelf.document(f"{_FOLDER}/{_MONITOR}")
    alerts = shelf.document(f"{_FOLDER}/{_ALERTS}")
    services = [shelf.document(name) for name in _service_files(path.parent, findings)]
    _look_round(path.parent / _FOLDER, findings)
    return Files(
        checks=(checks, *services),
        monitor=monitor,
        alerts=alerts,
        names=tuple(shelf.hashes),
        hash=shelf.hash(),
        broken=shelf.broken,
    )


class _Shelf:
    """Reads documents, and remembers what their files hash to."""

    def __init__(self, folder: Path, findings: Findings) -> None:
        self.folder = folder
        self.findings = findings
        self.hashes: dict[str, str] = {}
        self.broken = False

    def document(self, name: str, *, wanted: bool = False) -> Document:
        """Return a document whose root is a mapping; an empty one if the file may be missing."""
        empty = Document(name, Block((1, 1)), ())
        path = self.folder / name
        if not wanted and not os.path.lexists(path):
            return empty
        try:
            source = read(path, name)
            self.hashes[name] = hashlib.sha256(source.octets).hexdigest()
            document = parse(decode(source), name)
            self.findings.misspelt(document.problems)
            return _rooted(document, empty, wanted=wanted)
        except Unreadable as unreadable:
            self.broken = True
            self.findings.problems.append(unreadable.problem)
            return empty

    def hash(self) -> str:
        """Return what `sha256sum FILE… | sha256sum` prints for the files read."""
        lines = "".join(f"{digest}  {name}\n" for name, digest in self.hashes.items())
        return hashlib.sha256(lines.encode()).hexdigest()


def _rooted(document: Document, empty: Document, *, wanted: bool) -> Document:
    if isinstance(document.root, Block):
        return document
    if document.root is None and not wanted:
        return empty
    message = "a list or a text stands where keys are wanted: begin with `version: 1`"
    if document.root is None:
        message = "it is empty: write `services:` and `checks:`"
    raise Unreadable(Problem(document.file, 1, 1, message))


def _service_files(folder: Path, findings: Findings) -> Iterator[str]:
    for name in _listed(folder / _FOLDER / _SERVICES, f"{_FOLDER}/{_SERVICES}", findings):
        relative = f"{_FOLDER}/{_SERVICES}/{name}"
        if name.endswith(".yaml"):
            yield relative
        elif name.endswith(_LIKELY):
            message = "this file is not read: its name must end in .yaml"
            findings.warning(relative, (1, 1), message)


def _look_round(folder: Path, findings: Findings) -> None:
    for name in _listed(folder, _FOLDER, findings):
        relative = f"{_FOLDER}/{name}"
        if name in _LATER:
            findings.problem(relative, (1, 1), _LATER[name])
        elif name not in {_MONITOR, _ALERTS, *_SILENT} and name.endswith(_LIKELY):
            known = (_MONITOR, _ALERTS, f"{_SERVICES}/*.yaml")
            findings.warning(relative, (1, 1), "this file is not read" + nearest(name, known))


def _listed(folder: Path, name: str, findings: Findings) -> list[str]:
    """Return the names in a folder that people see, sorted; none if there is no folder."""
    try:
        return sorted(each.name for each in folder.iterdir() if not each.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        findings.problem(name, (1, 1), f"cannot be read: {error.strerror}")
        return []
