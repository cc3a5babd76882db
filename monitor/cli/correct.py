"""`pantau correct`: correct what was recorded, beside it and on record."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.errors import Failed
from monitor.cli.output import print_csv, print_json, terminal_width, whole
from monitor.cli.person import named
from monitor.cli.settings import Output, Settings, pass_settings, shared_options
from monitor.cli.writing import answering

if TYPE_CHECKING:
    from monitor.configuration.config import Config

_HEAD = ("Id", "What", "When", "Status", "Evidence", "By", "Reason")
_COLUMNS = (
    *("id", "service", "check", "from", "to", "status", "reason", "evidence", "by", "at"),
    *("withdrawn_at", "withdrawn_by", "withdraw_reason"),
)


@click.group()
def correct() -> None:
    """Correct what was recorded of a service or a check, on evidence and on record."""


@correct.command()
@click.option("--service", metavar="ID", help="The service as a whole; or --check.")
@click.option("--check", metavar="ID", help="One check of it.")
@click.option("--from", "start", required=True, metavar="MOMENT", help='"2026-11-28 22:00".')
@click.option("--to", "end", required=True, metavar="MOMENT", help="When it ended.")
@click.option(
    "--status",
    required=True,
    type=click.Choice(["up", "degraded", "down", "unknown"]),
    help="What was so meanwhile.",
)
@click.option("--reason", required=True, metavar="TEXT", help="Why what was recorded is wrong.")
@click.option("--evidence", required=True, metavar="TEXT", help="What proves it: a letter, a log.")
@click.option("--by", metavar="NAME", help="Who corrects it. Default: who runs the command.")
@shared_options
@pass_settings
def add(settings: Settings, /, by: str | None, **said: Any) -> None:
    """Correct a stretch of time that is over. Figures show both: as measured, and as corrected.

    Nothing that was recorded is changed. Times are by the clock of the configured zone. Of
    corrections that overlap, the later one counts.
    """
    config = _config(settings)
    wish = {key: value for key, value in said.items() if value is not None}
    wish |= {"from": wish.pop("start"), "to": wish.pop("end"), "by": named(by)}
    with answering(settings, config) as writer:
        answer = writer.correct(wish)
    if answer["correction"] is None:
        raise Failed(answer["detail"])
    if settings.output is Output.JSON:
        print_json(answer["correction"])
    elif not settings.quiet:
        found = answer["correction"]
        when = _when(found, ZoneInfo(config.monitor.zone))
        click.echo(f"✓ {found['id']}: {_what(found)} was {found['status']}, {when}")


@correct.command("list")
@shared_options
@pass_settings
def list_corrections(settings: Settings) -> None:
    """Show all that was ever corrected, and what was withdrawn."""
    config = _config(settings)
    with answering(settings, config) as writer:
        found = writer.corrections()["corrections"]
    zone = ZoneInfo(config.monitor.zone)
    if settings.output is Output.JSON:
        print_json(found)
    elif settings.output is Output.CSV:
        print_csv(_COLUMNS, [_record(each) for each in found])
    elif found:
        click.echo(whole(_HEAD, [_row(each, zone) for each in found], terminal_width()))
    else:
        click.echo("Nothing was corrected.")


@correct.command()
@click.argument("name", metavar="ID")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@click.option("--by", metavar="NAME", help="Who withdraws it. Default: who runs the command.")
@shared_options
@pass_settings
def withdraw(settings: Settings, /, name: str, by: str | None, reason: str) -> None:
    """Have the correction ID count no more. That it was made stays on record."""
    with answering(settings, _config(settings)) as writer:
        answer = writer.withdraw_correction(name, named(by), reason)
    if answer["correction"] is None:
        raise Failed(f"{name}: {answer['detail']}")
    if settings.output is Output.JSON:
        print_json(answer["correction"])
    elif not settings.quiet:
        click.echo(f"✓ {name}: withdrawn")


def _row(found: Mapping[str, Any], zone: tzinfo) -> tuple[str, ...]:
    withdrawn = found["withdrawn"]
    status = found["status"] if withdrawn is None else f"withdrawn by {withdrawn['by']}"
    return (
        found["id"],
        _what(found),
        _when(found, zone),
        status,
        found["evidence"],
        f"{found['by']}, {_short(found['at'], zone)}",
        found["reason"],
    )


def _what(found: Mapping[str, Any]) -> str:
    return str(found["service"]) if found["check"] is None else f"check {found['check']}"


def _when(found: Mapping[str, Any], zone: tzinfo) -> str:
    start, end = (datetime.fromisoformat(found[key]).astimezone(zone) for key in ("from", "to"))
    form = "%Y-%m-%d %H:%M" if start.second == end.second == 0 else "%Y-%m-%d %H:%M:%S"
    return f"{start:{form}} to {end:{form}}"


def _short(at: str, zone: tzinfo) -> str:
    return f"{datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d %H:%M}"


def _record(found: Mapping[str, Any]) -> tuple[str, ...]:
    withdrawn = found["withdrawn"] or {}
    flat = {
        **found,
        "withdrawn_at": withdrawn.get("at", ""),
        "withdrawn_by": withdrawn.get("by", ""),
        "withdraw_reason": withdrawn.get("reason", ""),
    }
    return tuple("" if flat[column] is None else str(flat[column]) for column in _COLUMNS)


def _config(settings: Settings) -> "Config":
    from monitor.cli.configured import configuration

    return configuration(settings.config_path)
