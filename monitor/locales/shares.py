"""The figures of availability as people read them, rounded so that no figure looks better.

A headline and a lower bound go down, an upper bound goes up, and nothing reads 100,000 while a
second of downtime or of unknown time is in it.
"""

from datetime import timedelta
from fractions import Fraction

from monitor.domain.availability import Figures, Verdict
from monitor.locales import Language
from monitor.locales.dates import duration_text
from monitor.locales.numbers import Rounding, percent

UNMEASURED = {Language.ID: "tidak terukur", Language.EN: "not measured"}
NO_DOWNTIME = {
    Language.ID: "tidak ada waktu henti terukur",
    Language.EN: "no downtime measured",
}
NO_INCIDENT = {Language.ID: "tidak ada gangguan", Language.EN: "no incident"}
NONE_MEASURED = {
    Language.ID: "tidak ada gangguan terukur",
    Language.EN: "no incident measured",
}
VERDICTS = {
    Language.ID: {
        Verdict.MET: "memenuhi",
        Verdict.MISSED: "tidak memenuhi",
        Verdict.INCONCLUSIVE: "tidak dapat disimpulkan",
    },
    Language.EN: {
        Verdict.MET: "met",
        Verdict.MISSED: "missed",
        Verdict.INCONCLUSIVE: "inconclusive",
    },
}


def headline(figures: Figures, language: Language) -> str:
    """Return the availability, rounded down, or in words where there is no honest number."""
    return _rounded_down(figures.availability, figures.parts.unknown, language)


def gross_text(figures: Figures, language: Language) -> str:
    """Return the gross availability by the rules of the headline."""
    unknown = figures.parts.unknown + figures.parts.unknown_in_maintenance
    return _rounded_down(figures.gross, unknown, language)


def lower_text(figures: Figures, language: Language) -> str:
    """Return the lower bound, rounded down."""
    return _rounded_down(figures.lower, 0, language)


def upper_text(figures: Figures, language: Language) -> str:
    """Return the upper bound, rounded up."""
    return _rounded_up(figures.upper, figures, language)


def coverage_text(figures: Figures, language: Language) -> str:
    """Return the coverage, rounded down."""
    return _rounded_down(figures.coverage, 0, language)


def resolution_text(figures: Figures, language: Language) -> str:
    """Return the worst case of the sampling, rounded outwards: from – to."""
    if figures.resolution is None:
        return UNMEASURED[language]
    low, high = figures.resolution
    down = _rounded_down(low, figures.parts.unknown, language)
    return down if low == high else f"{down} – {_rounded_up(high, figures, language)}"


def mtbf_text(figures: Figures, language: Language) -> str:
    """Return the mean time between outages, to the whole second, or why there is none."""
    return _mean(figures.mtbf, figures, language)


def mttr_text(figures: Figures, language: Language) -> str:
    """Return the mean time to recovery, to the whole second, or why there is none."""
    return _mean(figures.mttr, figures, language)


def _mean(mean: Fraction | None, figures: Figures, language: Language) -> str:
    if mean is not None:
        return duration_text(timedelta(microseconds=int(mean)), language)
    if figures.availability is None:
        return UNMEASURED[language]
    return (NONE_MEASURED if figures.parts.unknown else NO_INCIDENT)[language]


def _rounded_down(share: Fraction | None, unknown: int, language: Language) -> str:
    if share is None:
        return UNMEASURED[language]
    if share == 1 and unknown:
        return NO_DOWNTIME[language]
    return percent(share, language, rounding=Rounding.DOWN)


def _rounded_up(share: Fraction | None, figures: Figures, language: Language) -> str:
    if share is None:
        return UNMEASURED[language]
    text = percent(share, language, rounding=Rounding.UP)
    if text != percent(1, language):
        return text
    if figures.parts.down:
        return f"<{text}"
    return f"≤{text}" if figures.parts.unknown else text
