"""`pantau incidents`: which outages there were, and the story of one."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from monitor.cli.errors import Failed
from monitor.cli.output import listing, print_csv, print_json, terminal_width
from monitor.cli.settings import Output, Settings, pass_settings, shared_options

if TYPE_CHECKING:
    from monitor.configuration.config import Config
    from monitor.ports import Sought

_MOST = 10_000

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.argument("incident", required=False)
@click.option("--open", "is_open", is_flag=True, help="Only those that go on.")
@click.option("--service", "services", multiple=True, metavar="ID", help="Only of this service.")
@click.option("--month", "in_month", metavar="YYYY-MM", help="Only those that touch a month.")
@click.option("--from", "first", type=_DAY, metavar="DAY", help="Only those that touch days from.")
@click.option("--to", "until", type=_DAY, metavar="DAY", help="… up to and without this day.")
@click.option("--limit", type=click.IntRange(1, _MOST), default=50, help="How many, the latest.")
@shared_options
@pass_settings
def incidents(
    settings: Settings, /, incident: str | None, *, is_open: bool, limit: int, **asked: object
) -> None:
    """List outages, the latest first; or tell the story of one, named by its id.

    The story has its checks, who was told or why nobody was, what people did and said, and what
    became of every message. It is read from the database, with or without a running daemon.
    """
    from monitor.cli.configured import configuration

    config = configuration(settings.config_path)
    if incident is not None:
        if is_open or any(asked.values()):
            raise click.UsageError("an incident is named by its id alone, without other options")
        _show_story(settings, config, incident)
        return
    _show_list(settings, config, _sought(config, is_open=is_open, limit=limit, **asked))


def _sought(config: "Config", *, is_open: bool, limit: int, **asked: object) -> "Sought":
    from monitor.domain.instant import instant
    from monitor.ports import Sought

    window = _window(config, asked)
    services = asked["services"]
    assert isinstance(services, tuple)  # noqa: S101  click gives one for an option that is repeated
    return Sought(
        limit=limit,
        is_open=is_open,
        services=frozenset(services) or None,
        start=window and instant(window[0]),
        end=window and instant(window[1]),
    )


def _window(config: "Config", asked: "dict[str, object]") -> tuple[int, int] | None:
    """Return the period that was asked for in microseconds, None for all the time there was."""
    from monitor.cli.period import NoPeriod, period
    from monitor.domain.instant import microseconds

    in_month, first, until = asked["in_month"], asked["first"], asked["until"]
    if in_month is None and first is None and until is None:
        return None
    assert in_month is None or isinstance(in_month, str)  # noqa: S101  so says its option
    try:
        found = period(
            in_month=in_month,
            first=_day(first),
            until=_day(until),
            zone=ZoneInfo(config.monitor.zone),
            now=microseconds(datetime.now(UTC)),
        )
    except NoPeriod as error:
        raise click.UsageError(str(error)) from None
    return found.window.start, found.window.end


def _day(at: object) -> date | None:
    return at.date() if isinstance(at, datetime) else None


def _show_list(settings: Settings, config: "Config", sought: "Sought") -> None:
    from monitor.cli import incidentsview as view
    from monitor.ports import StoreError
    from monitor.store.reader import Examined, open_reader
    from monitor.web.incidententries import incident_entry

    try:
        with open_reader(config.monitor.data_dir, examined=Examined.IF_UNREADABLE) as reader:
            found = reader.found(sought)
    except StoreError as error:
        raise Failed(str(error)) from None
    zone, now = ZoneInfo(config.monitor.zone), datetime.now(UTC)
    if settings.output is Output.JSON:
        print_json([incident_entry(each) for each in found])
    elif settings.output is Output.CSV:
        print_csv(view.CSV_HEAD, [view.csv_row(each) for each in found])
    elif found:
        rows = [view.row(each, zone, now) for each in found]
        click.echo(listing(view.HEAD, rows, terminal_width()))
    elif not settings.quiet:
        click.echo("No outage.")


def _listing(config: "Config", name: str) -> str:
    """Return how the ids of incidents are found, where `name` was none."""
    known = name in config.services
    return f"`pantau incidents{f' --service {name}' if known else ''}` lists them"


def _show_story(settings: Settings, config: "Config", incident: str) -> None:
    from monitor.cli import incidentsview as view
    from monitor.ports import StoreError
    from monitor.store.reader import Examined, open_reader
    from monitor.web.incidententries import story_entry

    if settings.output is Output.CSV:
        raise click.UsageError("--output csv is for the list; of one incident there is json")
    try:
        with open_reader(config.monitor.data_dir, examined=Examined.IF_UNREADABLE) as reader:
            story = reader.story(incident)
    except StoreError as error:
        raise Failed(str(error)) from None
    if story is None:
        raise Failed(f"{incident}: there is no such incident; {_listing(config, incident)}")
    if settings.output is Output.JSON:
        print_json(story_entry(story))
    else:
        lines = view.story_lines(story, ZoneInfo(config.monitor.zone), datetime.now(UTC))
        click.echo("\n".join(lines))
