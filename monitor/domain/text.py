"""Text that others wrote, made fit to be shown, logged and stored."""

import re

# Control characters, separators and surrogates, and the marks that turn the direction of text:
# each can make a line look like another one.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff]"
)
_BLANK = str.maketrans("\t\n\r", "   ")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


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
    return octets[: max(0, limit - 3)].decode(errors="ignore") + "…"
