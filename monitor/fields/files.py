"""Files that a configuration names: relative ones begin at the folder of the configuration."""

import os
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


File = Annotated[Path, BeforeValidator(parse_file), WithJsonSchema({"type": "string"})]
"""The path of a readable file, relative ones joined to the configuration's folder."""
