"""What fields may know of the place where they are written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The `context` of a validation.

    `folder` is where relative paths begin. `environment` answers `{env: …}`; `credentials` is
    the folder of systemd's credentials, if any. `from_environment` collects the names of the
    variables that secrets were read from, for a warning.
    """

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    credentials: Path | None = None
    from_environment: list[str] = field(default_factory=list)


def context_of(info: ValidationInfo[Any]) -> Context:
    """Return the context of a validation; without one, paths begin at the working directory."""
    return info.context if isinstance(info.context, Context) else Context(folder=Path())
