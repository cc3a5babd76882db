"""How a check or a service fares."""

from enum import StrEnum


class Status(StrEnum):
    """A sample has one, and so have the confirmed state of a check and a service."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"
