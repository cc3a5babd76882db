"""`pantau validate`: what is wrong with the configuration, and where."""

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.banner import counted
from monitor.cli.configured import Refused, configuration, located
from monitor.cli.errors import Failed
from monitor.cli.output import print_json
from monitor.cli.settings import Output, Settings, pass_settings, shared_options

if TYPE_CHECKING:
    from monitor.configuration.config import Config


@click.command()
@shared_options
@pass_settings
def validate(settings: Settings) -> None:
    """Say what is wrong with the configuration.

    Every mistake is printed on stderr as FILE:LINE:COLUMN: MESSAGE, and the exit code is 1.
    """
    path = settings.config_path
    try:
        config = configuration(path)
    except Refused as refused:
        if settings.output is Output.JSON:
            print_json({"valid": False, "errors": [asdict(one) for one in refused.problems]})
            raise click.exceptions.Exit(1) from None
        raise Failed(f"{refused.message}\n{counted(len(refused.problems), 'error')}") from None
    warnings = [located(warning, path) for warning in config.warnings]
    if settings.output is Output.JSON:
        told = {"valid": True, "warnings": [asdict(one) for one in warnings]}
        print_json(told | totals(config))
        return
    for warning in warnings:
        click.echo(f"{warning} (warning)", err=True)
    if not settings.quiet:
        click.echo(closing_line(config))


def totals(config: "Config") -> dict[str, Any]:
    """Return how much is configured, by name."""
    return {
        "checks": len(config.checks),
        "checks_by_type": dict(sorted(Counter(one.check.type for one in config.checks).items())),
        "disabled_checks": len(config.disabled),
        "services": len(config.services),
        "receivers": len(config.receivers),
        "modules": len(config.modules or ()),
        "files": list(config.files),
    }


def closing_line(config: "Config") -> str:
    """Return "3 checks of 1 service, 2 receivers", with the modules and what is not to run."""
    parts = [
        f"{counted(len(config.checks), 'check')} of {counted(len(config.services), 'service')}",
        counted(len(config.receivers), "receiver"),
    ]
    if config.modules is not None:
        parts.append(counted(len(config.modules), "module"))
    if config.disabled:
        parts.append(f"{counted(len(config.disabled), 'check')} disabled")
    return ", ".join(parts)
