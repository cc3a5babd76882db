"""What two answers to the same probe have to agree in.

The set of metrics, their help and type, and the labels of every sample are the same, and so are
all values, to the last character; but for times, which are close and no shorter than the target
takes.
"""

import re
from collections.abc import Iterator, Mapping

from tests.conformance.exposition import Labels, Metric

CLOSE_SECONDS = 0.25
APART = "times apart"
_TIMES = re.compile(r"probe_(dns_lookup_time|(\w+_)?duration)_seconds\Z")
# Phases in which a target's delay is spent; the others are short.
_WAITING = {"processing", "transfer", "request", "rtt", "connect", "tls"}
_LATER_LABELS = {"probe_ssl_last_chain_info": "serialnumber"}
_CLOCK_SECONDS = 0.005  # by which two clocks may read one delay differently

Metrics = Mapping[str, Metric]


def disagreements(
    theirs: Metrics, ours: Metrics, *, delay: float, lag: float
) -> dict[str, list[str]]:
    """Return what is not the same, by metric; nothing for answers that agree.

    A label that came later has its own name instead of its metric's, and so have "unfinished phase",
    which one side alone counts because it was not over when the probe failed, and times far APART.

    `delay` is what the target takes, `lag` what this machine added at worst (both seconds).
    """
    found: dict[str, list[str]] = {}
    for name in [*theirs, *(name for name in ours if name not in theirs)]:
        for what, fault in _faults(name, theirs.get(name), ours.get(name), lag):
            found.setdefault(what, []).append(f"{name}: {fault}")
    for side, metrics in (("theirs", theirs), ("ours", ours)):
        too_short = list(_too_short(side, metrics, delay))
        if too_short:
            found.setdefault("probe_duration_seconds", []).extend(too_short)
    if "unfinished phase" in found and theirs["probe_success"].values[()] == "1":
        found["probe_http_duration_seconds"] = found.pop("unfinished phase")
    if [name for name in theirs if name in ours] != [name for name in ours if name in theirs]:
        found["order"] = [f"theirs {list(theirs)}, ours {list(ours)}"]
    return found


def _faults(
    name: str, theirs: Metric | None, ours: Metric | None, lag: float
) -> Iterator[tuple[str, str]]:
    """Tell what of a metric is not the same: the metric, or what else it shows; and how."""
    if theirs is None or ours is None:
        yield name, "only ours" if theirs is None else "only theirs"
        return
    if (theirs.help, theirs.kind) != (ours.help, ours.kind):
        yield name, f"theirs says {theirs.kind} {theirs.help!r}, ours {ours.kind} {ours.help!r}"
    added = _LATER_LABELS.get(name)
    if added is not None and added in _label_names(ours) - _label_names(theirs):
        ours = _without(added, ours)
        yield added, "only ours"
    if list(theirs.values) != list(ours.values):
        yield name, f"theirs has {_shown(theirs)}, ours {_shown(ours)}"
        return
    for labels, value in theirs.values.items():
        if _TIMES.match(name):
            yield from _apart(name, labels, value, ours.values[labels], lag)
        elif value != ours.values[labels]:
            yield name, f"theirs {dict(labels) or ''} {value}, ours {ours.values[labels]}"


def _apart(
    name: str, labels: Labels, theirs: str, ours: str, lag: float
) -> Iterator[tuple[str, str]]:
    one, other = float(theirs), float(ours)
    both = f"theirs {dict(labels) or ''} {theirs}, ours {ours}"
    if labels and one == 0 < other:
        yield "unfinished phase", both
    elif (one == 0) != (other == 0) or min(one, other) < 0:
        yield name, f"{both}: zero for one alone, or negative"
    elif abs(one - other) > CLOSE_SECONDS + lag:
        yield APART, f"{name}: {both}; lag {lag:.3f} s"


def _label_names(metric: Metric) -> set[str]:
    return {name for labels in metric.values for name, _ in labels}


def _without(label: str, metric: Metric) -> Metric:
    values = {
        tuple(pair for pair in labels if pair[0] != label): value
        for labels, value in metric.values.items()
    }
    return Metric(metric.help, metric.kind, values)


def _too_short(side: str, metrics: Metrics, delay: float) -> Iterator[str]:
    """Tell a duration below the delay of the target, and phases that don't hold it."""
    if "probe_success" not in metrics or "probe_duration_seconds" not in metrics:
        return
    whole = float(metrics["probe_duration_seconds"].values[()])
    if whole < delay - _CLOCK_SECONDS:
        yield f"{side}: {whole} s are less than the {delay} s that the target takes"
    succeeded = metrics["probe_success"].values[()] == "1"
    phases = [
        float(value)
        for name, metric in metrics.items()
        for labels, value in metric.values.items()
        if name.endswith("_duration_seconds") and dict(labels).get("phase") in _WAITING
    ]
    if succeeded and phases and max(phases) < delay - _CLOCK_SECONDS:
        yield f"{side}: no phase holds the {delay} s that the target takes"


def _shown(metric: Metric) -> list[dict[str, str]]:
    return [dict(labels) for labels in metric.values]
