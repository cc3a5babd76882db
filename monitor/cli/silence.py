"""`pantau silence`: hear nothing of something for a while."""

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.errors import Failed
from monitor.cli.labels import label_of
from monitor.cli.output import listing, print_json, terminal_width
from monitor.cli.person import named
from monitor.cli.settings import Output, Settings, pass_settings, shared_options
from monitor.cli.writing import answering

if TYPE_CHECKING:
    from monitor.configuration.config import Config

_HEAD = ("Id", "Until", "By", "What", "Comment")


@click.group()
def silence() -> None:
    """Hear nothing of something for a while."""


@silence.command()
@click.option("--service", multiple=True, metavar="ID", help="A service.")
@click.option("--owner", multiple=True, metavar="NAME", help="An owner of services.")
@click.option("--type", "check_type", multiple=True, metavar="TYPE", help="A type of checks.")
@click.option("--label", multiple=True, metavar="NAME=VALUE", help="A label of checks.")
@click.option("--for", "length", required=True, metavar="DURATION", help="How long: 30m, 2h.")
@click.option("--by", metavar="NAME", help="Who wants it. Default: who runs the command.")
@click.option("--comment", metavar="TEXT", default="", help="Why.")
@shared_options
@pass_settings
def add(settings: Settings, /, by: str | None, comment: str, length: str, **what: Any) -> None:
    """Have nobody told of outages of what all options name together.

    Who was told before is told of the end all the same. What is still down when the silence ends
    is told then.
    """
    from monitor.fields import parse_duration

    try:
        seconds = int(parse_duration(length).total_seconds())
    except ValueError as error:
        raise click.UsageError(f"--for: {error}") from None
    config = _config(settings)
    names = {
        "service": list(what["service"]),
        "owner": list(what["owner"]),
        "type": list(what["check_type"]),
    }
    labels = dict(label_of(each) for each in what["label"])
    match = {key: value for key, value in {**names, "labels": labels}.items() if value}
    if not match:
        raise click.UsageError("name what is to be silent: --service, --owner, --type or --label")
    with answering(settings, config) as writer:
        answer = writer.add_silence(match, seconds, named(by), comment)
    if answer["silence"] is None:
        raise Failed(answer["detail"])
    if settings.output is Output.JSON:
        print_json(answer["silence"])
    elif not settings.quiet:
        zone = ZoneInfo(config.monitor.zone)
        click.echo(f"✓ {answer['silence']['id']}: silent until {_time(answer['silence'], zone)}")


@silence.command("list")
@shared_options
@pass_settings
def list_silences(settings: Settings) -> None:
    """Show the silences in force."""
    config = _config(settings)
    with answering(settings, config) as writer:
        found = writer.silences()["silences"]
    if settings.output is Output.JSON:
        print_json(found)
    elif found:
        zone = ZoneInfo(config.monitor.zone)
        click.echo(listing(_HEAD, [_row(each, zone) for each in found], terminal_width()))
    else:
        click.echo("Nothing is silenced.")


@silence.command()
@click.argument("silence_id", metavar="ID")
@click.option("--by", metavar="NAME", help="Who lifts it. Default: who runs the command.")
@shared_options
@pass_settings
def lift(settings: Settings, silence_id: str, by: str | None) -> None:
    """End the silence ID before its time."""
    with answering(settings, _config(settings)) as writer:
        answer = writer.lift_silence(silence_id, named(by))
    if not answer["ok"]:
        raise Failed(f"{silence_id}: {answer['detail']}")
    if not settings.quiet:
        click.echo(f"✓ {silence_id}: lifted")


def _row(found: Mapping[str, Any], zone: tzinfo) -> tuple[str, ...]:
    what = ", ".join(_what(found["match"]))
    return found["id"], _time(found, zone), found["by"], what, found["comment"]


def _what(match: Mapping[str, Any]) -> Iterator[str]:
    for key, values in match.items():
        if key == "labels":
            yield from (f"{name}={value}" for name, value in values.items())
        elif values:
            yield f"{key} {'|'.join(values)}"


def _time(found: Mapping[str, Any], zone: tzinfo) -> str:
    return f"{datetime.fromisoformat(found['until']).astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _config(settings: Settings) -> "Config":
    from monitor.cli.configured import configuration

    return configuration(settings.config_path)
