"""The checksum of a whole backup, in a file beside it that `sha256sum --check` reads, too."""

import hashlib
import os
from pathlib import Path

from monitor.store.connection import sync_folder


def digest_path(file: Path) -> Path:
    """Return where the checksum of a file is."""
    return file.with_name(f"{file.name}.sha256")


def write_digest(file: Path, shown: Path) -> None:
    """Write the checksum of `file`, which will have the name `shown`, durably beside that name."""
    path = digest_path(shown)
    draft = path.with_name(f"{path.name}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        owner = file.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
        os.write(descriptor, f"{_digest(file)}  {shown.name}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(path)
    sync_folder(path.parent)


def digest_fault(file: Path) -> tuple[str, ...]:
    """Return what is wrong with a file by its checksum; nothing where there is none beside it."""
    path = digest_path(file)
    try:
        said = path.read_text().partition(" ")[0]
    except FileNotFoundError:
        return ()
    except UnicodeDecodeError:
        said = ""
    if said == _digest(file):
        return ()
    return (f"it is not the file that was written, by its checksum in {path.name}",)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
