"""`pantau export`: what is stored of a period or configured, for other programs to use."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.errors import Failed
from monitor.cli.output import print_json, progress
from monitor.cli.settings import Output, Settings, pass_settings, shared_options

if TYPE_CHECKING:
    from monitor.cli.exporting import Kind, Row
    from monitor.configuration.config import Config
    from monitor.domain.check import CheckId
    from monitor.domain.windows import Window
    from monitor.reports.filing import Filed
    from monitor.reports.source import Pieces

_SUBJECTS = ("observations", "intervals", "incidents")
_DAY = click.DateTime(formats=["%Y-%m-%d"])


def _period_options(command: Callable[..., Any]) -> Callable[..., Any]:
    options = (
        click.option("--month", "in_month", metavar="YYYY-MM", help="A month of the zone."),
        click.option("--from", "first", type=_DAY, metavar="DAY", help="The first day."),
        click.option("--to", "until", type=_DAY, metavar="DAY", help="The day after the last."),
        click.option("--service", "services", multiple=True, metavar="ID", help="Only of this."),
        click.option(
            "--only",
            "subjects",
            multiple=True,
            type=click.Choice(_SUBJECTS),
            help="Only this table; repeat.  [default: all three]",
        ),
        click.option(
            "--out",
            "folder",
            required=True,
            type=click.Path(file_okay=False, path_type=Path),
            metavar="DIR",
            help="The folder for the files; it is made where it is missing.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def export() -> None:
    """Write what is stored of a period to files, or rules for Prometheus from what is promised."""


@export.command()
@_period_options
@shared_options
@pass_settings
def csv(settings: Settings, /, folder: Path, **asked: Any) -> None:
    """Write CSV files: observations.csv, intervals.csv and incidents.csv.

    Times are UTC. A cell that a spreadsheet would compute begins with an apostrophe.
    """
    from monitor.cli.tablefile import write_csv

    _export(settings, folder, "csv", write_csv, **asked)


@export.command()
@_period_options
@shared_options
@pass_settings
def parquet(settings: Settings, /, folder: Path, **asked: Any) -> None:
    """Write Parquet files, which DuckDB, pandas and others read. Takes the extra `parquet`."""
    from monitor.cli.tablefile import arrow_modules, write_parquet

    arrow_modules()
    _export(settings, folder, "parquet", write_parquet, **asked)


@export.command()
@click.option("--month", "in_month", metavar="YYYY-MM", help="A month of the zone.")
@click.option("--from", "first", type=_DAY, metavar="DAY", help="The first day.")
@click.option("--to", "until", type=_DAY, metavar="DAY", help="The day after the last.")
@click.option(
    "--out",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder for the files; it is made where it is missing.",
)
@click.option("--replace", "replacing", is_flag=True, help="Put them in the place of others.")
@shared_options
@pass_settings
def opendata(settings: Settings, /, *, folder: Path, replacing: bool, **days: Any) -> None:
    """Write open data: each day of public services, and their outages, as CSV and JSON.

    With a data dictionary and metadata, for a Satu Data portal. Only services with `public: true`,
    and only days that are over. A file that says something else is never overwritten unasked.
    """
    from monitor.cli.configured import configuration
    from monitor.reports.filing import Occupied, filed

    config = configuration(settings.config_path)
    made = _public(config, _period(config, **days))
    files = {name: _whole(body) for name, body in made.items()}
    try:
        found = filed(folder, files, replacing=replacing)
    except Occupied as error:
        raise Failed(f"{error}; say another --out, or --replace") from None
    except OSError as error:
        raise Failed(f"{error.filename or folder}: {error.strerror}") from None
    _show_filed(settings, found)


@export.command()
@click.option(
    "--out",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file to write.  [default: print it]",
)
@click.option("--replace", "replacing", is_flag=True, help="Put it in the place of another one.")
@click.option("--runbooks", metavar="URL", help="Where people read docs/runbooks.md.")
@shared_options
@pass_settings
def rules(
    settings: Settings, /, *, file: Path | None, replacing: bool, runbooks: str | None
) -> None:
    """Write rules for Prometheus: error budgets, burn rates and their alerts, from each `sla`.

    Names and labels are those of sloth. A service without `sla` has none. With `--output json` the
    rules are printed as JSON, which Prometheus reads as well.
    """
    from monitor.cli.configured import configuration
    from monitor.metrics import burnrates, rulefile

    config = configuration(settings.config_path)
    promised = [one for one in config.services.values() if one.sla is not None]
    if not promised:
        raise Failed("no service has a promise: give `sla: {target: 99.9, basis: …}` to one")
    for service in promised:
        if service.sla is not None and service.sla.target == 1:
            click.echo(
                f"! {service.id}: 100 % allows no downtime: no burn rate, no alert", err=True
            )
    made = tuple(burnrates.groups(promised, runbooks or burnrates.RUNBOOKS))
    if file is not None:
        _place(settings, file, rulefile.text(made, burnrates.NOTICE), replacing=replacing)
    elif settings.output is Output.JSON:
        print_json(rulefile.document(made))
    else:
        click.echo(rulefile.text(made, burnrates.NOTICE), nl=False)


def _place(settings: Settings, file: Path, text: str, *, replacing: bool) -> None:
    """Write a file, and say whether it is new. One that says something else stays unless asked."""
    from monitor.reports.filing import Occupied, filed

    try:
        found = filed(file.parent, {file.name: _whole(text.encode())}, replacing=replacing)
    except Occupied as error:
        raise Failed(f"{error}; say another --out, or --replace") from None
    except OSError as error:
        raise Failed(f"{error.filename or file}: {error.strerror}") from None
    _show_filed(settings, found)


def _show_filed(settings: Settings, found: "Sequence[Filed]") -> None:
    if settings.output is Output.JSON:
        print_json([{"file": str(each.path), "new": each.is_new} for each in found])
    elif not settings.quiet:
        for each in found:
            click.echo(f"✓ {each.path}" + ("" if each.is_new else ": was there, and is the same"))


def _whole(body: bytes) -> "Pieces":
    return lambda: [body]


def _public(config: "Config", asked: "Window") -> Mapping[str, bytes]:
    """Return open data on those days of a period that are over."""
    from monitor.app.publishing import NothingPublic, made, order
    from monitor.domain.instant import microseconds
    from monitor.ports import StoreError
    from monitor.reports.opendata import finished

    zone = ZoneInfo(config.monitor.zone)
    days = finished(asked, zone, microseconds(datetime.now(UTC)))
    if days.start == days.end:
        raise click.UsageError("no day of the period is over yet")
    try:
        wanted = order(config, days)
        return made(wanted, lambda services: progress(services, "Reading samples"))
    except NothingPublic:
        raise Failed(
            "no service is public: set `public: true` on those that citizens may see"
        ) from None
    except StoreError as error:
        raise Failed(str(error)) from None


def _export(
    settings: Settings,
    folder: Path,
    suffix: str,
    write: "Callable[[Path, Mapping[str, Kind], Iterable[Row]], int]",
    *,
    subjects: Sequence[str],
    services: Sequence[str],
    **days: Any,
) -> None:
    from monitor.cli.configured import configuration
    from monitor.cli.exporting import COLUMNS, Extent, Subject, rows
    from monitor.ports import StoreError
    from monitor.store.reader import open_reader

    config = configuration(settings.config_path)
    period = _period(config, **days)
    written: dict[Path, int] = {}
    try:
        with open_reader(config.monitor.data_dir, config.monitor.vantage) as reader:
            checks = _checks(config, reader.checks(), services)
            extent = Extent(
                vantage=config.monitor.vantage,
                checks=checks,
                services=frozenset(services) or None,
                period=period,
            )
            for subject in map(Subject, subjects or _SUBJECTS):
                path = folder / f"{subject.value}.{suffix}"
                bar = progress(checks, f"Writing {subject.value}")
                found = rows(subject, reader, replace(extent, checks=bar))
                written[path] = write(path, COLUMNS[subject], found)
    except StoreError as error:
        raise Failed(str(error)) from None
    _show(settings, written)


def _period(
    config: "Config", *, in_month: str | None, first: datetime | None, until: datetime | None
) -> "Window":
    from monitor.cli.period import NoPeriod, period
    from monitor.domain.instant import microseconds

    try:
        return period(
            in_month=in_month,
            first=_day(first),
            until=_day(until),
            zone=ZoneInfo(config.monitor.zone),
            now=microseconds(datetime.now(UTC)),
        ).window
    except NoPeriod as error:
        raise click.UsageError(str(error)) from None


def _day(at: datetime | None) -> date | None:
    return None if at is None else at.date()


def _checks(
    config: "Config", stored: "Sequence[CheckId]", services: Sequence[str]
) -> "list[CheckId]":
    """Return the checks of services; without any, all, also those that are configured no more."""
    from monitor.configuration.names import nearest

    known = {str(name) for name in config.services}
    for name in services:
        if name not in known:
            raise click.UsageError(f"there is no service {name!r}{nearest(name, known)}")
    theirs = {each.check.id for each in config.checks if each.check.service in services}
    return [check for check in stored if not services or check in theirs]


def _show(settings: Settings, written: dict[Path, int]) -> None:
    if settings.output is Output.JSON:
        print_json([{"file": str(path), "rows": count} for path, count in written.items()])
    elif not settings.quiet:
        for path, count in written.items():
            click.echo(f"✓ {path}: {count:,} rows")
