"""Labels as text, for both exposition formats."""

import re
from collections.abc import Iterable

from monitor.domain.observation import Labels
from monitor.domain.text import visible_text

MAX_BYTES = 256
_NO_NAME = re.compile(r"[^a-zA-Z0-9_]")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def rendered(labels: Iterable[tuple[str, str]]) -> str:
    """Return `a="1",b="2"`, for values that come from the configuration."""
    return ",".join(f'{name}="{escaped(value)}"' for name, value in labels)


def foreign(labels: Labels) -> str:
    """Return `,a="1",b="2"`, for values that a target may have sent.

    Each is on one line and in at most 256 bytes of UTF-8.
    """
    return "".join([f',{name}="{_foreign_value(value)}"' for name, value in labels])


def escaped(value: str) -> str:
    """Return `value` as it stands between quotes. What is not Unicode text becomes `?`."""
    return value.encode(errors="replace").decode().translate(_ESCAPES)


def label_name(name: str, taken: Iterable[str]) -> str:
    """Return `name` as Prometheus allows it, and as it treats one that is taken."""
    legal = _NO_NAME.sub("_", name)
    if not legal or legal[0].isdigit():
        legal = f"_{legal}"
    return f"exported_{legal}" if legal in taken else legal


def _foreign_value(value: str) -> str:
    """Return a target's value cleaned, cut and escaped; most need none of it."""
    if value.isascii() and value.isprintable() and len(value) <= MAX_BYTES:
        return escaped(value) if '"' in value or "\\" in value else value
    return escaped(visible_text(value, MAX_BYTES))
