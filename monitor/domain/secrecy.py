"""What is secret, and every form in which a target may send it back."""

import json
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from html import escape
from urllib.parse import quote, quote_plus

from monitor.domain.text import visible_text

_SHORTEST = 4  # a shorter text is found in anything
_LONGEST = 1024  # no message shows more of one
_TELLING = re.compile(r"auth|cookie|token|secret|passw|api-?_?key|signature", re.IGNORECASE)


def is_telling(name: str) -> bool:
    """Say whether what is called `name` (a header, a parameter) is likely to be a secret."""
    return _TELLING.search(name) is not None


def hidden(secrets: Iterable[str]) -> tuple[str, ...]:
    """Return what to veil of secrets and of their parts, in every form; the longest first.

    Parts are what stands behind a scheme, as in `Bearer abc`, and what `Basic` packs.
    """
    return forms(part for secret in secrets for part in _parts(secret))


def _parts(secret: str) -> Iterator[str]:
    yield secret
    scheme, blank, credentials = secret.partition(" ")
    if not blank:
        return
    yield credentials
    if scheme.lower() == "basic":
        yield from _unpacked(credentials.strip())


def _unpacked(credentials: str) -> Iterator[str]:
    """Yield what `Basic` packs: user and password together, and the password."""
    try:
        octets = b64decode(credentials)
    except ValueError:
        return
    for charset in ("utf-8", "latin-1"):
        pair = octets.decode(charset, errors="replace")
        yield pair
        yield pair.partition(":")[2]


def forms(secrets: Iterable[str]) -> tuple[str, ...]:
    """Return what to veil, the longest first: each secret as it is, and as URLs, forms, HTML,
    JSON, Base64 (also inside of something longer), hexadecimal digits and messages write it.
    """
    long = (secret[:_LONGEST] for secret in secrets if len(secret) >= _SHORTEST)
    found = {form for secret in long for form in _forms(secret)}
    told = {one for form in found for one in _as_told(form)}
    return tuple(sorted((one for one in told if len(one) >= _SHORTEST), key=len, reverse=True))


def _forms(secret: str) -> Iterator[str]:
    octets = secret.encode()
    yield secret
    for encoded in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield encoded
        yield _with_small_digits(encoded)
    yield escape(secret, quote=False)
    yield escape(secret)
    yield escape(secret).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1].replace("/", "\\/")
    yield repr(secret)[1:-1]
    yield octets.hex()
    yield octets.hex().upper()
    for before in range(3):
        yield from _inside_base64(octets, before)


def _with_small_digits(encoded: str) -> str:
    """Return a percent-encoded text with its digits in lower case, as some write them."""
    first, *others = encoded.split("%")
    return "%".join((first, *(one[:2].lower() + one[2:] for one in others)))


def _inside_base64(octets: bytes, before: int) -> Iterator[str]:
    """Yield what Base64 makes of `octets` wherever `before` octets (mod 3) stand before them.

    Left out is what depends on their neighbours.
    """
    padded = b"\0" * before + octets
    start, end = (8 * before + 5) // 6, 8 * len(padded) // 6
    yield b64encode(padded).decode()[start:end]
    yield urlsafe_b64encode(padded).decode()[start:end]


def _as_told(form: str) -> Iterator[str]:
    """Yield a form as messages show it: on one line, and in quotes, its letters maybe lost."""
    visible = visible_text(form, 4 * len(form) + 4)
    for one in dict.fromkeys((form, visible, *_lossy(visible))):
        yield one
        yield repr(one)[1:-1]
        yield repr(one + "'\"")[1:-4]  # as in a text that holds quotes of both kinds


def _lossy(text: str) -> tuple[str, ...]:
    """Return what is left of letters where a charset has none, or is taken for another one."""
    if text.isascii():
        return ()
    return (
        text.encode("ascii", errors="replace").decode(),
        text.encode("latin-1", errors="replace").decode(errors="replace"),
    )
