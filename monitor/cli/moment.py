"""The option --at: the moment that a question is about."""

from datetime import UTC, datetime, tzinfo

import click


def _moment(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    from monitor.configuration.moments import parse_moment

    try:
        return None if value is None else parse_moment(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


moment_option = click.option(
    "--at",
    callback=_moment,
    metavar="MOMENT",
    help="When, in the configured zone: '2026-12-24 22:00'.  [default: now]",
)


def moment_of(wall: datetime | None, zone: tzinfo) -> datetime:
    """Return the moment (UTC) at which clocks in `zone` show `wall`; now for None."""
    from monitor.domain.walltime import instant_of

    return datetime.now(UTC) if wall is None else instant_of(wall, zone)
