"""Labels of checks on the command line."""

import click


def label_of(written: str) -> tuple[str, str]:
    """Return the name and the value of --label NAME=VALUE. Raises UsageError."""
    name, equals, value = written.partition("=")
    if not (name and equals):
        raise click.UsageError(f"--label: {written!r}: write NAME=VALUE")
    return name, value
