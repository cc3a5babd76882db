"""Filed reports: the same scope again is the next version, and the one before it stays.

Each version has a manifest with the hash of each of its files. It is written last: a version
without one was never filed, and what there is of it is written anew.
"""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from monitor.locales import Language
from monitor.reports.differences import differences
from monitor.reports.filing import Filed, filed, period_name, stem
from monitor.reports.form import Digest, Instant
from monitor.reports.forms import Pieces, Source, files
from monitor.reports.laporan import Whole, laporan
from monitor.reports.report import Report

_MANIFEST = "manifest.json"


class Altered(Exception):
    """A filed report is not what was filed, or can't be read."""

    def __init__(self, path: Path, detail: str) -> None:
        self.path = path
        super().__init__(
            f"{path}: {detail}: nothing was filed. Put the file back from a backup, "
            "or move the reports of this period away"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What was filed as a version, and when. `files` are the SHA-256 of each by name."""

    version: Annotated[int, Field(ge=1)]
    replaces: Digest | None
    sidik_data: Digest
    filed_at: Instant
    files: dict[str, Digest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A version of a report. `files` are none where nothing new was to be said."""

    version: int
    fingerprint: str
    manifest: Path
    files: Sequence[Filed] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """In which forms and languages a report is filed. laporan.json always is."""

    forms: Sequence[str]
    languages: Sequence[Language]


def file_report(root: Path, report: Report, shape: Shape, at: datetime) -> Edition:
    """Return the version as which `report` is filed below `root`, at `at`.

    It is the newest one, left alone, where that says the same. Raises Altered where the newest one
    is not as it was filed.
    """
    folder, name = root / period_name(report.scope), stem(report.scope)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        _clear(folder, name)
        newest = _newest(folder, name)
        if newest is None:
            return _filed(folder, name, replace(report, version=1), shape, at)
        manifest, path = newest
        said = _said(folder / f"{name}-v{manifest.version}.json", manifest.sidik_data)
        found = differences(json.loads(said), json.loads(laporan(report).body))
        if not found:
            return Edition(version=manifest.version, fingerprint=manifest.sidik_data, manifest=path)
        following = replace(
            report,
            version=manifest.version + 1,
            replaces=manifest.sidik_data,
            differences=found,
        )
        return _filed(folder, name, following, shape, at)


def _filed(folder: Path, name: str, report: Report, shape: Shape, at: datetime) -> Edition:
    called, whole = f"{name}-v{report.version}", laporan(report)
    forms = tuple(dict.fromkeys((*shape.forms, "json")))
    pieces: dict[str, Pieces] = {}
    for language in shape.languages:
        source = Source(report=report, whole=whole, language=language)
        pieces |= files(source, forms, called)
    placed = filed(folder, pieces, replacing=True)
    manifest = Manifest(
        version=report.version,
        replaces=report.replaces,
        sidik_data=whole.fingerprint,
        filed_at=at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        files={each.path.name: _digest(each.path) for each in placed},
    )
    text = json.dumps(TypeAdapter(Manifest).dump_python(manifest), indent=2).encode() + b"\n"
    _sync(folder)
    [listed] = filed(folder, {f"{called}.{_MANIFEST}": lambda: [text]})
    _sync(folder)
    return Edition(
        version=report.version,
        fingerprint=whole.fingerprint,
        manifest=listed.path,
        files=(*placed, listed),
    )


def _newest(folder: Path, name: str) -> tuple[Manifest, Path] | None:
    """Return the manifest of the newest version, None where none was filed."""
    pattern = re.compile(rf"{re.escape(name)}-v([1-9][0-9]*)\.{re.escape(_MANIFEST)}\Z")
    found = {
        int(match[1]): path for path in folder.iterdir() if (match := pattern.match(path.name))
    }
    if not found:
        return None
    version = max(found)
    return _read(found[version], version), found[version]


def _read(path: Path, version: int) -> Manifest:
    try:
        manifest = TypeAdapter(Manifest).validate_json(path.read_bytes())
    except ValidationError as error:
        raise Altered(path, f"it is no manifest ({error.errors()[0]['msg']})") from None
    if manifest.version != version:
        raise Altered(path, f"it is the manifest of version {manifest.version}")
    return manifest


def _said(path: Path, fingerprint: str) -> bytes:
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        raise Altered(path, "it was filed, and is gone") from None
    if Whole(body).fingerprint != fingerprint:
        raise Altered(path, f"its SHA-256 is not {fingerprint}, as it was filed")
    return body


def _clear(folder: Path, name: str) -> None:
    """Take away the drafts of those who were killed while they filed."""
    for path in folder.iterdir():
        if path.name.startswith(f".{name}-v") and path.name.endswith(".part"):
            path.unlink()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep others from filing into `folder` meanwhile. The kernel lets go of a dead process's."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    """Have the names of `folder` survive a crash of the machine."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
