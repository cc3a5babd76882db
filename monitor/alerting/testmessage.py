"""`pantau notify test`: one message to one receiver, at once and without the outbox."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import structlog

from monitor.alerting.courier import ATTEMPT_SECONDS
from monitor.domain.alert import Alert, AlertType, notification_id
from monitor.domain.instant import microseconds
from monitor.ports import Clock, Notifier, Undelivered

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """What became of a test message. `detail` says why it did not arrive, "" if it did."""

    __test__ = False  # it is no test, whatever pytest makes of its name

    receiver: str
    delivered: bool
    detail: str
    started_at: datetime
    seconds: float
    id: str
    body: bytes


def trial_alert(at: datetime) -> Alert:
    """Return the alert that a test sends: it says that nothing needs to be done."""
    return Alert(type=AlertType.TEST, occurred_at=at, sequence=0)


async def send_test(notifier: Notifier, name: str, clock: Clock) -> TestResult:
    """Send a test message to the receiver `name`, once; return what became of it."""
    at, began = clock.now(), clock.monotonic()
    alert = trial_alert(at)
    row_id = notification_id(f"test:{microseconds(at)}", name, alert.type, alert.sequence)
    body, detail = b"", ""
    try:
        body = notifier.payload(row_id, alert)
        async with asyncio.timeout(ATTEMPT_SECONDS):
            await notifier.notify(row_id, body, at)
    except Undelivered as error:
        detail = str(error)
    except TimeoutError:
        detail = f"no answer within {ATTEMPT_SECONDS:g} s"
    except Exception as error:
        log.exception("notification.crashed", receiver=name)
        detail = f"our fault: {type(error).__name__}"
    return TestResult(
        receiver=name,
        delivered=not detail,
        detail=detail,
        started_at=at,
        seconds=clock.monotonic() - began,
        id=row_id,
        body=body,
    )
