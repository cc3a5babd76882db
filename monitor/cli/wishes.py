"""What people said of alerts by command or API, read from the database."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from monitor.cli.explanation import Wishes
    from monitor.configuration.config import Config


def wishes(config: "Config") -> "Wishes":
    """Return the silences, and the windows in force that no file says; none without a database.

    Where it can't be read, stderr says what is not looked at.
    """
    from monitor.cli.explanation import Wishes
    from monitor.domain.windowrecord import Source
    from monitor.ports import StoreError
    from monitor.store.connection import DATABASE
    from monitor.store.reader import Examined, open_reader

    if not (config.monitor.data_dir / DATABASE).exists():
        return Wishes()
    try:
        with open_reader(config.monitor.data_dir, examined=Examined.IF_UNREADABLE) as reader:
            records, silences = reader.windows(), reader.silences()
    except StoreError as error:
        click.echo(f"silences and work planned by command are not looked at: {error}", err=True)
        return Wishes()
    return Wishes(
        windows=tuple(
            each.window
            for each in records
            if each.cancelled is None and each.source is not Source.FILE
        ),
        silences=silences,
    )
