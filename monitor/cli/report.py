"""`pantau report`: a report on availability as files, for auditors, leaders and spreadsheets."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.days import local_day
from monitor.cli.errors import Failed
from monitor.cli.lazy import LazyGroup
from monitor.cli.output import print_json, progress
from monitor.cli.settings import Output, Settings, pass_settings, shared_options

if TYPE_CHECKING:
    from monitor.configuration.config import Config
    from monitor.reports.filing import Filed
    from monitor.reports.report import Account, Report, Scope

_FORMATS = ("pdf", "html", "json", "csv", "xlsx")

_COMMANDS = {
    "file": ("monitor.cli.reportfile:file", "File a report as a version, which stays."),
    "bundle": ("monitor.cli.bundle:bundle", "Write a report with all that verifies it."),
    "verify": ("monitor.cli.bundle:verify", "Say whether a report is as it was made."),
}


def _forms(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    forms = tuple(dict.fromkeys(form.strip() for form in value.split(",")))
    for form in forms:
        if form not in _FORMATS:
            known = ", ".join(_FORMATS)
            raise click.BadParameter(f"there is no format {form!r}; there are {known}")
    return forms


def scope_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what a report is about."""
    options = (
        click.option("--month", "in_month", metavar="YYYY-MM", help="A month of the zone."),
        click.option("--quarter", "in_quarter", metavar="YYYY-Qn", help="A quarter of a year."),
        click.option("--year", "in_year", metavar="YYYY", help="A year."),
        click.option("--from", "first", callback=local_day, metavar="DAY", help="The first day."),
        click.option(
            "--to", "until", callback=local_day, metavar="DAY", help="The day after the last."
        ),
        click.option("--service", "services", multiple=True, metavar="ID", help="Only of this."),
        click.option(
            "--owner",
            "owners",
            multiple=True,
            metavar="OPD",
            help="Only of services that this one answers for.",
        ),
    )
    return _added(command, options)


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what a report is about, and where it goes."""
    options = (
        click.option("--lang", type=click.Choice(["id", "en"]), help="[default: as configured]"),
        click.option(
            "--out",
            "folder",
            default=".",
            type=click.Path(file_okay=False, path_type=Path),
            metavar="DIR",
            help="The folder for the files, made where it is missing.  [default: here]",
        ),
        click.option("--sign", is_flag=True, help="Seal the PDF, by `seal` of report.yaml."),
        click.option("--replace", "replacing", is_flag=True, help="Put it in another's place."),
    )
    return scope_options(_added(command, options))


def form_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says in which forms."""
    return click.option(
        "--format",
        "forms",
        callback=_forms,
        default=",".join(_FORMATS),
        metavar="FORM,…",
        help=f"Of {', '.join(_FORMATS)}.  [default: all]",
    )(command)


def _added(
    command: Callable[..., Any], options: Sequence[Callable[..., Any]]
) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command


@click.group(cls=LazyGroup, listed=_COMMANDS, invoke_without_command=True)
@report_options
@form_option
@shared_options
@pass_settings
@click.pass_context
def report(
    context: click.Context,
    settings: Settings,
    /,
    *,
    forms: tuple[str, ...],
    folder: Path,
    lang: str | None,
    sign: bool,
    replacing: bool,
    **asked: Any,
) -> None:
    """Write a report on the availability of services over a period.

    All forms are made from the same data: laporan.json, whose SHA-256 (sidik data) is shown. What
    is recorded being the same, the files are the same to the byte. A file that says something
    else is never overwritten, unless with --replace. A sealed PDF (--sign) stands beside the other.
    """
    from monitor.cli.configured import configuration
    from monitor.cli.sealing import demand_key, sealed_beside
    from monitor.locales import Language
    from monitor.reports.filing import Occupied, filed
    from monitor.reports.forms import files
    from monitor.reports.naming import stem
    from monitor.reports.papers import main_name
    from monitor.reports.source import source_of
    from monitor.reports.typesetting import Unset
    from monitor.reports.workbook import TooLong

    if context.invoked_subcommand is not None:
        return
    config = configuration(settings.config_path)
    scope = scope_of(config, **asked)
    demand(forms)
    if sign and "pdf" not in forms:
        raise click.UsageError("--sign seals the PDF: say --format pdf as well")
    if sign:
        demand_key(config)
    source = source_of(made(config, scope), Language(lang or config.monitor.language), told)
    name = stem(scope)
    try:
        pieces = files(source, forms, name)
        found = list(filed(folder, pieces, replacing=replacing, going=written))
        if sign:
            main = folder / main_name(source.language, name)
            found.append(sealed_beside(config, source, main, replacing=replacing))
    except Occupied as error:
        raise Failed(f"{error}; say another --out, or --replace") from None
    except (TooLong, Unset) as error:
        raise Failed(str(error)) from None
    except OSError as error:
        raise Failed(f"{error.filename or folder}: {error.strerror}") from None
    show(settings, source.whole.fingerprint, found)


