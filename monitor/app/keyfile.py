"""Files of secret keys, each written once."""

import os
from pathlib import Path

from monitor.store.connection import sync_folder


def write_key(path: Path, text: str) -> None:
    """Write a new key, for its owner alone: whole under its name or not at all, also after a crash.

    Raises OSError.
    """
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(new, flags, 0o600), "w") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    sync_folder(path.parent)
