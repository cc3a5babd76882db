"""What people did about an incident, and said of it. A note, once taken, never changes."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_ID_LENGTH = 26


class NoteKind(StrEnum):
    """What somebody did."""

    ACKNOWLEDGED = "acknowledged"
    COMMENT = "comment"


class Via(StrEnum):
    """By which way somebody said it."""

    COMMAND = "command"
    API = "api"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What `by` did about an incident at `at` (UTC), in the words of `text`.

    `via` is None where that was not kept. `receiver` is to whom the link was sent by which it
    was said, "" where it was none: the name that somebody writes on a page proves nothing.
    """

    incident: str
    kind: NoteKind
    by: str
    at: datetime
    text: str = ""
    via: Via | None
    receiver: str = ""

    @property
    def id(self) -> str:
        """Return the note's id: the same act gives the same one, so that it is kept once."""
        parts = (self.incident, self.kind, self.by, self.at.isoformat(), self.text)
        digest = hashlib.sha256("\0".join(parts).encode(errors="replace")).digest()
        return base64.b32encode(digest).decode()[:_ID_LENGTH]
