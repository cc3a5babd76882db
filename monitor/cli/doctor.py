"""`pantau doctor`: what could keep Pantau from working, in plain words."""

import asyncio
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from monitor.cli.output import coloured, print_csv, print_json, terminal_width
from monitor.cli.settings import Output, Settings, pass_settings, shared_options

if TYPE_CHECKING:
    from monitor.cli.diagnosis import Finding
    from monitor.configuration.config import Config


@click.command()
@shared_options
@pass_settings
def doctor(settings: Settings) -> None:
    """Look for what could keep Pantau from working.

    Each line is marked ✓ fine, ! worth a look, or ✗ to be repaired. Exit code: 1 with a ✗.
    """
    from monitor.cli.diagnosis import failed

    findings = []
    for finding in _findings(settings):
        findings.append(finding)
        if settings.output is Output.TABLE:
            _tell(finding, quiet=settings.quiet)
    if settings.output is Output.JSON:
        print_json([_document(finding) for finding in findings])
    elif settings.output is Output.CSV:
        rows = [[one.grade.name.lower(), one.subject, one.text] for one in findings]
        print_csv(("grade", "subject", "text"), rows)
    raise click.exceptions.Exit(int(failed(findings)))


def _tell(finding: "Finding", *, quiet: bool) -> None:
    from monitor.cli.diagnosis import Grade

    colours = {Grade.FINE: "green", Grade.DOUBT: "yellow", Grade.FAULT: "red"}
    if quiet and finding.grade is Grade.FINE:
        return
    text = str(finding)
    if (width := terminal_width()) is not None:
        text = textwrap.fill(text, width, subsequent_indent=" " * 15, break_on_hyphens=False)
    click.echo(coloured(text[0], colours[finding.grade]) + text[1:])


def _document(finding: "Finding") -> dict[str, str]:
    return {
        "grade": finding.grade.name.lower(),
        "subject": finding.subject,
        "text": finding.text,
    }


def _findings(settings: Settings) -> Iterator["Finding"]:
    """Yield findings as they are made: what comes last may take seconds."""
    from monitor.cli import examination as look

    yield from look.programs()
    yield from look.clocks()
    config, told = look.configured(settings.config_path)
    yield from told
    if config is None:
        return
    yield from look.storage(config.monitor)
    running, daemon = look.daemon(config.monitor)
    yield daemon
    yield look.descriptors(config)
    yield look.icmp(config)
    yield from look.listeners(config.monitor, running=running)
    yield from asyncio.run(_outlook(config))


async def _outlook(config: "Config") -> list["Finding"]:
    from monitor.app.network import build_network
    from monitor.cli.outlook import outlook

    network = build_network(config)
    try:
        return await outlook(config, network)
    finally:
        await network.resolver.close()
