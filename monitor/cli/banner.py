"""What `pantau run` says on a terminal before its log begins."""

from collections.abc import Mapping
from typing import Protocol

from monitor.domain.text import visible_text


class Summary(Protocol):
    """What the daemon is about to do. `online` says in words whether our own network works."""

    @property
    def checks(self) -> int: ...
    @property
    def services(self) -> int: ...
    @property
    def by_type(self) -> Mapping[str, int]: ...
    @property
    def page_url(self) -> str: ...
    @property
    def metrics_url(self) -> str: ...
    @property
    def receivers(self) -> tuple[str, ...]: ...
    @property
    def online(self) -> str: ...
    @property
    def data_dir(self) -> object: ...
    @property
    def warnings(self) -> tuple[str, ...]: ...


def counted(count: int, noun: str) -> str:
    """Return "1 check" or "3 checks"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def banner(summary: Summary) -> str:
    """Return a few lines: what is watched, where to look, who is told, whether we are online."""
    facts = [
        ("page", summary.page_url),
        ("metrics", summary.metrics_url),
        ("alerts", _told(summary.receivers)),
        ("network", summary.online),
        ("data", str(summary.data_dir)),
    ]
    return "\n".join(
        [
            f"Pantau keeps watch: {_watched(summary)}",
            *(f"  {name:<9}{visible_text(text)}" for name, text in facts),
            *(f"  ! {visible_text(warning)}" for warning in summary.warnings),
            "Ctrl-C stops it.",
        ]
    )


def _watched(summary: Summary) -> str:
    checks, services = counted(summary.checks, "check"), counted(summary.services, "service")
    types = ", ".join(f"{count} {name}" for name, count in sorted(summary.by_type.items()))
    return f"{checks} of {services}" + (f" ({types})" if types else "")


def _told(receivers: tuple[str, ...]) -> str:
    return (
        f"go to {', '.join(receivers)}" if receivers else "go to nobody: no receiver is configured"
    )
