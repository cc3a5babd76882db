"""`pantau run`: the daemon."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.errors import Failed
from monitor.cli.settings import Settings, pass_settings, shared_options

if TYPE_CHECKING:
    from monitor.app.daemon import RunSummary


@click.command()
@click.option(
    "--web.config.file",
    "web_config_file",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Users, TLS and client certificates, in the form of the exporter-toolkit.",
)
@shared_options
@pass_settings
def run(settings: Settings, web_config_file: Path | None) -> None:
    """Watch, until stopped by Ctrl-C or SIGTERM.

    SIGHUP has the configuration read again; one that is wrong changes nothing.
    """
    from monitor.app.daemon import RunOptions, StartupError
    from monitor.app.daemon import run as run_daemon
    from monitor.cli import logs
    from monitor.cli.configured import refusing

    logs.set_up(settings.log_format, quiet=settings.quiet)
    talks = sys.stderr.isatty() and not settings.quiet
    options = RunOptions(
        web_config_file=web_config_file, on_ready=_introduce if talks else lambda _: None
    )
    try:
        with refusing(settings.config_path):
            run_daemon(settings.config_path, options)
    except StartupError as error:
        raise Failed(str(error)) from None


def _introduce(summary: "RunSummary") -> None:
    from monitor.cli.banner import banner

    click.echo(f"{banner(summary)}\n", err=True)
