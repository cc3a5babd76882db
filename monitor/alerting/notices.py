"""What is told of messages that did not arrive, to others than those who should have got them."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from monitor.domain.alert import Alert, AlertType, Notification, addressed
from monitor.domain.text import visible_text
from monitor.ports import OutboxRow

_MOST_NAMED = 5


def given_up(
    receiver: str, rows: Sequence[OutboxRow], *, why: str, at: datetime, told: Sequence[str]
) -> tuple[Notification, ...]:
    """Return the notices that `rows` will never reach `receiver`. The same rows give the same ids.

    `told` are the receivers of the notices.
    """
    # When they began to wait is a part of it: what was retried may be given up again.
    lost = "|".join(f"{row.id} {row.created_at.isoformat()}" for row in rows)
    digest = hashlib.sha256(lost.encode()).hexdigest()
    detail = f"{receiver}: gave up ({why}); lost: {_named(rows)}"
    return addressed(_notice(at, detail), f"lost|{receiver}|{digest}", told)


def still_trying(
    receiver: str,
    rows: Sequence[OutboxRow],
    *,
    why: str,
    since: datetime,
    at: datetime,
    told: Sequence[str],
) -> tuple[Notification, ...]:
    """Return the notices that `receiver` has been failing since `since`; `rows` wait for it."""
    detail = f"{receiver}: failing since {_time(since)} ({why}); waiting: {_named(rows)}"
    return addressed(_notice(at, detail), f"failing|{receiver}|{rows[0].id}", told)


def _notice(at: datetime, detail: str) -> Alert:
    return Alert(
        type=AlertType.SELF_UNDELIVERED, occurred_at=at, sequence=0, detail=visible_text(detail)
    )


def _named(rows: Sequence[OutboxRow]) -> str:
    names = [_name(row.alert) for row in rows[:_MOST_NAMED]]
    if len(rows) > _MOST_NAMED:
        names.append(f"and {len(rows) - _MOST_NAMED} more")
    return "; ".join(names)


def _name(alert: Alert) -> str:
    service = f" {visible_text(alert.service.name, 80)}" if alert.service else ""
    return f"{alert.type}{service} {_time(alert.occurred_at)}"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
