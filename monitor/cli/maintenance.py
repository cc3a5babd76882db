"""`pantau maintenance`: plan work on services, and see what is planned."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.errors import Failed
from monitor.cli.labels import label_of
from monitor.cli.maintenanceview import COLUMNS, HEAD, each_time, record, row, when_text
from monitor.cli.output import listing, print_csv, print_json, terminal_width
from monitor.cli.person import named
from monitor.cli.settings import Output, Settings, pass_settings, shared_options
from monitor.cli.writing import answering

if TYPE_CHECKING:
    from monitor.configuration.config import Config

_NOW = "now"
_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def maintenance() -> None:
    """Plan work on services, and see what is planned."""


@maintenance.command()
@click.option("--id", "name", metavar="ID", help="What messages call it.  [default: one is made]")
@click.option("--service", "services", multiple=True, metavar="ID", help="What is worked on.")
@click.option("--owner", "owners", multiple=True, metavar="NAME", help="Whose services are.")
@click.option("--label", "labels", multiple=True, metavar="NAME=VALUE", help="A label of checks.")
@click.option("--start", required=True, metavar="MOMENT", help='"2026-11-28 22:00", or now.')
@click.option("--end", metavar="MOMENT", help="When it ends; or --for.")
@click.option("--for", "length", metavar="DURATION", help="How long it lasts: 30m, 2h.")
@click.option("--rrule", metavar="RRULE", help="The days it begins on; --start is a time of day.")
@click.option("--first", metavar="DAY", help="The first of these days.")
@click.option("--approved-by", required=True, metavar="NAME", help="Who approved it.")
@click.option("--reason", required=True, metavar="TEXT", help="What is done.")
@click.option("--public-reason", metavar="TEXT", help="What the public page says of it.")
@click.option("--by", metavar="NAME", help="Who puts it down. Default: who runs the command.")
@shared_options
@pass_settings
def add(settings: Settings, /, by: str | None, **said: Any) -> None:
    """Plan work: once (--start, --end or --for), or again and again (--rrule, --for).

    Probing goes on, and nobody is told of outages that it covers. Times are by the clock of the
    configured zone. Work that is put down only after it began stays marked as such.
    """
    config = _config(settings)
    zone = ZoneInfo(config.monitor.zone)
    with answering(settings, config) as writer:
        answer = writer.add_maintenance(_window(said, zone), named(by))
    if answer["window"] is None:
        raise Failed(answer["detail"])
    if settings.output is Output.JSON:
        print_json(answer["window"])
    elif not settings.quiet:
        click.echo(f"✓ {answer['window']['id']}: {when_text(answer['window'], zone)}")


@maintenance.command("list")
@click.option("--all", "everything", is_flag=True, help="Also what is over, or was cancelled.")
@click.option("--from", "first", type=_DAY, metavar="DAY", help="Each time of these days, from.")
@click.option("--to", "until", type=_DAY, metavar="DAY", help="… up to and without this day.")
@shared_options
@pass_settings
def list_windows(
    settings: Settings, *, everything: bool, first: datetime | None, until: datetime | None
) -> None:
    """Show what is planned, and since when that was known.

    With --from or --to each time of a window is shown that touches these days, also what is over.
    From today, and for 14 days, where one of them is left out.
    """
    if everything and (first or until):
        raise click.UsageError("--all goes without --from and --to")
    config = _config(settings)
    zone = ZoneInfo(config.monitor.zone)
    with answering(settings, config) as writer:
        answer = writer.maintenance(
            everything=everything, start=_midnight(first, zone), end=_midnight(until, zone)
        )
    if answer.get("detail"):
        raise Failed(answer["detail"])
    found = answer["windows"]
    if settings.output is Output.JSON:
        print_json(found)
        return
    found = list(each_time(found))
    if settings.output is Output.CSV:
        print_csv(COLUMNS, [record(each) for each in found])
    elif found:
        click.echo(listing(HEAD, [row(each, zone) for each in found], terminal_width()))
    else:
        click.echo("Nothing is planned.")


@maintenance.command()
@click.argument("name", metavar="ID")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@click.option("--by", metavar="NAME", help="Who cancels it. Default: who runs the command.")
@shared_options
@pass_settings
def cancel(settings: Settings, /, name: str, by: str | None, reason: str) -> None:
    """End the window ID from now on. What was covered until now stays so."""
    with answering(settings, _config(settings)) as writer:
        answer = writer.cancel_maintenance(name, named(by), reason)
    if answer["window"] is None:
        raise Failed(f"{name}: {answer['detail']}")
    if settings.output is Output.JSON:
        print_json(answer["window"])
    elif not settings.quiet:
        click.echo(f"✓ {name}: cancelled")


def _window(said: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    """Return a window as config/maintenance.yaml writes it; who takes it judges its values."""
    if (said["end"] is None) == (said["length"] is None):
        raise click.UsageError("say how long: --end or --for, and not both")
    labels = dict(label_of(each) for each in said["labels"])
    start, end = said["start"], said["end"]
    if start == _NOW:
        start = _wall(datetime.now(UTC), zone)
    if said["rrule"] is None and said["length"] is not None:
        end = _end(start, said["length"], zone)
    written = {
        "id": said["name"],
        "services": list(said["services"]),
        "owners": list(said["owners"]),
        "labels": labels,
        "start": start,
        "end": end,
        "rrule": said["rrule"],
        "duration": said["length"] if said["rrule"] is not None else None,
        "first": said["first"],
        "approved_by": said["approved_by"],
        "reason": said["reason"],
        "public_reason": said["public_reason"],
    }
    return {key: value for key, value in written.items() if value not in (None, [], {})}


def _end(start: str, length: str, zone: tzinfo) -> str:
    from monitor.configuration.moments import parse_moment
    from monitor.domain.walltime import instant_of
    from monitor.fields import parse_duration

    try:
        span: timedelta = parse_duration(length)
        begins = instant_of(parse_moment(start), zone)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    return _wall(begins + span, zone)


def _wall(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _midnight(day: datetime | None, zone: tzinfo) -> datetime | None:
    from monitor.domain.walltime import instant_of

    return None if day is None else instant_of(day, zone)


def _config(settings: Settings) -> "Config":
    from monitor.cli.configured import configuration

    return configuration(settings.config_path)
