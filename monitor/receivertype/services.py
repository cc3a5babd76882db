"""What receivers share that post JSON to a service: wording, sending, what was answered."""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from monitor.domain.text import veiled, visible_text
from monitor.locales import Language
from monitor.locales.messages_native import Wording
from monitor.ports import Undelivered
from monitor.receivertype import ReceiverContext
from monitor.receivertype.keys import PostingSpec
from monitor.receivertype.posting import REFUSALS, judge, post

_SAID_BYTES = 200
_MOST_SAID = 4
_SHORTEST_PIECE = 6  # of a secret URL; shorter ones are words like "hook"

# Where services say in JSON what they did not like, the most telling first.
_SAYING = ("errorDescription", "message", "errors", "error")


def wording_of(context: ReceiverContext) -> Wording:
    """Return how the messages of a receiver are worded."""
    return Wording(
        receiver=context.name,
        external_url=context.external_url,
        language=Language(context.language),
        zone=ZoneInfo(context.zone),
        link_key=context.link_key,
        link_lasts=context.link_lasts,
    )


async def post_json(
    context: ReceiverContext,
    spec: PostingSpec,
    url: str,
    body: bytes,
    now: datetime,
    *,
    deadline: float,
    fields: Mapping[str, str] | None = None,
    secrets: Collection[str] = (),
    refusals: Collection[int] = REFUSALS,
) -> None:
    """Post `body`; return on a 2xx answer, else raise Undelivered with what the service said.

    `deadline` is a reading of `time.monotonic`. What was said is told without `secrets`.
    """
    answer = await post(
        context.network,
        url,
        body,
        {"Content-Type": "application/json", **(fields or {})},
        deadline=deadline,
        ca_file=spec.ca_file,
    )
    refusal = judge(answer, now, refusals=refusals)
    if refusal is not None:
        raise worded(refusal, veiled(said(answer.body), secrets))


def worded(error: Undelivered, text: str) -> Undelivered:
    """Return `error` with more text behind its own."""
    return Undelivered(
        f"{error}: {text}" if text else str(error),
        reason=error.reason,
        permanent=error.permanent,
        gone=error.gone,
        retry_after=error.retry_after,
    )


def said(body: bytes) -> str:
    """Return on one line what the body of an answer says, at most 200 bytes.

    It is "" for a page, and for JSON that says nothing to people.
    """
    text = body.decode(errors="replace").strip()
    try:
        texts = dict.fromkeys(_sayings(json.loads(text)))
    except (ValueError, RecursionError):
        return "" if text.startswith(("<", "{", "[")) else visible_text(text, _SAID_BYTES)
    return visible_text("; ".join(list(texts)[:_MOST_SAID]), _SAID_BYTES)


def _sayings(value: Any, depth: int = 3) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, list) and depth:
        for each in value[:_MOST_SAID]:
            yield from _sayings(each, depth - 1)
    elif isinstance(value, dict) and depth:
        for key in _SAYING:
            yield from _sayings(value.get(key), depth - 1)


def pieces(url: str) -> tuple[str, ...]:
    """Return what of a secret URL must not be told: all of it, and what it was made unique with."""
    _, _, behind = url.partition("://")
    _, _, path = behind.partition("/")
    parts = path.replace("?", "/").replace("&", "/").replace("=", "/").split("/")
    return (url, path, *(part for part in parts if len(part) >= _SHORTEST_PIECE))
