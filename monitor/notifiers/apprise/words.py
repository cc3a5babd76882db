"""What Apprise is given to say: the message of a chat, on which no service acts."""

import re

from monitor.domain.alert import Alert
from monitor.domain.text import cut_at, inert
from monitor.locales.messages import title
from monitor.locales.messages_chat import chat_text
from monitor.locales.messages_native import Wording
from monitor.locales.messages_signs import Mood, mood

LONGEST_TITLE, LONGEST_TEXT = 250, 4000
"""In code units of UTF-16. What a service takes less of, Apprise cuts or sends in parts."""

# Nobody knows which service it is, so look-alikes stand for all that any of them takes for markup,
# for somebody's name, or for a place to fill in.
_MARKS = re.compile(r"[<>*`~@|{}\[\]]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
_INSTEAD = {
    "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
    ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
    "*": "\N{ASTERISK OPERATOR}",
    "`": "\N{MODIFIER LETTER GRAVE ACCENT}",
    "~": "\N{TILDE OPERATOR}",
    "@": "\N{FULLWIDTH COMMERCIAL AT}",
    "|": "\N{FULLWIDTH VERTICAL LINE}",
    "{": "\N{FULLWIDTH LEFT CURLY BRACKET}",
    "}": "\N{FULLWIDTH RIGHT CURLY BRACKET}",
    "[": "\N{FULLWIDTH LEFT SQUARE BRACKET}",
    "]": "\N{FULLWIDTH RIGHT SQUARE BRACKET}",
    "_": "\N{MODIFIER LETTER LOW MACRON}",
}

# As Apprise calls them.
_TYPES = {
    Mood.BAD: "failure",
    Mood.GOOD: "success",
    Mood.WARNING: "warning",
    Mood.PLAIN: "info",
}


def message(alert: Alert, wording: Wording) -> dict[str, str]:
    """Return title, body and type, the arguments of Apprise's `notify`."""
    heading = inert(title(alert, wording.language), _MARKS, _INSTEAD)
    text = chat_text(alert, wording, marks=_MARKS, instead=_INSTEAD, limit=LONGEST_TEXT)
    return {
        "title": cut_at(heading, LONGEST_TITLE),
        "body": text,
        "type": _TYPES[mood(alert)],
    }
