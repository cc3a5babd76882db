"""`pantau maintenance`: plan work on services, and see what is planned."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.errors import Failed
from monitor.cli.labels import label_of
from monitor.cli.output import listing, print_csv, print_json, terminal_width
from monitor.cli.person import named
from monitor.cli.settings import Output, Settings, pass_settings, shared_options
from monitor.cli.writing import answering

if TYPE_CHECKING:
    from monitor.configuration.config import Config

_HEAD = ("Id", "When", "What", "Reason", "Approved by", "Known since")
_COLUMNS = (
    *("id", "services", "owners", "labels", "rrule", "start", "end", "after_the_fact", "reason"),
    *("approved_by", "source", "added_at", "added_by", "cancelled_at", "cancelled_by"),
    *("cancel_reason", "public_reason"),
)
_NOW = "now"


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
        click.echo(f"✓ {answer['window']['id']}: {_when(answer['window'], zone)}")


@maintenance.command("list")
@click.option("--all", "everything", is_flag=True, help="Also what is over, or was cancelled.")
@shared_options
@pass_settings
def list_windows(settings: Settings, *, everything: bool) -> None:
    """Show what is planned, and since when that was known."""
    config = _config(settings)
    with answering(settings, config) as writer:
        found = writer.maintenance(everything=everything)["windows"]
    zone = ZoneInfo(config.monitor.zone)
    if settings.output is Output.JSON:
        print_json(found)
    elif settings.output is Output.CSV:
        print_csv(_COLUMNS, [_record(each) for each in found])
    elif found:
        click.echo(listing(_HEAD, [_row(each, zone) for each in found], terminal_width()))
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


def _row(found: Mapping[str, Any], zone: tzinfo) -> tuple[str, ...]:
    return (
        found["id"],
        _when(found, zone),
        ", ".join(_what(found)),
        found["reason"],
        found["approved_by"],
        _known(found, zone),
    )


def _what(found: Mapping[str, Any]) -> Iterator[str]:
    yield from found["services"]
    yield from (f"owner {owner}" for owner in found["owners"])
    yield from (f"{name}={value}" for name, value in found["labels"].items())


def _when(found: Mapping[str, Any], zone: tzinfo) -> str:
    if found["cancelled"] is not None:
        return f"cancelled {_short(found['cancelled']['at'], zone)} by {found['cancelled']['by']}"
    following = found["next"]
    if following is None:
        return "over"
    text = f"{_short(following['start'], zone)} to {_short(following['end'], zone)}"
    again = f", {found['rrule']}" if found["rrule"] else ""
    return text + again + (", after the fact" if following["after_the_fact"] else "")


def _known(found: Mapping[str, Any], zone: tzinfo) -> str:
    by = f" by {found['added_by']}" if found["added_by"] else ""
    return f"{_short(found['added_at'], zone)}, {found['source']}{by}"


def _short(at: str, zone: tzinfo) -> str:
    return f"{datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d %H:%M}"


def _record(found: Mapping[str, Any]) -> tuple[str, ...]:
    following, cancelled = found["next"] or {}, found["cancelled"] or {}
    flat = {
        **found,
        "services": " ".join(found["services"]),
        "owners": " ".join(found["owners"]),
        "labels": " ".join(f"{name}={value}" for name, value in found["labels"].items()),
        **{key: following.get(key, "") for key in ("start", "end", "after_the_fact")},
        "cancelled_at": cancelled.get("at", ""),
        "cancelled_by": cancelled.get("by", ""),
        "cancel_reason": cancelled.get("reason", ""),
    }
    return tuple("" if flat[column] is None else str(flat[column]) for column in _COLUMNS)


def _config(settings: Settings) -> "Config":
    from monitor.cli.configured import configuration

    return configuration(settings.config_path)
