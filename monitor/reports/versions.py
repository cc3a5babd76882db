"""Filed reports: the same scope again is the next version, and the one before it stays.

Each version has a manifest with the hash of each of its files. It is written last: a version
without one was never filed, and what there is of it is written anew. Forms, languages and seals
that a version lacks are added to it, and to its manifest, which else never changes.
"""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from monitor.domain.reportfiling import Gist
from monitor.locales import Language
from monitor.reports.differences import Parsed, differences, told_differences
from monitor.reports.filing import Filed, Going, filed
from monitor.reports.form import Digest, Instant
from monitor.reports.forms import files
from monitor.reports.gist import gists
from monitor.reports.laporan import Whole, laporan
from monitor.reports.naming import period_name, stem
from monitor.reports.papers import main_name
from monitor.reports.report import LedgerState, Provenance, Report
from monitor.reports.source import Pieces, Source

MANIFEST = "manifest.json"


class Altered(Exception):
    """A filed report is not what was filed, or can't be read."""

    def __init__(self, path: Path, detail: str) -> None:
        self.path = path
        super().__init__(f"{path}: {detail}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What was filed as a version, and when. `files` are the SHA-256 of each by name.

    `summary` is what it says in a few sentences, by language.
    """

    version: Annotated[int, Field(ge=1)]
    replaces: Digest | None
    sidik_data: Digest
    filed_at: Instant
    period: str = ""
    number: str | None = None
    owners: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    summary: dict[str, Gist] = field(default_factory=dict)
    files: dict[str, Digest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A version of a report. `files` are those that were written now: none where it says the same
    as before and lacks none, and `adds` says that it lacked them.
    """

    version: int
    fingerprint: str
    manifest: Path
    files: Sequence[Filed] = ()
    adds: bool = False


Sealing = Callable[[Source, bytes], bytes]
"""Returns a PDF with the seal behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """In which forms and languages a report is filed. laporan.json always is.

    With `sealing` the PDF is filed with a seal as well: of several volumes the main one, which
    names the others. `going` may show how far it is.
    """

    forms: Sequence[str]
    languages: Sequence[Language]
    sealing: Sealing | None = None
    going: Going = iter


def file_report(root: Path, report: Report, shape: Shape, at: datetime) -> Edition:
    """Return the version as which `report` is filed below `root`, at `at`.

    It is the newest one where that says the same: what it lacks of `shape` is added to it, and the
    rest left alone. Raises Altered where the newest one is not as it was filed.
    """
    folder, name = root / period_name(report.scope), stem(report.scope)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        _clear(folder, name)
        newest = _newest(folder, name)
        if newest is None:
            return _filed(folder, name, replace(report, version=1), shape, at)
        manifest, path = newest
        whole = _said(folder / f"{name}-v{manifest.version}.json", manifest.sidik_data)
        said = json.loads(whole.body)
        found = differences(said, json.loads(laporan(report).body))
        if not found:
            before = _as_filed(report, manifest, said)
            return _completed(path, manifest, _Draft(before, whole, shape, path))
        following = replace(
            report,
            version=manifest.version + 1,
            replaces=manifest.sidik_data,
            differences=found,
        )
        return _filed(folder, name, following, shape, at)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A version that is to be filed with `manifest` as its last file."""

    report: Report
    whole: Whole
    shape: Shape
    manifest: Path

    @property
    def called(self) -> str:
        """Return what all of its files begin with."""
        return self.manifest.name.removesuffix(f".{MANIFEST}")

    @property
    def sources(self) -> Sequence[Source]:
        """Return what its files are made from, by language."""
        return [
            Source(report=self.report, whole=self.whole, language=language)
            for language in self.shape.languages
        ]

    def plain(self) -> Mapping[str, Pieces]:
        """Return the files without a seal, by name."""
        forms = tuple(dict.fromkeys((*self.shape.forms, "json")))
        pieces: dict[str, Pieces] = {}
        for source in self.sources:
            pieces |= files(source, forms, self.called)
        return pieces

    def sealed(self) -> Mapping[str, Pieces]:
        """Return the files with a seal, by name: each is made from the one without, as filed."""
        if self.shape.sealing is None or "pdf" not in self.shape.forms:
            return {}
        unsealed = [
            (each, self.manifest.with_name(main_name(each.language, self.called)))
            for each in self.sources
        ]
        return {
            f"{path.stem}.segel.pdf": _sealed(self.shape.sealing, source, path)
            for source, path in unsealed
        }


def _sealed(sealing: Sealing, source: Source, path: Path) -> Pieces:
    return lambda: [sealing(source, path.read_bytes())]


def _filed(folder: Path, name: str, report: Report, shape: Shape, at: datetime) -> Edition:
    whole = laporan(report)
    path = folder / f"{name}-v{report.version}.{MANIFEST}"
    placed = _placed(_Draft(report, whole, shape, path), {})
    scope = report.scope
    manifest = Manifest(
        version=report.version,
        replaces=report.replaces,
        sidik_data=whole.fingerprint,
        filed_at=at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        period=period_name(scope),
        number=report.wording.number,
        owners=scope.owners,
        services=scope.services,
        summary=gists(report),
        files={each.path.name: _digest(each.path) for each in placed},
    )
    return Edition(
        version=report.version,
        fingerprint=whole.fingerprint,
        manifest=path,
        files=(*placed, _listed(path, manifest)),
    )


def _completed(path: Path, manifest: Manifest, draft: _Draft) -> Edition:
    """Return the version as it was filed, with the files that it lacks added."""
    placed = _placed(draft, manifest.files)
    edition = Edition(version=manifest.version, fingerprint=manifest.sidik_data, manifest=path)
    if not placed:
        return edition
    added = {each.path.name: _digest(each.path) for each in placed}
    grown = replace(manifest, files=manifest.files | added)
    return replace(edition, files=(*placed, _listed(path, grown)), adds=True)


def _placed(draft: _Draft, there: Mapping[str, str]) -> Sequence[Filed]:
    """Write the files of a version but those that are there: by name, with their SHA-256."""
    folder, found = draft.manifest.parent, list[Filed]()
    for pieces in (draft.plain(), draft.sealed()):
        missing = {name: each for name, each in pieces.items() if name not in there}
        if missing:
            found += filed(folder, missing, replacing=True, going=draft.shape.going)
    _sync(folder)
    return found


def _listed(path: Path, manifest: Manifest) -> Filed:
    text = json.dumps(TypeAdapter(Manifest).dump_python(manifest), indent=2).encode() + b"\n"
    [listed] = filed(path.parent, {path.name: lambda: [text]}, replacing=True)
    _sync(path.parent)
    return listed


def _as_filed(report: Report, manifest: Manifest, said: Parsed) -> Report:
    """Return a report that says the same as a version, as that version told it."""
    origin = said["provenance"]
    ledger = origin["ledger"]
    return replace(
        report,
        version=manifest.version,
        replaces=manifest.replaces,
        differences=told_differences(said),
        provenance=Provenance(
            software=origin["software"],
            configuration=origin["configuration"],
            vantage=origin["vantage"],
            ledger=None if ledger is None else LedgerState(**ledger),
        ),
    )


def read_manifest(path: Path) -> tuple[Manifest, str]:
    """Return a manifest, and its SHA-256 in hex. Raises Altered, and OSError."""
    body = path.read_bytes()
    try:
        return TypeAdapter(Manifest).validate_json(body), hashlib.sha256(body).hexdigest()
    except ValidationError as error:
        raise Altered(path, f"it is no manifest ({error.errors()[0]['msg']})") from None


def _newest(folder: Path, name: str) -> tuple[Manifest, Path] | None:
    """Return the manifest of the newest version, None where none was filed."""
    pattern = re.compile(rf"{re.escape(name)}-v([1-9][0-9]*)\.{re.escape(MANIFEST)}\Z")
    found = {
        int(match[1]): path for path in folder.iterdir() if (match := pattern.match(path.name))
    }
    if not found:
        return None
    version = max(found)
    return _read(found[version], version), found[version]


def _read(path: Path, version: int) -> Manifest:
    manifest, _ = read_manifest(path)
    if manifest.version != version:
        raise Altered(path, f"it is the manifest of version {manifest.version}")
    return manifest


def verified_manifest(path: Path) -> tuple[Manifest, str]:
    """Return a manifest, and its SHA-256 in hex, if all of its files are as they were filed.

    Raises Altered, which names the first that is not.
    """
    manifest, digest = read_manifest(path)
    for name, expected in manifest.files.items():
        file = path.with_name(name)
        try:
            found = _digest(file)
        except OSError as error:
            raise Altered(file, error.strerror or "it can't be read") from None
        if found != expected:
            raise Altered(file, f"its SHA-256 is not {expected}, as it was filed")
    return manifest, digest


def _said(path: Path, fingerprint: str) -> Whole:
    try:
        whole = Whole(path.read_bytes())
    except FileNotFoundError:
        raise Altered(path, "it was filed, and is gone") from None
    if whole.fingerprint != fingerprint:
        raise Altered(path, f"its SHA-256 is not {fingerprint}, as it was filed")
    return whole


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
