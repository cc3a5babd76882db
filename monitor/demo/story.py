"""What goes wrong in the simulated city, and when."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """Something that can go wrong."""

    SLOW = "slow"
    EXPIRED = "expired"
    WRONG_ANSWER = "wrong_answer"
    DEAD_PORT = "dead_port"
    FLAPPING = "flapping"
    FORGOTTEN_NAME = "forgotten_name"
    SILENT_RESOLVER = "silent_resolver"


@dataclass(frozen=True, slots=True)
class Turn:
    """At `at` seconds a trouble begins, or ends."""

    at: float
    trouble: Trouble
    begins: bool


LENGTH_SECONDS = 120.0
_SOONEST = 0.25  # below this, troubles would be over before two probes had seen them
_FLAP_SECONDS = 12.0

# A name that is gone from the DNS is a fault of its owner; a resolver that is silent is ours.
# One after the other, they show the difference.
_TURNS = (
    Turn(10, Trouble.SLOW, begins=True),
    Turn(20, Trouble.EXPIRED, begins=True),
    Turn(30, Trouble.WRONG_ANSWER, begins=True),
    Turn(40, Trouble.DEAD_PORT, begins=True),
    Turn(60, Trouble.FORGOTTEN_NAME, begins=True),
    Turn(70, Trouble.FORGOTTEN_NAME, begins=False),
    Turn(82, Trouble.SILENT_RESOLVER, begins=True),
    Turn(98, Trouble.SILENT_RESOLVER, begins=False),
    Turn(104, Trouble.EXPIRED, begins=False),
    Turn(110, Trouble.DEAD_PORT, begins=False),
)
_FLAPS_FROM = 50.0


def pace(seconds: float | None) -> float:
    """Return by what to multiply the times of the story, so that it fits into `seconds`."""
    if seconds is None:
        return 1.0
    return min(1.0, max(_SOONEST, seconds / LENGTH_SECONDS))


def turns(pace: float) -> Iterator[Turn]:
    """Yield all turns in their order, without end: one service goes on flapping."""
    told = iter(_TURNS)
    upcoming = next(told, None)
    for flap in _flaps():
        while upcoming is not None and upcoming.at <= flap.at:
            yield _at(upcoming, pace)
            upcoming = next(told, None)
        yield _at(flap, pace)


def _flaps() -> Iterator[Turn]:
    at, failing = _FLAPS_FROM, True
    while True:
        yield Turn(at, Trouble.FLAPPING, begins=failing)
        at, failing = at + _FLAP_SECONDS, not failing


def _at(turn: Turn, pace: float) -> Turn:
    return Turn(turn.at * pace, turn.trouble, begins=turn.begins)
