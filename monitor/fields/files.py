"""Files that a configuration names: relative ones begin at the folder of the configuration."""

import os
import stat
from errno import EFBIG, EINVAL
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

from monitor.fields.context import context_of
from monitor.fields.shown import shown


def parse_file(value: object, info: ValidationInfo[Any]) -> Path:
    """Return the path of a file that exists and can be read; raise ValueError otherwise."""
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise ValueError(f"{shown(value)} is no file name")
    path = context_of(info).folder / value
    if not path.is_file():
        raise ValueError(f"there is no file {shown(str(value))}")
    if not os.access(path, os.R_OK):
        raise ValueError(f"{shown(str(value))} cannot be read by this user")
    return path


def read_file(path: Path, largest: int) -> bytes:
    """Return what an ordinary file of at most `largest` bytes holds; raise OSError otherwise."""
    # O_NONBLOCK: opening a named pipe must not wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(EINVAL, "it is no ordinary file")
        octets = file.read(largest + 1)
    if len(octets) > largest:
        raise OSError(EFBIG, f"it is over {largest} bytes")
    return octets


File = Annotated[Path, BeforeValidator(parse_file), WithJsonSchema({"type": "string"})]
"""The path of a readable file, relative ones joined to the configuration's folder."""