def demand(forms: Sequence[str]) -> None:
    """Raise Failed where a form needs what is not installed, before anything is computed."""
    from monitor.reports.forms import FORMS, lacking

    missing = lacking(forms)
    if missing:
        others = ",".join(name for name, form in FORMS.items() if form.needs is None)
        raise Failed(
            f"{', '.join(missing)}: takes the extra `report`: pip install 'pantau[report]'; "
            f"or say --format {others}"
        )


def scope_of(
    config: "Config", *, services: tuple[str, ...], owners: tuple[str, ...], **asked: Any
) -> "Scope":
    """Return what a report is asked about. Raises UsageError."""
    from monitor.cli.period import NoPeriod, period
    from monitor.configuration.names import nearest
    from monitor.domain.instant import microseconds
    from monitor.domain.service import ServiceId
    from monitor.reports.report import Scope

    known = {str(name) for name in config.services}
    for name in services:
        if name not in known:
            raise click.UsageError(f"there is no service {name!r}{nearest(name, known)}")
    answering = {service.owner for service in config.services.values()}
    for owner in owners:
        if owner not in answering:
            raise click.UsageError(f"no service has the owner {owner!r}{nearest(owner, answering)}")
    named = [asked[way] for way in ("in_month", "in_quarter", "in_year") if asked[way]]
    if len(named) + (asked["first"] is not None or asked["until"] is not None) != 1:
        raise click.UsageError(
            "give one of --month YYYY-MM, --quarter YYYY-Qn, --year YYYY, or --from and --to"
        )
    zone, now = config.monitor.zone, microseconds(datetime.now(UTC))
    try:
        found = period(**asked, zone=ZoneInfo(zone), now=now)
    except NoPeriod as error:
        raise click.UsageError(str(error)) from None
    return Scope(
        period=found.whole,
        until=found.window.end,
        zone=zone,
        owners=tuple(sorted(set(owners))),
        services=tuple(map(ServiceId, sorted(set(services)))),
    )


def made(config: "Config", scope: "Scope") -> "Report":
    """Return the report on `scope`. Raises Failed."""
    from monitor.app.reporting import watched
    from monitor.ports import StoreError
    from monitor.reports import making
    from monitor.reports.naming import period_name
    from monitor.store.reader import open_reader

    city = watched(config, period_name(scope))
    if not making.reported(city.services, scope):
        raise click.UsageError(
            f"none of these services has the owner {' or '.join(map(repr, scope.owners))}"
        )
    try:
        with open_reader(config.monitor.data_dir, config.monitor.vantage) as reader:
            return making.report(
                city, reader, scope, lambda services: progress(services, "Reading samples")
            )
    except StoreError as error:
        raise Failed(str(error)) from None


def told(accounts: "Sequence[Account]") -> "Iterator[Account]":
    """Yield services of a report; a bar shows how far it is told."""
    return progress(accounts, "Computing figures")


def written(names: Sequence[str]) -> Iterator[str]:
    """Yield names of files; a bar shows how many of them are written."""
    return progress(names, "Writing files")


def show(settings: Settings, fingerprint: str, files: "Sequence[Filed]") -> None:
    """Print which files there are now, and the SHA-256 of the data."""
    if settings.output is Output.JSON:
        print_json(
            {
                "sidik_data": fingerprint,
                "files": [{"path": str(each.path), "new": each.is_new} for each in files],
            }
        )
    elif not settings.quiet:
        for each in files:
            click.echo(f"{each.path}" + ("" if each.is_new else "  (was there, and is the same)"))
        click.echo(f"sidik data (SHA-256): {fingerprint}")
