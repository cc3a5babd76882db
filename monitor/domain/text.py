"""Text that others wrote, made fit to be shown, logged and stored."""

import re
from collections.abc import Iterable, Mapping

# Control characters, separators and surrogates, and the marks that turn the direction of text:
# each can make a line look like another one.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff]"
)
_BLANK = str.maketrans("\t\n\r", "   ")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_CUT = "…"
_VEIL = "***"
_LINK = re.compile(r"(https?://\S+)")
_SHORTEST_SECRET = 4  # a shorter one is found in any text


def visible_text(text: str | bytes, limit: int = 1024) -> str:
    """Return `text` on one line, without characters that steer a terminal or a page.

    Bytes are read as UTF-8. At most `limit` bytes in UTF-8 come back, cut at a character and
    ended by an ellipsis.
    """
    if isinstance(text, bytes):
        text = text[: limit + 4].decode(errors="replace")
    plain = _UNSAFE.sub(_REPLACEMENT, text[: limit + 1].translate(_BLANK))
    octets = plain.encode()
    if len(octets) <= limit:
        return plain
    return octets[: max(0, limit - 3)].decode(errors="ignore") + _CUT


def inert(text: str, marks: re.Pattern[str], instead: Mapping[str, str]) -> str:
    """Return `text` with each of `marks`, on which a chat would act, replaced by `instead`.

    In links they are percent-encoded, so that these lead where they did.
    """
    parts = _LINK.split(text)
    parts[::2] = [marks.sub(lambda mark: instead[mark[0]], part) for part in parts[::2]]
    parts[1::2] = [marks.sub(lambda mark: f"%{ord(mark[0]):02X}", part) for part in parts[1::2]]
    return "".join(parts)


def cut_at(text: str, units: int) -> str:
    """Return at most `units` code units of UTF-16, as chats count, ended by an ellipsis if cut."""
    octets = text.encode("utf-16-le")
    if len(octets) <= 2 * units:
        return text
    return (octets[: 2 * (units - 1)].decode("utf-16-le", errors="ignore") + _CUT) if units else ""


def veiled(text: str, secrets: Iterable[str]) -> str:
    """Return `text` without `secrets`, which a target may have sent back.

    The beginning of one goes as well where `text` was cut behind it.
    """
    for secret in secrets:
        if len(secret) < _SHORTEST_SECRET:
            continue
        text = text.replace(secret, _VEIL)
        if _CUT in text:
            text = _without_beginnings(text, secret)
    return text


def _without_beginnings(text: str, secret: str) -> str:
    """Return `text` without the beginning of `secret` that stands before a cut."""
    first, cut = secret[:_SHORTEST_SECRET], text.find(_CUT)
    while cut >= 0:
        at = text.find(first, 0, cut)
        while at >= 0 and not secret.startswith(text[at:cut]):
            at = text.find(first, at + 1, cut)
        if at >= 0:
            text, cut = text[:at] + _VEIL + text[cut:], at + len(_VEIL)
        cut = text.find(_CUT, cut + 1)
    return text
