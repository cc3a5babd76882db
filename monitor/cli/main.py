"""The command `pantau`: its commands, and what becomes of whatever they raise."""

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import NoReturn

import click

from monitor.cli.lazy import LazyGroup
from monitor.cli.settings import Settings, shared_options

COMMANDS = {
    "run": ("monitor.cli.run:run", "Watch, until stopped."),
    "validate": ("monitor.cli.validate:validate", "Say what is wrong with the configuration."),
    "check": ("monitor.cli.check:check", "Probe once, now, and show all that was seen."),
    "status": ("monitor.cli.status:status", "Show how services and checks fare."),
    "availability": (
        "monitor.cli.availability:availability",
        "Compute the availability of services over a period.",
    ),
    "report": ("monitor.cli.report:report", "Write a report on the availability of services."),
    "correct": (
        "monitor.cli.correct:correct",
        "Correct what was recorded, on evidence and on record.",
    ),
    "incidents": ("monitor.cli.incidents:incidents", "List outages, or tell the story of one."),
    "ack": ("monitor.cli.ack:ack", "Say that somebody takes care of an outage."),
    "comment": ("monitor.cli.comment:comment", "Keep a remark with an incident."),
    "maintenance": (
        "monitor.cli.maintenance:maintenance",
        "Plan work on services, and see what is planned.",
    ),
    "silence": ("monitor.cli.silence:silence", "Hear nothing of something for a while."),
    "oncall": ("monitor.cli.oncall:oncall", "Say who is on call, and who is next."),
    "notify": ("monitor.cli.notify:notify", "Try a receiver of alerts, or see who would be told."),
    "export": ("monitor.cli.export:export", "Write what is stored to files, or open data."),
    "ledger": ("monitor.cli.ledger:ledger", "Show that nobody changed what was recorded."),
    "db": ("monitor.cli.db:db", "Back up the database, verify it, put a backup back."),
    "doctor": ("monitor.cli.doctor:doctor", "Look for what could keep Pantau from working."),
    "demo": ("monitor.cli.demo:demo", "Watch a small simulated city on this machine."),
    "schema": ("monitor.cli.schema:schema", "Print the JSON Schema of a configuration file."),
    "completion": ("monitor.cli.completion:completion", "Print the completion for a shell."),
    "version": ("monitor.cli.version:version", "Show versions of Pantau and what it stands on."),
}

INTERRUPTED = 130  # what a shell reports for a program that Ctrl-C ended
NAGIOS_UNKNOWN = 3
FAILED = 1


@click.group(
    cls=LazyGroup,
    listed=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 fine, 1 failed, 2 usage. NO_COLOR turns colours off.",
)
@click.version_option(None, "--version", package_name="pantau", message="pantau %(version)s")
@shared_options
@click.pass_context
def pantau(ctx: click.Context) -> None:
    """Keep watch over a city's digital services."""
    ctx.ensure_object(Settings)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line, and exit with its code. No mistake of a user ends in a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _accept_every_character()
    sys.exit(_exit_code(given))


def _exit_code(given: list[str]) -> int:
    try:
        code = pantau.main(given, prog_name="pantau", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        return _refused(error, given)
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Exception as error:
        return _crashed(error, given)


def _accept_every_character() -> None:
    """Print a ? for what a terminal's encoding lacks, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _refused(error: click.ClickException, given: Sequence[str]) -> int:
    if _is_plugin(given):
        click.echo(f"UNKNOWN: {' '.join(error.format_message().split())}")
        return NAGIOS_UNKNOWN
    error.show()
    return error.exit_code


def _crashed(error: Exception, given: Sequence[str]) -> int:
    if os.environ.get("PANTAU_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    said = f"{type(error).__name__}: {error}".rstrip(": ")
    click.echo(
        f"This is a mistake of Pantau's, not of yours: {said}\n"
        "Please report it in the project's issue tracker, with what PANTAU_DEBUG=1 adds.",
        err=True,
    )
    if _is_plugin(given):
        click.echo(f"UNKNOWN: {' '.join(said.split())}")
        return NAGIOS_UNKNOWN
    return FAILED


def _is_plugin(given: Sequence[str]) -> bool:
    """Say whether the one who asks is Nagios: it reads stdout, and 2 would mean `critical`."""
    return "--nagios" in given
