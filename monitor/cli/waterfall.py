"""Where the time of a check went, for a person: bars that follow each other."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from monitor.cli.output import coloured
from monitor.cli.words import COLOURS, GLYPHS
from monitor.domain.status import Status
from monitor.domain.text import visible_text

NAME_WIDTH = 15
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_STATUSES = {
    "ok": Status.UP,
    "degraded": Status.DEGRADED,
    "failed": Status.DOWN,
    "unknown": Status.UNKNOWN,
}


def waterfall(phases: Mapping[str, float], width: int) -> Iterator[str]:
    """Yield a line for each phase: a bar from where it began to where it ended, and its time."""
    total = sum(phases.values())
    room = width - NAME_WIDTH - 14
    began = 0.0
    for name, seconds in phases.items():
        start, end = (room * at / total if total else 0 for at in (began, began + seconds))
        began += seconds
        yield f"  {name:<{NAME_WIDTH - 2}}{bar(start, end):<{room}}{duration_text(seconds):>12}"


def bar(start: float, end: float) -> str:
    """Return a bar from `start` to `end`, in cells; its end is drawn to the eighth of a cell."""
    first = int(start)
    eighths = max(1, round((end - first) * 8))
    return " " * first + "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def steps_waterfall(steps: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    """Yield a line for each step of a journey, and then where the time of one of them went: of
    the first that failed, else of the slowest.

    A line has the step's mark, its bar, its HTTP status and its time, or why it was skipped.
    """
    taken = [step for step in steps if "seconds" in step]
    if not taken:
        return
    total = sum(step["seconds"] for step in taken)
    names = max(8, *(len(step["name"]) for step in steps))
    room, began = max(4, width - names - 25), 0.0
    for step in steps:
        label = f"  {_mark(step)} {step['name']:<{names + 1}}"
        if "seconds" not in step:
            yield f"{label}skipped: {visible_text(step['detail'])}"
            continue
        start, end = (room * at / total if total else 0 for at in (began, began + step["seconds"]))
        began += step["seconds"]
        status = step.get("status", "")
        yield f"{label}{bar(start, end):<{room}}{status:>6}{duration_text(step['seconds']):>14}"
    shown = _worth_showing(taken)
    if shown["phases"]:
        yield f"  of {shown['name']}:"
        yield from waterfall(shown["phases"], width)


def _mark(step: Mapping[str, Any]) -> str:
    status = _STATUSES.get(step["outcome"])
    return "·" if status is None else coloured(GLYPHS[status], COLOURS[status])


def _worth_showing(steps: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    return max(steps, key=lambda step: (step["outcome"] in {"failed", "unknown"}, step["seconds"]))


def duration_text(seconds: float) -> str:
    """Return a time as people read it: 12.3 ms, 12.34 s."""
    return f"{seconds * 1000:.1f} ms" if seconds < 10 else f"{seconds:.2f} s"
