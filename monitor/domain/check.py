"""What to watch, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import NewType

from monitor.domain.service import ServiceId

CheckId = NewType("CheckId", str)


class Affects(StrEnum):
    """What a failing check says something about. Only AVAILABILITY feeds status and figures."""

    AVAILABILITY = "availability"
    SECURITY = "security"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One entry of checks.yaml after validation, without what only its type understands.

    `target` is for people and labels: it never holds credentials or a query string.
    `failure_threshold` and `success_threshold` count samples in a row.
    `local` says that the target is on loopback, so that no network of ours lies in between.
    """

    id: CheckId
    service: ServiceId
    type: str
    target: str
    name: str = ""
    interval: timedelta
    timeout: timedelta
    retry_interval: timedelta
    failure_threshold: int = 3
    success_threshold: int = 2
    affects: Affects = Affects.AVAILABILITY
    degraded_over: timedelta | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    runbook: str | None = None
    verified: bool = True
    notes: str = ""
    local: bool = False
