"""`pantau report file`: files reports in the data directory, where no version replaces another."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.errors import Failed
from monitor.cli.output import print_json
from monitor.cli.person import named
from monitor.cli.report import demand, form_option, made, scope_of, scope_options, written
from monitor.cli.settings import Output, Settings, pass_settings, shared_options

if TYPE_CHECKING:
    from monitor.configuration.config import Config
    from monitor.reports.versions import Edition

_LANGUAGES = ("id", "en")


def _languages(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    said = tuple(dict.fromkeys(each.strip() for each in value.split(","))) if value else ()
    for language in said:
        if language not in _LANGUAGES:
            raise click.BadParameter(f"there is no language {language!r}; there are id, en")
    return said


@click.command()
@scope_options
@form_option
@click.option(
    "--lang",
    "languages",
    callback=_languages,
    metavar="id|en|id,en",
    help="Of forms for people.  [default: as configured]",
)
@click.option("--sign", is_flag=True, help="Seal the PDF as well, by `seal` of report.yaml.")
@click.option("--by", metavar="NAME", help="Who files it. Default: who runs the command.")
@shared_options
@pass_settings
def file(
    settings: Settings,
    /,
    *,
    forms: tuple[str, ...],
    languages: tuple[str, ...],
    sign: bool,
    by: str | None,
    **asked: Any,
) -> None:
    """File a report on a period that is over, below reports/ in the data directory.

    The first report on a scope is version 1. Again it is the next version, where it says something
    else than the newest one: it lists what that one said otherwise, and which corrections came
    since. No version is ever replaced; forms and languages that the newest one lacks are added.
    laporan.json is always filed, and a manifest with the hash of each file. The ledger gets an
    entry, and readers of config/report.yaml a mail.
    """
    from monitor.app.reportfiling import file_in
    from monitor.cli.configured import configuration
    from monitor.cli.sealing import demand_key, seal
    from monitor.locales import Language
    from monitor.ports import StoreError
    from monitor.reports.typesetting import Unset
    from monitor.reports.versions import Altered, Shape
    from monitor.reports.workbook import TooLong

    config = configuration(settings.config_path)
    scope = scope_of(config, **asked)
    if scope.until < scope.period.end:
        raise click.UsageError("the period is not over: only what is final is filed")
    demand(forms)
    if sign and "pdf" not in forms:
        raise click.UsageError("--sign seals the PDF: say --format pdf as well")
    if sign:
        demand_key(config)
    person = named(by)
    spoken = tuple(map(Language, languages or (config.monitor.language,)))
    sealing = partial(seal, config) if sign else None
    shape = Shape(forms=forms, languages=spoken, sealing=sealing, going=written)
    folder = config.monitor.data_dir
    try:
        edition = file_in(folder, made(config, scope), shape, datetime.now(UTC))
    except Altered as error:
        raise Failed(
            f"{error}: nothing was filed. Put the file back from a backup, or move the reports of "
            "this period away"
        ) from None
    except (StoreError, TooLong, Unset) as error:
        raise Failed(str(error)) from None
    except OSError as error:
        raise Failed(f"{error.filename or folder}: {error.strerror}") from None
    _enter(settings, config, edition, person)
    _show(settings, edition)


def _enter(settings: Settings, config: "Config", edition: "Edition", by: str) -> None:
    """Have the version entered into the ledger; what was entered before stays as it is."""
    from monitor.cli.writing import answering

    folder, name = edition.manifest.parts[-2:]
    report = f"{folder}/{name.removesuffix('.manifest.json')}"
    with answering(settings, config) as writer:
        answer = writer.enter_report(report, by)
    if answer["entered"] is None:
        raise Failed(f"{report}: filed, and not entered into the ledger: {answer['detail']}")


def _show(settings: Settings, edition: "Edition") -> None:
    if settings.output is Output.JSON:
        print_json(
            {
                "version": edition.version,
                "new": bool(edition.files) and not edition.adds,
                "added": [str(each.path) for each in edition.files] if edition.adds else [],
                "manifest": str(edition.manifest),
                "sidik_data": edition.fingerprint,
            }
        )
    elif not settings.quiet:
        for each in edition.files:
            click.echo(each.path)
        said = "filed" if edition.files else "was there, says the same, and stays"
        if edition.adds:
            said = "was there, says the same, and has more files now"
        click.echo(f"version {edition.version} {said}")
        click.echo(f"sidik data (SHA-256): {edition.fingerprint}")
