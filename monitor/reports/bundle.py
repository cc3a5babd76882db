"""The bundle of a report: all that an auditor needs to verify it without us, in one archive.

Files are stored as they are, in order of their names and without times: the same files give the
same bytes, and any other byte shows.
"""

import hashlib
import zlib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO, Final

from monitor.ledger.pantau_bundle import (
    MANIFEST,
    PROGRAMS,
    directory,
    local_header,
    manifest,
)

_PIECE: Final = 1 << 20
_INSTRUCTIONS: Final = ("BACA-SAYA.txt", "README.txt")


def add_instructions(folder: Path, key: str, archive: str) -> None:
    """Write how to verify a bundle into its folder, and the programs that do. Raises OSError.

    `archive` is how the bundle will be called.
    """
    for name in PROGRAMS:
        (folder / name).write_bytes(files("monitor.ledger").joinpath(name).read_bytes())
    for name in _INSTRUCTIONS:
        text = files("monitor.reports").joinpath("templates", name).read_text("utf-8")
        (folder / name).write_text(
            text.replace("{key}", key).replace("{archive}", archive), "utf-8"
        )
    (folder / "key").write_text(f"{key}\n")


def add_manifest(folder: Path) -> None:
    """Write the manifest of a folder's files into it. Raises OSError."""
    hashes = {path.name: (path.stat().st_size, _sha256(path)) for path in folder.iterdir()}
    (folder / MANIFEST).write_bytes(manifest(hashes))


def packed(folder: Path) -> Iterator[bytes]:
    """Yield the archive of a folder's files. Raises OSError, and Refused over 4 GB."""
    found: list[tuple[str, int, int]] = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        crc, size = 0, path.stat().st_size
        for piece in _pieces(path):
            crc = zlib.crc32(piece, crc)
        found.append((path.name, crc, size))
    end = directory(found)
    for name, crc, size in found:
        yield local_header(name, crc, size)
        yield from _pieces(folder / name)
    yield end


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _read(file)


def _read(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
