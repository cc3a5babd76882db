"""Shows outages, and the story of one, in a terminal and as CSV."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo

from monitor.cli.output import table, terminal_width, whole
from monitor.domain.incident import Concern, Hold, HoldReason, Incident
from monitor.locales import Language
from monitor.locales.dates import duration_text
from monitor.ports import Story

HEAD = ("Id", "Service", "Since", "Until", "Lasted", "Taken care of by", "Checks")

_NOTES = ("At", "By", "Via", "What", "Text")
_DELIVERIES = ("At", "Receiver", "Message", "State", "Tries", "Detail")
_CHECKS = ("Check", "Since", "Until", "Failure")
_HELD = {
    HoldReason.DEPENDENCY: "because of incident",
    HoldReason.MAINTENANCE: "planned work",
    HoldReason.SILENCE: "silence",
    HoldReason.OUTAGE: "down meanwhile:",
}

CSV_HEAD = (
    *("id", "service", "affects", "started_at", "ended_at", "seconds", "checks", "told"),
    *("hold", "acknowledged_by", "acknowledged_at", "acknowledged_comment", "concern"),
)


def csv_row(incident: Incident) -> tuple[str, ...]:
    """Return a row for programs; times are UTC, and `seconds` is empty while it goes on."""
    known, hold, ended = incident.acknowledged, incident.hold, incident.ended_at
    return (
        incident.id,
        incident.service,
        incident.affects,
        incident.started_at.isoformat(),
        ended.isoformat() if ended else "",
        f"{(ended - incident.started_at).total_seconds():.6f}" if ended else "",
        " ".join(each.id for each in incident.checks),
        " ".join(incident.receivers),
        f"{hold.reason}:{hold.by}" if hold else "",
        known.by if known else "",
        known.at.isoformat() if known else "",
        known.comment if known else "",
        incident.concern,
    )


def row(incident: Incident, zone: tzinfo, now: datetime) -> tuple[str, ...]:
    """Return the row of an incident in the list."""
    return (
        incident.id,
        _about(incident),
        _time(incident.started_at, zone),
        _time(incident.ended_at, zone),
        _lasted(incident, now),
        incident.acknowledged.by if incident.acknowledged else "–",
        ", ".join(each.id for each in incident.checks),
    )


def _about(incident: Incident) -> str:
    """Return the service, and what it is about if that is no outage."""
    is_outage = incident.concern is Concern.OUTAGE
    return incident.service if is_outage else f"{incident.service}, {incident.concern}"


def story_lines(story: Story, zone: tzinfo, now: datetime) -> Iterator[str]:
    """Yield the lines that tell a story, times in `zone`."""
    incident, width = story.incident, terminal_width()
    yield f"{incident.id}: {_about(incident)} ({incident.affects})"
    until = "goes on" if incident.ended_at is None else f"until {_time(incident.ended_at, zone)}"
    yield f"Since {_time(incident.started_at, zone)}, {until}, {_lasted(incident, now)}"
    yield from _care(incident, zone)
    yield _who_was_told(incident)
    yield ""
    yield whole(
        _CHECKS,
        [
            (
                each.id,
                _time(each.since, zone),
                _time(each.until, zone),
                f"{each.failure.kind}: {each.failure.detail}" if each.failure else "–",
            )
            for each in incident.checks
        ],
        width,
    )
    yield from _section(
        whole,
        _NOTES,
        [
            (
                _time(each.at, zone),
                each.by,
                f"{each.via or '–'}{f' ({each.receiver})' if each.receiver else ''}",
                each.kind,
                each.text,
            )
            for each in story.notes
        ],
        width,
    )
    yield from _section(
        table,
        _DELIVERIES,
        [
            (
                _time(each.created_at, zone),
                each.receiver,
                each.type,
                each.state,
                str(each.attempts),
                each.detail,
            )
            for each in story.deliveries
        ],
        width,
    )


def _section(
    draw: Callable[[Sequence[str], Sequence[Sequence[str]], int | None], str],
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int | None,
) -> Iterator[str]:
    if rows:
        yield ""
        yield draw(head, rows, width)


def _care(incident: Incident, zone: tzinfo) -> Iterator[str]:
    known = incident.acknowledged
    if known is not None:
        comment = f": {known.comment}" if known.comment else ""
        yield f"{known.by} takes care of it, since {_time(known.at, zone)}{comment}"
    elif incident.ended_at is None:
        yield "Nobody takes care of it."


def _who_was_told(incident: Incident) -> str:
    if incident.receivers:
        return f"Told: {', '.join(incident.receivers)}"
    return "Nobody was told" + (f": {hold_text(incident.hold)}" if incident.hold else ".")


def hold_text(hold: Hold) -> str:
    """Return why nobody is told, and what is behind it."""
    return f"{_HELD[hold.reason]} {hold.by}"


def _lasted(incident: Incident, now: datetime) -> str:
    length = (incident.ended_at or now) - incident.started_at
    return duration_text(length, Language.EN, units=2)


def _time(at: datetime | None, zone: tzinfo) -> str:
    return "–" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
