"""What a demonstration has to show, one value for each thing that happens."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.demo.collector import Message
from monitor.demo.story import Turn
from monitor.domain.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The daemon watches. Where to look."""

    page_url: str
    metrics_url: str
    config: Path
    log: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """Something in the city breaks, or is mended."""

    at: datetime
    turn: Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a service fares. `failure` is a failure kind and `cause` one of unknown, if any."""

    name: str
    status: Status
    failure: str | None = None
    cause: str | None = None

    def differs(self, before: "Standing | None") -> bool:
        """Say whether this is news. A failure that reads otherwise, or is gone, is none yet."""
        return before is None or (self.status, self.cause) != (before.status, before.cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The daemon says that these services fare otherwise than before."""

    at: datetime
    standings: Sequence[Standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A signed message reached the receiver."""

    at: datetime
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """Time goes by. `counts` are the services in each status."""

    seconds: float
    counts: Mapping[Status, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The demonstration is over, and the daemon has stopped.

    `messages` counts those of each type, `forged` those that were turned away.
    """

    began_at: datetime
    ended_at: datetime
    config: Path
    messages: Mapping[str, int]
    forged: int


Scene = Opened | Turned | Changed | Arrived | Ticked | Ended


def standings(document: Mapping[str, Any]) -> Iterator[Standing]:
    """Yield how each service fares, from what GET /api/v1/status answers."""
    for service in document["services"]:
        status = Status(service["status"])
        check = _culprit(document, service["id"], status)
        failure = (check["failure"] or {}) if status is not Status.UP else {}
        yield Standing(
            name=service["name"],
            status=status,
            failure=failure.get("kind"),
            cause=check["cause"],
        )


def _culprit(document: Mapping[str, Any], service: str, status: Status) -> Mapping[str, Any]:
    """Return the first check that fares as its service does."""
    checks = [check for check in document["checks"] if check["service"] == service]
    alike = (check for check in checks if check["status"] == status)
    return next(alike, {"failure": None, "cause": None})
