"""`pantau run`: the daemon."""

from typing import TYPE_CHECKING

import click

from monitor.cli.settings import Settings, pass_settings, shared_options

if TYPE_CHECKING:
    pass


@click.command()
@click.option(
    "--web.config.file",
    "web_config_file",
    type=click.Path(exists=True, dir_okay=False),
    metavar="PATH",
    help="Users, TLS and client certificates, in the form of the exporter-toolkit.",
)
@shared_options
@pass_settings
def run(settings: Settings, web_config_file: str | None) -> None:
    """Watch, until stopped by Ctrl-C or SIGTERM. SIGHUP reads the configuration again."""
