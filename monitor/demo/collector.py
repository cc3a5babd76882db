"""The receiver of the demonstration: it takes signed messages, and believes no others.

It shows all that a receiver has to do: check the signature and the time, know a message again by
its id, and answer 2xx once it has it. The scheme is https://www.standardwebhooks.com.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monitor.demo.sites import Answer, Request

_OLDEST_SECONDS = 300
_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that arrived and is genuine. `summary` is its text by language."""

    type: str
    summary: Mapping[str, str]


class Collector:
    """Hands every new message to `arrived`; `forged` counts those that were turned away."""

    def __init__(self, arrived: Callable[[Message], None], now: Callable[[], float]) -> None:
        """`now` gives Unix seconds."""
        self.secret = _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        self.forged = 0
        self._arrived = arrived
        self._now = now
        self._known: set[str] = set()

    async def respond(self, request: Request) -> Answer:
        """Return 204 for a genuine message, also when it comes again, and 401 for others."""
        if not is_genuine(request, self.secret, self._now()):
            self.forged += 1
            return Answer(401)
        name = request.fields["webhook-id"]
        if name not in self._known:
            self._known.add(name)
            self._arrived(_read(request.body))
        return Answer(204)


def is_genuine(request: Request, secret: str, now: float) -> bool:
    """Say whether whoever sent `request` knows `secret`, and sent it within five minutes."""
    name = request.fields.get("webhook-id", "")
    at = request.fields.get("webhook-timestamp", "")
    if not at.isascii() or not at.isdigit() or abs(now - int(at[:12])) > _OLDEST_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    expected = hmac.digest(key, f"{name}.{at}.".encode() + request.body, hashlib.sha256)
    return any(
        hmac.compare_digest(given, expected)
        for given in _signatures(request.fields.get("webhook-signature", ""))
    )


def _signatures(text: str) -> list[bytes]:
    """Return the signatures of version 1; while a secret is replaced there are two."""
    found = []
    for part in text.split():
        version, _, signature = part.partition(",")
        try:
            found += [base64.b64decode(signature, validate=True)] if version == "v1" else []
        except binascii.Error:
            continue
    return found


def _read(body: bytes) -> Message:
    told = json.loads(body)
    return Message(type=told["type"], summary=told["summary"])
