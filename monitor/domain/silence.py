"""What somebody does not want to hear of for a while, and who said so."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.domain.alert import Match, matches
from monitor.domain.check import Check
from monitor.domain.service import Service

_ID_LENGTH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """From `at` up to `until` nobody is told of checks that `match`, and `by` wanted that.

    `lifted_by` ended it before its time, which `until` then says.
    """

    id: str
    match: Match
    at: datetime
    until: datetime
    by: str
    comment: str = ""
    lifted_by: str = ""

    def covers(self, service: Service, checks: Iterable[Check]) -> bool:
        """Say whether it is about all of these checks of `service`."""
        return all(matches(self.match, service, check) for check in checks)

    def lifted(self, by: str, at: datetime) -> "Silence":
        """Return the silence as it is once `by` has ended it at `at`."""
        return replace(self, until=min(self.until, at), lifted_by=by)


def silence_id(match: Match, by: str, at: datetime) -> str:
    """Return a short id: the same wish of the same moment gives the same one."""
    text = f"{sorted(match.services)}{sorted(match.owners)}{sorted(match.types)}{by}{at}"
    digest = hashlib.sha256(f"{text}{sorted(match.labels.items())}".encode()).digest()
    return base64.b32encode(digest).decode()[:_ID_LENGTH].lower()
