"""Builds the daemon and runs it. The only package that knows the concrete classes of all others."""

from monitor.app.daemon import RunOptions, RunSummary, StartupError, run
from monitor.app.network import build_network, build_self_check
from monitor.app.receivers import build_notifier

__all__ = [
    "RunOptions",
    "RunSummary",
    "StartupError",
    "build_network",
    "build_notifier",
    "build_self_check",
    "run",
]
