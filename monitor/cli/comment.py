"""`pantau comment`: keep a remark with an incident."""

import click

from monitor.cli.errors import Failed
from monitor.cli.output import print_json
from monitor.cli.person import named
from monitor.cli.settings import Output, Settings, pass_settings, shared_options
from monitor.cli.writing import answering


@click.command()
@click.argument("incident")
@click.option("--by", metavar="NAME", help="Who says it. Default: who runs the command.")
@click.option("--comment", "text", metavar="TEXT", required=True, help="What is to be kept.")
@shared_options
@pass_settings
def comment(settings: Settings, incident: str, by: str | None, text: str) -> None:
    """Keep a remark with INCIDENT: its id, also once it is over, or the service that is down.

    Nobody is told of it: it stands on the page of the incident and in `pantau incidents`.
    """
    from monitor.cli.configured import configuration

    if not text.strip():
        raise click.UsageError("--comment: there is nothing in it")
    config = configuration(settings.config_path)
    by = named(by)
    with answering(settings, config) as writer:
        result = writer.comment(incident, by, text)
    if settings.output is Output.JSON:
        print_json({"incidents": list(result.incidents), "by": by, "detail": result.detail})
    elif result.incidents and not settings.quiet:
        click.echo(f"✓ {incident}: comment kept ({', '.join(result.incidents)})")
    if not result.incidents:
        raise Failed(result.detail)
