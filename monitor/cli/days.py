"""Days as the options of commands name them."""

from datetime import date

import click


def local_day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    """Return the day of an option, None where it was not given. Raises BadParameter."""
    try:
        return None if value is None else date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no day; write it as 2026-10-01") from None
