"""Which letters the typesetter's own font has. A PDF for archives may hold no others."""

import re
import unicodedata

# Latin, Greek, Cyrillic, punctuation, currencies, letter-like signs, arrows, mathematics, shapes.
_HELD = (
    "\u0020-\u007e\u00a0-\u00ac\u00ae-\u02ff\u038e-\u03a1\u03a3-\u0482\u1e00-\u1eff"
    "\u2010-\u2027\u2030-\u2040\u20a0-\u20c0\u2100-\u211e\u2190-\u22ff\u25a0-\u25ff"
)
_BLANK = re.compile(r"\s+")
_OTHER = re.compile(f"[^{_HELD}]")


def settable(text: str) -> str:
    """Return `text` in one line of letters that the font has; others by their number: [U+1F600]."""
    composed = unicodedata.normalize("NFC", _BLANK.sub(" ", text))
    return _OTHER.sub(lambda found: f"[U+{ord(found[0]):04X}]", composed)
