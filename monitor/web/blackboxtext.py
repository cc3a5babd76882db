"""The texts that blackbox_exporter's endpoints give."""

from collections.abc import Iterable

from monitor.blackbox.hidden import without_password
from monitor.blackbox.log import LogLine
from monitor.blackbox.measured import Measured
from monitor.blackbox.modules import Module
from monitor.configuration.blackboxtext import module_text, modules_text
from monitor.metrics.probetext import CONTENT_TYPE, probe_text

__all__ = ["CONTENT_TYPE", "debug_text", "modules_text", "probe_text"]


def debug_text(lines: Iterable[LogLine], samples: Iterable[Measured], module: Module) -> str:
    """Return what `debug=true` and /logs show: the steps, the numbers, the module in force.

    Secrets of the module are hidden, and a password in a URL of the steps.
    """
    steps = "".join(f"{without_password(str(line))}\n" for line in lines)
    return (
        f"Logs for the probe:\n{steps}"
        f"\n\n\nMetrics that would have been returned:\n{probe_text(samples)}"
        f"\n\n\nModule configuration:\n{module_text(module)}"
    )
