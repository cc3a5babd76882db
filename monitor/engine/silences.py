"""Keeps track of which silences are in force."""

from collections.abc import Iterable
from datetime import datetime

from monitor.domain.silence import Silence

# What is over by a clock that is wrong comes back with the right one. So it is forgotten by number.
_MOST_OVER = 1_000


class Silences:
    """The silences that were wanted, in force or over."""

    def __init__(self) -> None:
        self._known: dict[str, Silence] = {}

    def put(self, silences: Iterable[Silence]) -> None:
        """Go by these, too; one of an id that is known replaces it."""
        self._known.update({each.id: each for each in silences})

    def in_force(self, now: datetime) -> tuple[Silence, ...]:
        """Return those that nobody lifted and that hold at `now`, in order of their end."""
        found = [each for each in self._known.values() if now < each.until and not each.lifted_by]
        self._forget(self._known.keys() - {each.id for each in found})
        return tuple(sorted(found, key=lambda each: (each.until, each.id)))

    def _forget(self, over: set[str]) -> None:
        if len(over) > _MOST_OVER:
            latest = sorted(over, key=lambda name: self._known[name].until)
            for name in latest[:-_MOST_OVER]:
                del self._known[name]
