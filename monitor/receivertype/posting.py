"""One POST to a receiver, and what its answer means. Redirects are never followed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from monitor.net.errors import NetError
from monitor.ports import Undelivered

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.net.network import Network

LARGEST_ANSWER = 16_384

# The body itself is refused: to send the same one again helps only if the receiver is mended.
REFUSALS = frozenset({400, 413, 415, 422})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered: status, Retry-After as it was written, and its body's beginning."""

    status: int
    retry_after: str | None = None
    body: bytes = b""


async def post(
    network: "Network",
    url: str,
    body: bytes,
    fields: Mapping[str, str],
    *,
    deadline: float,
    ca_file: "Path | None" = None,
) -> Answer:
    """Post `body` and return the answer; raise Undelivered when none came.

    `deadline` is a reading of `time.monotonic`.
    """
    # Imported here: whoever only reads a configuration needs no network.
    from monitor.net.fetch import make_request
    from monitor.net.tls import TlsSettings
    from monitor.net.trace import Trace
    from monitor.net.urls import parse_target

    request = make_request(
        parse_target(url),
        method="POST",
        fields=tuple(fields.items()),
        body=body,
        tls=TlsSettings(ca_file=ca_file, alpn=("http/1.1",)),
        largest_body=LARGEST_ANSWER,
    )
    try:
        reply = await network.fetch(request, deadline=deadline, trace=Trace())
    except NetError as error:
        raise Undelivered(str(error), reason=error.failure.kind) from error
    # A body that is endless or cut short takes nothing from the status before it.
    response = reply.response
    retry_after = response.values(b"retry-after")
    return Answer(
        response.status,
        retry_after[0].decode("ascii", errors="replace") if retry_after else None,
        bytes(response.body),
    )


def judge(
    answer: Answer, now: datetime, *, refusals: Collection[int] = REFUSALS
) -> Undelivered | None:
    """Return why an answer means that the message did not arrive, or None if it did.

    Only `refusals`, of the body itself, are permanent. A 401 or 404 comes of a receiver that is
    being moved or set up, and the messages should outlive that.
    """
    status = answer.status
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return Undelivered(f"status {status}: redirects are not followed", reason="redirect")
    return Undelivered(
        f"status {status}",
        reason="status_4xx" if 400 <= status < 500 else "status_5xx",
        permanent=status in refusals,
        gone=status == 410,
        retry_after=retry_after_seconds(answer.retry_after, now),
    )


def retry_after_seconds(text: str | None, now: datetime) -> float | None:
    """Return what Retry-After asks for (RFC 9110, 10.2.3), None if it is not understood.

    It is a number of seconds or a date; one that lies in the past gives 0. Not clamped above.
    """
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.removeprefix("-").isdigit():
        return 0.0 if text.startswith("-") else float(int(text[:12]))
    try:
        at = parsedate_to_datetime(text)
        return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())
    except (ValueError, OverflowError):
        return None
