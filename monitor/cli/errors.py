"""What ends a command other than its result."""

from typing import IO, Any

import click


class Failed(click.ClickException):
    """The command did not do what it was asked for, for a reason that its user can act on."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the reason on stderr."""
        click.echo(self.format_message(), file=file, err=True)
