"""`pantau ack`: say that somebody takes care of an outage."""

import click

from monitor.cli.errors import Failed
from monitor.cli.output import print_json
from monitor.cli.person import named
from monitor.cli.settings import Output, Settings, pass_settings, shared_options
from monitor.cli.writing import answering


@click.command()
@click.argument("incident")
@click.option("--by", metavar="NAME", help="Who takes care of it. Default: who runs the command.")
@click.option("--comment", metavar="TEXT", default="", help="What is done about it.")
@shared_options
@pass_settings
def ack(settings: Settings, incident: str, by: str | None, comment: str) -> None:
    """Say that somebody takes care of INCIDENT: its id, or the service that is down.

    Those who were told of the outage are told who it is, and are reminded of it no more. It is
    recorded with the incident. Without a daemon they are told when it starts.
    """
    from monitor.cli.configured import configuration

    config = configuration(settings.config_path)
    by = named(by)
    with answering(settings, config) as writer:
        result = writer.acknowledge(incident, by, comment)
    if settings.output is Output.JSON:
        print_json({"incidents": list(result.incidents), "by": by, "detail": result.detail})
    elif result.incidents and not settings.quiet:
        click.echo(f"✓ {incident}: {by} takes care of it ({', '.join(result.incidents)})")
    if not result.incidents:
        raise Failed(result.detail)
