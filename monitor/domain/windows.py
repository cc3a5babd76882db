"""Stretches of time and sets of them: half-open, in microseconds since the Unix epoch, UTC.

Integers, because parts that are added a million times must still sum to the whole exactly.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Window(NamedTuple):
    """[start, end). A tuple, since a month of samples makes tens of thousands of them."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """Microseconds from start to end."""
        return self.end - self.start


def duration(windows: Iterable[Window]) -> int:
    """Return the microseconds that `windows` cover together; an overlap counts once."""
    return sum(window.length for window in union(windows))


def union(windows: Iterable[Window]) -> list[Window]:
    """Return the same instants as disjoint windows in order. Windows that touch become one."""
    merged: list[Window] = []
    for window in sorted(windows):
        if window.start >= window.end:
            continue
        if merged and window.start <= merged[-1].end:
            merged[-1] = Window(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(window)
    return merged


def intersection(ones: Iterable[Window], others: Iterable[Window]) -> list[Window]:
    """Return the instants that are in both sets."""
    left, right = union(ones), union(others)
    common: list[Window] = []
    i = j = 0
    while i < len(left) and j < len(right):
        common.append(Window(max(left[i].start, right[j].start), min(left[i].end, right[j].end)))
        if left[i].end <= right[j].end:
            i += 1
        else:
            j += 1
    return union(common)


def difference(ones: Iterable[Window], others: Iterable[Window]) -> list[Window]:
    """Return the instants of `ones` that are not in `others`."""
    kept = union(ones)
    if not kept:
        return []
    return intersection(kept, _around(union(others), Window(kept[0].start, kept[-1].end)))


def overlaps(windows: Iterable[Window]) -> list[Window]:
    """Return the instants that two or more of `windows` cover."""
    doubled: list[Window] = []
    ordered = sorted(windows)
    reach = ordered[0].start if ordered else 0
    for window in ordered:
        doubled.append(Window(window.start, min(window.end, reach)))
        reach = max(reach, window.end)
    return union(doubled)


def _around(holes: list[Window], frame: Window) -> list[Window]:
    edges = [frame.start, *(edge for hole in holes for edge in hole), frame.end]
    return [Window(*pair) for pair in zip(edges[::2], edges[1::2], strict=True)]
