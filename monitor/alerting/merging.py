"""Finds messages that are overtaken before anybody was told: one message then says it all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from monitor.domain.alert import AlertType
from monitor.ports import OutboxRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Merger:
    """`carrier` tells what `superseded` would have told, too. Its id and place stay its own.

    `says_more` is set when its alert was changed for that, so that its body must be frozen first.
    """

    carrier: OutboxRow
    says_more: bool
    superseded: tuple[OutboxRow, ...]


def mergers(rows: Sequence[OutboxRow]) -> tuple[Merger, ...]:
    """Return what can be merged in one receiver's pending rows, which are in order.

    Only rows that were never attempted are: a receiver may have read what it did not answer.
    Until its own first attempt nothing was sent under the carrier's id, so that it can say more.
    """
    return (*_overtaken_incidents(rows), *_overtaken_heartbeats(rows))


def _overtaken_incidents(rows: Iterable[OutboxRow]) -> list[Merger]:
    """Merge incidents that fired in one message, and are resolved in one, into the latter.

    Where a message in between tells of some of them, or of others as well, all are sent: it would
    be the first that one hears of them.
    """
    waiting: dict[frozenset[str], list[OutboxRow]] = {}
    firing: dict[str, frozenset[str]] = {}
    found = []
    for row in rows:
        incident = row.alert.incidents
        if not incident:
            continue
        for other in {firing[each] for each in incident if each in firing} - {incident}:
            waiting.pop(other, None)
        if row.alert.type is AlertType.FIRING and _untold(row):
            waiting[incident] = [row]
            firing |= dict.fromkeys(incident, incident)
        elif row.alert.type is AlertType.RESOLVED and row.attempts == 0 and incident in waiting:
            # The body may stand already: then a stop came between freezing and superseding.
            carrier = replace(row, alert=replace(row.alert, firing_undelivered=True))
            overtaken = tuple(waiting.pop(incident))
            found.append(Merger(carrier=carrier, says_more=True, superseded=overtaken))
        elif incident in waiting and _untold(row):
            waiting[incident].append(row)
    return found


def _overtaken_heartbeats(rows: Iterable[OutboxRow]) -> list[Merger]:
    """Merge heartbeats into the newest: an old one says nothing."""
    beats = [row for row in rows if row.alert.type is AlertType.HEARTBEAT and _untold(row)]
    if len(beats) < 2:
        return []
    return [Merger(carrier=beats[-1], says_more=False, superseded=tuple(beats[:-1]))]


def _untold(row: OutboxRow) -> bool:
    """Say whether nothing of `row` was sent: a body is frozen just before the first attempt."""
    return row.attempts == 0 and row.body is None
