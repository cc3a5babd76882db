"""`pantau report file`: files reports in the data directory, where no version replaces another."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.errors import Failed
from monitor.cli.output import print_json
from monitor.cli.report import demand, form_option, made, scope_of, scope_options
from monitor.cli.settings import Output, Settings, pass_settings, shared_options

if TYPE_CHECKING:
    from monitor.reports.versions import Edition

_LANGUAGES = ("id", "en")


def _languages(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(each.strip() for each in value.split(","))) if value else ()
    for language in named:
        if language not in _LANGUAGES:
            raise click.BadParameter(f"there is no language {language!r}; there are id, en")
    return named


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
@shared_options
@pass_settings
def file(
    settings: Settings,
    /,
    *,
    forms: tuple[str, ...],
    languages: tuple[str, ...],
    **asked: Any,
) -> None:
    """File a report on a period that is over, below reports/ in the data directory.

    The first report on a scope is version 1. Again it is the next version, where it says something
    else than the newest one: it lists what that one said otherwise, and which corrections came
    since. No version is ever replaced. laporan.json is always filed, and a manifest with the hash
    of each file.
    """
    from monitor.app.reportfiling import file_in
    from monitor.cli.configured import configuration
    from monitor.locales import Language
    from monitor.ports import StoreError
    from monitor.reports.versions import Altered, Shape
    from monitor.reports.workbook import TooLong

    config = configuration(settings.config_path)
    scope = scope_of(config, **asked)
    if scope.until < scope.period.end:
        raise click.UsageError("the period is not over: only what is final is filed")
    demand(forms)
    named = tuple(map(Language, languages or (config.monitor.language,)))
    shape, folder = Shape(forms=forms, languages=named), config.monitor.data_dir
    try:
        edition = file_in(folder, made(config, scope), shape, datetime.now(UTC))
    except (Altered, StoreError, TooLong) as error:
        raise Failed(str(error)) from None
    except OSError as error:
        raise Failed(f"{error.filename or folder}: {error.strerror}") from None
    _show(settings, edition)


def _show(settings: Settings, edition: "Edition") -> None:
    if settings.output is Output.JSON:
        print_json(
            {
                "version": edition.version,
                "new": bool(edition.files),
                "manifest": str(edition.manifest),
                "sidik_data": edition.fingerprint,
            }
        )
    elif not settings.quiet:
        for each in edition.files:
            click.echo(each.path)
        said = "filed" if edition.files else "was there, says the same, and stays"
        click.echo(f"version {edition.version} {said}")
        click.echo(f"sidik data (SHA-256): {edition.fingerprint}")
