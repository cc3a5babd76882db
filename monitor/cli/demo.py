"""`pantau demo`: a simulated city, watched by the real daemon, for whoever wants to see it work."""

from typing import TYPE_CHECKING

import click

from monitor.cli.errors import Failed
from monitor.cli.settings import shared_options

if TYPE_CHECKING:
    from monitor.demo.scenes import Ended
    from monitor.reports.entries import Entry


@click.command()
@click.option(
    "--seconds",
    type=click.FloatRange(min=5),
    metavar="N",
    help="End after so long; under 120, things happen faster.  [default: until Ctrl-C]",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="N",
    help="Port of the status page on 127.0.0.1.  [default: 8790, or a free one]",
)
@click.option(
    "--lang", type=click.Choice(["id", "en"]), default="id", show_default=True, help="Language."
)
@shared_options
def demo(*, seconds: float | None, port: int | None, lang: str) -> None:
    """Watch a small simulated city on this machine.

    Web sites, certificates and name servers run on 127.0.0.1 and break one after the other; the
    real daemon watches them, and its alerts are shown as they arrive. No network is needed, and
    nothing is left behind. --config and --output mean nothing here.
    """
    from monitor.cli.demoview import Screen
    from monitor.demo import CannotShow, Show, perform
    from monitor.locales import Language

    screen = Screen(Language(lang), _figures)
    try:
        perform(Show(seconds=seconds, port=port, tell=screen.show))
    except CannotShow as error:
        raise Failed(str(error)) from None
    finally:
        screen.clear()


def _figures(ended: "Ended") -> "list[Entry]":
    """Compute what `pantau availability` does, over the very time of the demonstration."""
    from monitor.cli.configured import configuration
    from monitor.domain.instant import microseconds
    from monitor.domain.windows import Window
    from monitor.reports.entries import Terms
    from monitor.reports.reckoning import entry
    from monitor.store.reader import open_reader

    config = configuration(ended.config)
    checks = [configured.check for configured in config.checks]
    period = Window(microseconds(ended.began_at), microseconds(ended.ended_at))
    with open_reader(config.monitor.data_dir, config.monitor.vantage) as reader:
        terms = Terms(calendars=config.calendars, windows=reader.windows())
        services = config.services.values()
        return [entry(service, checks, reader, period, terms) for service in services]
