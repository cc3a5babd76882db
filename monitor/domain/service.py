"""Who offers what to the citizens: services, their owners, and what they promised."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NewType

from monitor.domain.status import Status

ServiceId = NewType("ServiceId", str)

ALWAYS = "24x7"
"""The hours of what is promised around the clock."""


class Criticality(StrEnum):
    """How much a service matters, in the city's own four grades, gravest first."""

    SANGAT_KRITIS = "sangat_kritis"
    KRITIS = "kritis"
    PENTING = "penting"
    BIASA = "biasa"

    @property
    def place(self) -> int:
        """Return 0 for the gravest, and more for what matters less."""
        return list(Criticality).index(self)


class Rule(StrEnum):
    """How the status of a service follows from its checks."""

    ALL = "all"
    ANY = "any"
    QUORUM = "quorum"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRule:
    """`quorum` is the number of checks that must be up, and is read only under QUORUM."""

    rule: Rule = Rule.ALL
    quorum: int = 1

    def needed(self, checks: int) -> int:
        """Return how many of `checks` checks must be up for the service to be up."""
        match self.rule:
            case Rule.ALL:
                return checks
            case Rule.ANY:
                return min(1, checks)
            case Rule.QUORUM:
                return min(self.quorum, checks)

    def combined(self, statuses: Collection[Status]) -> Status:
        """Return the status of a service whose checks have `statuses`."""
        return self.of_counts(Counter(statuses))

    def of_counts(self, counts: Mapping[Status, int]) -> Status:
        """Return the status of a service with so many checks in each status.

        Up when enough checks are up, degraded when enough are at least degraded, down when
        enough can no longer be up, and unknown in between. So under ALL, down beats unknown.
        """
        up, degraded = counts.get(Status.UP, 0), counts.get(Status.DEGRADED, 0)
        down, unknown = counts.get(Status.DOWN, 0), counts.get(Status.UNKNOWN, 0)
        total = up + degraded + down + unknown
        needed = self.needed(total)
        if total == 0:
            return Status.UNKNOWN
        if up >= needed:
            return Status.UP
        if up + degraded >= needed:
            return Status.DEGRADED
        return Status.DOWN if total - down < needed else Status.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Sla:
    """What was promised. `target` is a share in [0, 1], exactly as the decimal was written.

    `hours` is the id of a calendar, or ALWAYS.
    """

    target: Fraction
    basis: str
    hours: str = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service of one owner (an OPD). `depends_on` concerns alerts only, never figures."""

    id: ServiceId
    name: str
    owner: str
    criticality: Criticality = Criticality.BIASA
    public: bool = False
    depends_on: tuple[ServiceId, ...] = ()
    status: StatusRule = StatusRule()
    sla: Sla | None = None
