"""The links in messages by which whoever was told says that they take care.

A link carries what it is for and how long it holds, signed with a key that only we have. Nothing
of it is stored: the same facts and key give the same link.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.domain.instant import instant

LASTS = timedelta(days=7)
"""How long a link holds after the message that carries it was decided, unless it is said."""

SHORTEST, LONGEST = timedelta(hours=1), timedelta(days=30)

KEY_BYTES = 32

# Half of HMAC-SHA-256, which RFC 2104 (section 5) allows, so that links stay short.
_TAG_BYTES = 16
_TIME_BYTES = 4
_PURPOSE = b"pantau acknowledgement 1"
_SECOND = 1_000_000
_FORM = re.compile(r"[a-z2-7]{32,250}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class AckLink:
    """What a link is for: one incident, in a message to `receiver`, until `until` (UTC)."""

    incident: str
    receiver: str
    until: datetime


def token_of(
    key: bytes, incident: str, receiver: str, told_at: datetime, lasts: timedelta = LASTS
) -> str:
    """Return the token of the link in a message to `receiver` that was decided at `told_at`.

    The link holds for as long as `lasts` says from then on. The token has small letters and digits
    only, on which no chat acts.
    """
    until = int((told_at + lasts).timestamp()).to_bytes(_TIME_BYTES)
    signed = until + receiver.encode()
    token = base64.b32encode(_tag(key, incident, signed) + signed).decode()
    return token.rstrip("=").lower()


def read_token(key: bytes, incident: str, token: str) -> AckLink | None:
    """Return what a link to `incident` is for, None if we did not make it just so."""
    octets = _octets(token)
    if octets is None:
        return None
    tag, signed = octets[:_TAG_BYTES], octets[_TAG_BYTES:]
    if not hmac.compare_digest(tag, _tag(key, incident, signed)):
        return None
    seconds = int.from_bytes(signed[:_TIME_BYTES])
    return AckLink(
        incident=incident,
        receiver=signed[_TIME_BYTES:].decode(),
        until=instant(seconds * _SECOND),
    )


def _octets(token: str) -> bytes | None:
    """Return what a token stands for, None if another token stands for the same."""
    if not _FORM.match(token):
        return None
    padded = token.upper() + "=" * (-len(token) % 8)
    try:
        octets = base64.b32decode(padded)
    except binascii.Error:
        return None
    return octets if base64.b32encode(octets).decode() == padded else None


def _tag(key: bytes, incident: str, signed: bytes) -> bytes:
    # Each part has its length before it, so that no other parts give the same message.
    parts = (_PURPOSE, incident.encode(errors="replace"), signed)
    message = b"".join(len(part).to_bytes(4) + part for part in parts)
    return hmac.digest(key, message, hashlib.sha256)[:_TAG_BYTES]
