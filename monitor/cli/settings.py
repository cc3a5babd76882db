"""The options that every command takes, before its name or after it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import click


class LogFormat(StrEnum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


class Output(StrEnum):
    """How results look."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


DEFAULT_CONFIG = Path("checks.yaml")


@dataclass(slots=True)
class Settings:
    """What those options say. `config` is None where none was named; `config_path` always is."""

    config: Path | None = None
    log_format: LogFormat | None = None
    output: Output = Output.TABLE
    quiet: bool = False

    @property
    def config_path(self) -> Path:
        """The configuration that was named, or the one in this folder."""
        return self.config or DEFAULT_CONFIG


Decorated = TypeVar("Decorated", bound=Callable[..., Any])

pass_settings = click.make_pass_decorator(Settings, ensure=True)


def shared_options(command: Decorated) -> Decorated:
    """Add the shared options to a command. What stands nearer to the end of the line wins."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _kept(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    settings = ctx.ensure_object(Settings)
    if value is not None and value is not False and parameter.name is not None:
        setattr(settings, parameter.name, value)


_OPTIONS = (
    click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="The checks; config/ lies beside it.  [default: checks.yaml]",
        expose_value=False,
        callback=_kept,
    ),
    click.option(
        "--log-format",
        type=click.Choice([str(one) for one in LogFormat]),
        help="How log lines look.  [default: text on a terminal, else json]",
        expose_value=False,
        callback=lambda ctx, parameter, value: _kept(ctx, parameter, value and LogFormat(value)),
    ),
    click.option(
        "--output",
        "-o",
        type=click.Choice([str(one) for one in Output]),
        help="How results look.  [default: table]",
        expose_value=False,
        callback=lambda ctx, parameter, value: _kept(ctx, parameter, value and Output(value)),
    ),
    click.option(
        "--quiet",
        "-q",
        is_flag=True,
        help="Say nothing where the exit code says it.",
        expose_value=False,
        callback=_kept,
    ),
)
