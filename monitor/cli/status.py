"""`pantau status`: how services and checks fare, as the daemon or else the database knows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.errors import Failed
from monitor.cli.output import print_csv, print_json, table, terminal_width
from monitor.cli.settings import Output, Settings, pass_settings, shared_options

if TYPE_CHECKING:
    from monitor.configuration.config import Config

# A daemon that is well answers at once; whoever probes waits for no longer.
_PROBE_SECONDS = 5.0
_NO_DAEMON = "No daemon runs: this is what the last one saw."


@click.command()
@click.option(
    "--alive",
    is_flag=True,
    help="Say only whether the daemon does its work; exit code 1 if not. For a container's probe.",
)
@shared_options
@pass_settings
def status(settings: Settings, *, alive: bool) -> None:
    """Show how services and checks fare.

    The running daemon is asked; without one the database is read. Times are local to the
    configured zone; --output json and csv give them in UTC.
    """
    from monitor.cli import statusview
    from monitor.cli.configured import configuration

    config = configuration(settings.config_path)
    if alive:
        click.echo(_sign_of_life(config))
        return
    document = _document(config)
    if settings.output is Output.JSON:
        print_json(document)
    elif settings.output is Output.CSV:
        print_csv(statusview.COLUMNS, list(statusview.csv_rows(document)))
    else:
        rows = list(statusview.table_rows(document, ZoneInfo(config.monitor.zone)))
        click.echo(table(statusview.HEAD, rows, terminal_width()))
        click.echo(f"\n{statusview.tally(document)}")
    if not document["running"]:
        click.echo(_NO_DAEMON, err=True)
    elif document.get("trouble"):
        click.echo(f"The daemon is in trouble: {document['trouble']}", err=True)


def _sign_of_life(config: "Config") -> str:
    """Say that the daemon does its work; raise Failed where none runs, or one in trouble."""
    from monitor.web.client import ControlClient, ControlError, NoDaemon

    try:
        trouble = ControlClient(config.monitor.data_dir, _PROBE_SECONDS).status()["trouble"]
    except (NoDaemon, ControlError) as error:
        raise Failed(str(error)) from None
    if trouble:
        raise Failed(f"The daemon is in trouble: {trouble}")
    return "The daemon does its work."


def _document(config: "Config") -> Mapping[str, Any]:
    from monitor.web.client import ControlClient, ControlError, NoDaemon

    try:
        return {"running": True, **ControlClient(config.monitor.data_dir).status()}
    except NoDaemon:
        return {"running": False, **_stored(config)}
    except ControlError as error:
        raise Failed(str(error)) from None


def _stored(config: "Config") -> Mapping[str, Any]:
    from monitor.cli.statusview import stored_document
    from monitor.ports import StoreError
    from monitor.store.reader import Examined, open_reader

    try:
        with open_reader(
            config.monitor.data_dir, config.monitor.vantage, examined=Examined.IF_UNREADABLE
        ) as reader:
            states = reader.states()
    except StoreError as error:
        raise Failed(str(error)) from None
    checks = [configured.check for configured in config.checks]
    return stored_document(config.services.values(), checks, states)
