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
_MONITOR, _ALERTS, _MAINTENANCE = "monitor.yaml", "alerts.yaml", "maintenance.yaml"
_REPORT = "report.yaml"
_SERVICES, _CALENDARS = "services", "calendars"
# What is there and is not read: of the last, while /probe is not served.
_SILENT = {_SERVICES, _CALENDARS, "schema", "blackbox.yml"}
_LIKELY = (".yaml", ".yml", ".json", ".toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The documents of a configuration. `checks` has checks.yaml first, then services/ by name.

    `calendars` are named by their files.
    """

    checks: tuple[Document, ...]
    monitor: Document
    alerts: Document
    maintenance: Document
    report: Document
    calendars: tuple[Document, ...]


def gather(shelf: "Shelf", name: str) -> Files:
    """Read checks.yaml, called `name`, and what is always read of config/ beside it."""
    checks = shelf.document(name, wanted="it is empty: write `services:` and `checks:`")
    monitor = shelf.document(f"{_FOLDER}/{_MONITOR}")
    alerts = shelf.document(f"{_FOLDER}/{_ALERTS}")
    maintenance = shelf.document(f"{_FOLDER}/{_MAINTENANCE}")
    report = shelf.document(f"{_FOLDER}/{_REPORT}")
    return Files(
        checks=(checks, *_documents(shelf, _SERVICES)),
        monitor=monitor,
        alerts=alerts,
        maintenance=maintenance,
        report=report,
        calendars=tuple(_documents(shelf, _CALENDARS)),
    )


class Shelf:
    """Reads documents, and remembers what their files hash to.

    `broken` says that at least one could not be read, so that what others refer to may be there.
    """

    def __init__(self, folder: Path, findings: Findings) -> None:
        self.folder = folder
        self.findings = findings
        self.hashes: dict[str, str] = {}
        self.tried: set[str] = set()
        self.broken = False

    @property
    def names(self) -> tuple[str, ...]:
        """The files that were read, in that order."""
        return tuple(self.hashes)

    def document(self, name: str, *, wanted: str = "", merges: bool = False) -> Document:
        """Return a document whose root is a mapping; an empty one if the file may be missing.

        `wanted`, what to say of an empty file, demands that it is there. `merges` has merge keys
        (<<) read.
        """
        empty = Document(name, Block((1, 1)), ())
        path = self.folder / name
        self.tried.add(name)
        if not wanted and not os.path.lexists(path):
            return empty
        try:
            source = read(path, name)
            self.hashes[name] = hashlib.sha256(source.octets).hexdigest()
            document = parse(decode(source), name, merges=merges)
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


def _rooted(document: Document, empty: Document, *, wanted: str) -> Document:
    if isinstance(document.root, Block):
        return document
    if document.root is None and not wanted:
        return empty
    text = "a list or a text stands where keys are wanted: begin with `version: 1`"
    raise Unreadable(Problem(document.file, 1, 1, wanted if document.root is None else text))


def _documents(shelf: Shelf, inside: str) -> Iterator[Document]:
    """Yield the documents of a folder in config/, by name."""
    folder = f"{_FOLDER}/{inside}"
    for name in _listed(shelf.folder / folder, folder, shelf.findings):
        relative = f"{folder}/{name}"
        if name.endswith(".yaml"):
            yield shelf.document(relative)
        elif name.endswith(_LIKELY):
            message = "this file is not read: its name must end in .yaml"
            shelf.findings.warning(relative, (1, 1), message)


def look_round(shelf: Shelf) -> None:
    """Warn of what lies in config/ and was not read."""
    for name in _listed(shelf.folder / _FOLDER, _FOLDER, shelf.findings):
        relative = f"{_FOLDER}/{name}"
        if relative not in shelf.tried and name not in _SILENT and name.endswith(_LIKELY):
            several = (f"{_SERVICES}/*.yaml", f"{_CALENDARS}/*.yaml")
            known = (_MONITOR, _ALERTS, _MAINTENANCE, _REPORT, *several)
            message = "this file is not read" + nearest(name, known)
            shelf.findings.warning(relative, (1, 1), message)


def _listed(folder: Path, name: str, findings: Findings) -> list[str]:
    """Return the names in a folder that people see, sorted; none if there is no folder."""
    try:
        return sorted(each.name for each in folder.iterdir() if not each.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        findings.problem(name, (1, 1), f"cannot be read: {error.strerror}")
        return []
