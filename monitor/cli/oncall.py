"""`pantau oncall`: who is on call, until when, and who is next."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.moment import moment_of, moment_option
from monitor.cli.output import listing, print_csv, print_json, terminal_width
from monitor.cli.settings import Output, Settings, pass_settings, shared_options

if TYPE_CHECKING:
    from monitor.configuration.config import Config
    from monitor.domain.oncall import Rotation, Shift

_HEAD = ("Rotation", "From", "Until", "On call", "Told by", "Why")
_COLUMNS = ("rotation", "start", "end", "person", "name", "receivers", "instead_of", "reason")


@click.command()
@click.argument("rotation", metavar="[ID]", required=False)
@moment_option
@click.option(
    "--weeks",
    type=click.IntRange(1, 104),
    metavar="N",
    help="Show all who are on call within N weeks.  [default: who is, and who is next]",
)
@shared_options
@pass_settings
def oncall(
    settings: Settings, rotation: str | None, at: datetime | None, weeks: int | None
) -> None:
    """Say who is on call, until when, and who is next; of the rotation ID, or of all.

    It goes by config/alerts.yaml as it stands, and asks no daemon.
    """
    from monitor.cli.configured import configuration

    config = configuration(settings.config_path)
    zone = ZoneInfo(config.monitor.zone)
    start = moment_of(at, zone)
    found = [
        _record(each, shift)
        for each in _chosen(config, rotation)
        for shift in _shifts(each, start, weeks)
    ]
    _show(settings, found, zone)


def _chosen(config: "Config", name: str | None) -> "Sequence[Rotation]":
    from monitor.configuration.names import nearest

    if name is None:
        return list(config.rotations.values())
    if name not in config.rotations:
        there = nearest(name, config.rotations) or ": config/alerts.yaml names none"
        raise click.UsageError(f"there is no rotation {name!r}{there}")
    return [config.rotations[name]]


def _shifts(rotation: "Rotation", start: datetime, weeks: int | None) -> "Iterator[Shift]":
    """Yield who is on call for so many weeks, or who is at `start` and who is next."""
    from monitor.domain.oncall import shift_at, shifts

    if weeks is not None:
        yield from shifts(rotation, start, start + timedelta(weeks=weeks))
        return
    present = shift_at(rotation, start)
    yield present
    yield shift_at(rotation, present.end)


def _record(rotation: "Rotation", shift: "Shift") -> Mapping[str, Any]:
    return {
        "rotation": rotation.id,
        "start": shift.start.isoformat(),
        "end": shift.end.isoformat(),
        "person": shift.person.id,
        "name": shift.person.name,
        "receivers": list(shift.person.receivers),
        "instead_of": shift.instead_of.name if shift.instead_of else None,
        "reason": shift.reason or None,
    }


def _show(settings: Settings, found: Sequence[Mapping[str, Any]], zone: tzinfo) -> None:
    if settings.output is Output.JSON:
        print_json(found)
    elif settings.output is Output.CSV:
        print_csv(_COLUMNS, [[_cell(each[column]) for column in _COLUMNS] for each in found])
    elif found:
        click.echo(listing(_HEAD, [_row(each, zone) for each in found], terminal_width()))
    else:
        click.echo("Nobody: there is no `oncall` in config/alerts.yaml.")


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(value)


def _row(found: Mapping[str, Any], zone: tzinfo) -> tuple[str, ...]:
    start, end = (
        f"{datetime.fromisoformat(found[key]).astimezone(zone):%a %Y-%m-%d %H:%M}"
        for key in ("start", "end")
    )
    stands_in = f"instead of {found['instead_of']}: {found['reason']}"
    why = "in turn" if found["instead_of"] is None else stands_in
    return found["rotation"], start, end, found["name"], ", ".join(found["receivers"]), why
