"""`pantau notify dead-letters`: messages that were given up, and to have them sent after all."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.errors import Failed
from monitor.cli.output import listing, print_csv, print_json, terminal_width
from monitor.cli.person import named
from monitor.cli.settings import Output, Settings, pass_settings, shared_options
from monitor.cli.writing import answering

if TYPE_CHECKING:
    from monitor.web.client import ControlClient

_HEAD = ("Id", "Given up", "Receiver", "Message", "About", "Tries", "Last error")
_COLUMNS = (
    *("id", "receiver", "type", "occurred_at", "service", "incidents", "about"),
    *("created_at", "given_up_at", "attempts", "error", "retried", "obstacle"),
)

# No more are taken in one request.
_AT_ONCE = 1_000

Letter = Mapping[str, Any]


@click.command("dead-letters")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--receiver", metavar="NAME", help="Only messages to this receiver.")
@click.option("--since", metavar="DURATION", help="Only those given up in this time: 2h, 7d.")
@click.option("--retry", is_flag=True, help="Have them sent after all: those of ID, else all.")
@click.option("--by", metavar="NAME", help="Who wants that. Default: who runs the command.")
@shared_options
@pass_settings
def dead_letters(
    settings: Settings,
    /,
    ids: tuple[str, ...],
    receiver: str | None,
    since: str | None,
    by: str | None,
    *,
    retry: bool,
) -> None:
    """Show the messages that were given up, or have them sent after all.

    With --retry the daemon sends them again, the same under the same id; without a daemon they
    are sent when it starts. Who has heard later news of an incident is not told the older.
    """
    from monitor.cli.configured import configuration

    if ids and not retry:
        raise click.UsageError("an ID goes with --retry")
    earliest = _earliest(since)
    config = configuration(settings.config_path)
    with answering(settings, config) as writer:
        if retry:
            chosen = ids or [each["id"] for each in letters_of(writer, receiver, earliest)]
            _retry(settings, writer, chosen, named(by))
        else:
            found = letters_of(writer, receiver, earliest)
            _show(settings, found, ZoneInfo(config.monitor.zone))


def _earliest(since: str | None) -> datetime | None:
    from monitor.fields import parse_duration

    if since is None:
        return None
    try:
        return datetime.now(UTC) - parse_duration(since)
    except (ValueError, OverflowError) as error:
        raise click.UsageError(f"--since: {error}") from None


def letters_of(
    writer: "ControlClient", receiver: str | None, since: datetime | None
) -> Sequence[Letter]:
    """Return all of them, however many answers that takes."""
    letters: list[Letter] = []
    before = None
    while True:
        answer = writer.dead_letters(receiver, since, before)
        if answer["detail"]:
            raise Failed(answer["detail"])
        letters += answer["dead_letters"]
        before = answer["before"]
        if before is None:
            return letters


def retried(writer: "ControlClient", ids: Sequence[str], by: str) -> Letter:
    """Have them sent, the oldest first: whoever hears of something hears it in order."""
    accepted: list[str] = []
    refused: dict[str, str] = {}
    oldest_first = ids[::-1]
    for start in range(0, len(ids), _AT_ONCE):
        answer = writer.retry(oldest_first[start : start + _AT_ONCE], by)
        if answer["detail"]:
            raise Failed(answer["detail"])
        accepted += answer["retried"]
        refused |= answer["refused"]
    return {"retried": accepted, "refused": refused}


def _retry(settings: Settings, writer: "ControlClient", ids: Sequence[str], by: str) -> None:
    answer = retried(writer, ids, by)
    if settings.output is Output.JSON:
        print_json({"retried": answer["retried"], "refused": answer["refused"], "by": by})
    elif not settings.quiet:
        for each in answer["retried"]:
            click.echo(f"✓ {each}: waits to be sent")
        if not ids:
            click.echo("There is nothing to send again.")
    if answer["refused"]:
        raise Failed("\n".join(f"{each}: {why}" for each, why in answer["refused"].items()))


def _show(settings: Settings, letters: Sequence[Letter], zone: tzinfo) -> None:
    if settings.output is Output.JSON:
        print_json(letters)
    elif settings.output is Output.CSV:
        print_csv(_COLUMNS, [tuple(_cells(each)) for each in letters])
    elif letters:
        click.echo(listing(_HEAD, [_row(each, zone) for each in letters], terminal_width()))
    else:
        click.echo("No message was given up.")


def _row(letter: Letter, zone: tzinfo) -> tuple[str, ...]:
    at = datetime.fromisoformat(letter["given_up_at"]).astimezone(zone)
    about = letter["service"] or letter["about"]
    return (
        letter["id"],
        f"{at:%Y-%m-%d %H:%M %Z}",
        letter["receiver"],
        letter["type"],
        about,
        str(letter["attempts"]),
        letter["error"],
    )


def _cells(letter: Letter) -> Iterator[str]:
    for column in _COLUMNS:
        value = letter[column]
        if column == "incidents":
            yield " ".join(value)
        elif column == "retried":
            yield "" if value is None else f"{value['at']} {value['by']}"
        else:
            yield "" if value is None else str(value)
