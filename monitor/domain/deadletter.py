"""Messages that were given up, and which of them may still be sent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.domain.alert import Alert, AlertType


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Somebody wants a message sent that was given up."""

    row_id: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that was given up. `detail` says why.

    `told_since` says that a later message about one of its incidents reached the receiver, or
    waits for it; `followed_by` are the later ones that were given up, too. `retried` is the last
    retry before it was given up again.
    """

    id: str
    receiver: str
    alert: Alert
    created_at: datetime
    given_up_at: datetime
    attempts: int
    detail: str
    told_since: bool = False
    followed_by: frozenset[str] = frozenset()
    retried: Retry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LettersSought:
    """Which dead letters are looked for. None asks nothing; `limit` keeps the newest.

    `before` is the id of one that those wanted were written before.
    """

    ids: tuple[str, ...] | None = None
    receiver: str | None = None
    since: datetime | None = None
    limit: int | None = None
    before: str | None = None


def obstacles(
    letters: Sequence[DeadLetter], receivers: Collection[str], now: datetime
) -> Mapping[str, str]:
    """Return why some of `letters` may not be sent again, together with the others.

    An old message must not look like news: who has heard what came later is not told what was
    before. So the last message about an incident goes first or with those before it.
    """
    found: dict[str, str] = {}
    while True:
        chosen = {letter.id for letter in letters} - found.keys()
        new = {
            letter.id: why
            for letter in letters
            if letter.id in chosen and (why := _obstacle(letter, receivers, chosen, now))
        }
        if not new:
            return found
        found |= new


def _obstacle(
    letter: DeadLetter, receivers: Collection[str], chosen: Collection[str], now: datetime
) -> str | None:
    if letter.receiver not in receivers:
        return f"there is no receiver {letter.receiver!r} any more"
    if letter.told_since:
        return "a later message about the same incident has arrived, or waits"
    if missing := letter.followed_by - set(chosen):
        return f"what came after it was given up too: send {', '.join(sorted(missing))} with it"
    return _is_over(letter.alert, now)


def _is_over(alert: Alert, now: datetime) -> str | None:
    """Return why nobody needs to be told of what has no incident any more."""
    if alert.type is AlertType.HEARTBEAT:
        return "an old sign of life would be a false one"
    if alert.type is AlertType.SELF_OFFLINE:
        return "our own network is back"
    if alert.type is AlertType.MAINTENANCE_STARTED and alert.until and now >= alert.until:
        return "the work that it announces is over"
    return None
