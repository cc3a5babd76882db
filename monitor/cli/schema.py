"""`pantau schema`: the JSON Schema that editors check a configuration file with."""

import click

from monitor.cli.output import print_json
from monitor.cli.settings import shared_options


@click.command()
@click.argument("name", default="checks", metavar="[checks|monitor|alerts|…|laporan]")
@shared_options
def schema(name: str) -> None:
    """Print the JSON Schema of checks.yaml, or of another file by its name.

    Of config/: monitor, alerts, maintenance, calendar, report. Of reports: laporan.

    Name it in the first line of a file, and editors complete and check it:

    # yaml-language-server: $schema=config/schema/checks.schema.json
    """
    from monitor.configuration.schema import schemas
    from monitor.notifiers import receiver_types
    from monitor.probes import check_types
    from monitor.reports.form import schema as laporan

    files = schemas(check_types(), receiver_types()) | {"laporan.schema.json": laporan()}
    known = {file.partition(".")[0]: text for file, text in files.items()}
    if name not in known:
        raise click.UsageError(f"there is no schema {name!r}; known: {', '.join(known)}")
    print_json(known[name])
