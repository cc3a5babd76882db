"""The numbers of one probe as text, byte for byte as Go's Prometheus client writes them."""

from collections.abc import Iterable
from itertools import groupby
from math import isfinite, isnan

from monitor.blackbox.measured import Measured
from monitor.metrics.labels import rendered

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FIRST_WITH_EXPONENT = 1_000_000


def probe_text(samples: Iterable[Measured]) -> str:
    """Return the families in the order they come in, those of one name together.

    All of them are gauges, in the Prometheus text format 0.0.4.
    """
    return "".join(
        _head(name, family := list(group)) + "".join(map(_line, family))
        for name, group in groupby(samples, key=lambda sample: sample.name)
    )


def _head(name: str, family: list[Measured]) -> str:
    text = family[0].help.replace("\\", r"\\").replace("\n", r"\n")
    return f"# HELP {name} {text}\n# TYPE {name} gauge\n"


def _line(sample: Measured) -> str:
    labels = f"{{{rendered(sample.labels)}}}" if sample.labels else ""
    return f"{sample.name}{labels} {go_float(sample.value)}\n"


def go_float(value: float) -> str:
    """Return a number as Go's strconv.FormatFloat(value, 'g', -1, 64) does.

    That is the shortest text that reads back as the same number, with an exponent from 1e+06 on
    and below 1e-04.
    """
    if isnan(value):
        return "NaN"
    if not isfinite(value):
        return "+Inf" if value > 0 else "-Inf"
    # Python's own text is the same but for where the exponent begins: at 1e+16.
    text = repr(float(value)).removesuffix(".0")
    return text if abs(value) < _FIRST_WITH_EXPONENT or "e" in text else _with_exponent(text)


def _with_exponent(text: str) -> str:
    """Return a number of six digits or more before its point with an exponent."""
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, _, rest = digits.partition(".")
    fraction = (whole[1:] + rest).rstrip("0")
    point = "." if fraction else ""
    return f"{sign}{whole[0]}{point}{fraction}e+{len(whole) - 1:02d}"
