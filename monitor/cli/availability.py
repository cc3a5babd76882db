"""`pantau availability`: the figures of services over a period, from stored samples."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from monitor.cli.days import local_day
from monitor.cli.errors import Failed
from monitor.cli.output import print_json, progress, stacked, terminal_width, whole
from monitor.cli.settings import Output, Settings, pass_settings, shared_options

if TYPE_CHECKING:
    from monitor.cli.period import Period
    from monitor.configuration.config import Config
    from monitor.domain.service import Service
    from monitor.locales import Language
    from monitor.reports.entries import Entry


@click.command()
@click.option("--month", "in_month", metavar="YYYY-MM", help="A month of the configured zone.")
@click.option("--from", "first", callback=local_day, metavar="YYYY-MM-DD", help="The first day.")
@click.option(
    "--to", "until", callback=local_day, metavar="YYYY-MM-DD", help="The day after the last."
)
@click.option("--service", "services", multiple=True, metavar="ID", help="Only this one; repeat.")
@click.option("--lang", type=click.Choice(["id", "en"]), help="Language.  [default: as configured]")
@shared_options
@pass_settings
def availability(
    settings: Settings,
    *,
    in_month: str | None,
    first: date | None,
    until: date | None,
    services: tuple[str, ...],
    lang: str | None,
) -> None:
    """Compute the availability of services over a month, or from one day up to another.

    Every figure is computed from the stored samples. Time that nobody watched is unknown and
    is never counted as up; a period that is not over is computed until now.
    """
    from monitor.cli.configured import configuration
    from monitor.locales import Language

    config = configuration(settings.config_path)
    chosen = _chosen(config, services)
    asked = _period(config, in_month, first, until)
    entries = _entries(config, chosen, asked)
    _show(settings, config, entries, asked, Language(lang or config.monitor.language))


def _chosen(config: "Config", names: Sequence[str]) -> "list[Service]":
    from monitor.configuration.names import nearest

    known = {str(name): service for name, service in config.services.items()}
    for name in names:
        if name not in known:
            raise click.UsageError(f"there is no service {name!r}{nearest(name, known)}")
    return [service for name, service in known.items() if not names or name in names]


def _period(
    config: "Config", in_month: str | None, first: date | None, until: date | None
) -> "Period":
    from monitor.cli.period import NoPeriod, period
    from monitor.domain.instant import microseconds

    zone, now = ZoneInfo(config.monitor.zone), microseconds(datetime.now(UTC))
    try:
        return period(in_month=in_month, first=first, until=until, zone=zone, now=now)
    except NoPeriod as error:
        raise click.UsageError(str(error)) from None


def _entries(config: "Config", services: "Sequence[Service]", asked: "Period") -> "list[Entry]":
    from monitor.ports import StoreError
    from monitor.reports.entries import Terms
    from monitor.reports.reckoning import entry
    from monitor.store.reader import open_reader

    checks = [configured.check for configured in config.checks]
    try:
        with open_reader(config.monitor.data_dir, config.monitor.vantage) as reader:
            terms = Terms(
                calendars=config.calendars,
                windows=reader.windows(),
                corrections=reader.corrections(),
                whole=asked.whole,
            )
            return [
                entry(service, checks, reader, asked.window, terms)
                for service in progress(services, "Reading samples")
            ]
    except StoreError as error:
        raise Failed(str(error)) from None


def _show(
    settings: Settings,
    config: "Config",
    entries: "Sequence[Entry]",
    asked: "Period",
    language: "Language",
) -> None:
    from monitor.cli import availability_document as documents

    zone = ZoneInfo(config.monitor.zone)
    if settings.output is Output.JSON:
        print_json(documents.document(entries, asked.window, zone, language))
    elif settings.output is Output.CSV:
        click.echo(documents.csv_text(entries, asked.window, language), nl=False)
    else:
        click.echo(_text(entries, asked, zone, language))


def _text(entries: "Sequence[Entry]", asked: "Period", zone: ZoneInfo, language: "Language") -> str:
    from monitor.cli import availability_table as tables
    from monitor.cli.budgets import budget_headings, budget_rows
    from monitor.cli.exceptions import exceptions
    from monitor.cli.period import heading

    width = terminal_width()
    parts = [
        heading(asked, zone, language),
        stacked(tables.headings(language), tables.rows(entries, language), width),
        "\n".join(tables.notes(entries, asked.window, zone, language)),
    ]
    if budgets := budget_rows(entries, language):
        parts.insert(2, stacked(budget_headings(language), budgets, width))
    for title, head, rows in exceptions(entries, zone, language):
        parts[-1:-1] = [title, whole(head, rows, width)]
    return "\n\n".join(parts)
