"""What is told of messages that did not arrive, to others than those who should have got them."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from monitor.domain.alert import (
    Alert,
    AlertType,
    LostNotice,
    Notification,
    UndeliveredNotice,
    addressed,
)
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
    undelivered = UndeliveredNotice(
        receiver=receiver, why=why, messages=_lost(rows), more=_unnamed(rows)
    )
    return addressed(_notice(at, detail, undelivered), f"lost|{receiver}|{digest}", told)


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
    undelivered = UndeliveredNotice(
        receiver=receiver,
        why=why,
        messages=_lost(rows),
        more=_unnamed(rows),
        failing_since=since,
    )
    return addressed(_notice(at, detail, undelivered), f"failing|{receiver}|{rows[0].id}", told)


def _notice(at: datetime, detail: str, undelivered: UndeliveredNotice) -> Alert:
    return Alert(
        type=AlertType.SELF_UNDELIVERED,
        occurred_at=at,
        sequence=0,
        detail=visible_text(detail),
        undelivered=undelivered,
    )


def _lost(rows: Sequence[OutboxRow]) -> tuple[LostNotice, ...]:
    return tuple(
        LostNotice(
            type=alert.type,
            concern=alert.concern,
            service=alert.service.name if alert.service else "",
            at=alert.occurred_at,
        )
        for alert in (row.alert for row in rows[:_MOST_NAMED])
    )


def _unnamed(rows: Sequence[OutboxRow]) -> int:
    return max(0, len(rows) - _MOST_NAMED)


def _named(rows: Sequence[OutboxRow]) -> str:
    names = [_name(row.alert) for row in rows[:_MOST_NAMED]]
    if unnamed := _unnamed(rows):
        names.append(f"and {unnamed} more")
    return "; ".join(names)


def _name(alert: Alert) -> str:
    service = f" {visible_text(alert.service.name, 80)}" if alert.service else ""
    return f"{alert.type}{service} {_time(alert.occurred_at)}"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
