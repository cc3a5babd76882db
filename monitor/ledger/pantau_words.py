"""Write figures as a report does: this file needs Python 3.9 or newer and nothing else.

pantau_recount.py has it say what exact figures read as, in Indonesian and in English, and what
data.csv says of them. Nothing looks better than it was: availability and its lower bound are
rounded down, the upper bound up.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

Said = dict[str, Any]
SHARES = ("availability", "lower", "upper", "gross", "coverage")
PARTS = ("up", "down", "unknown", "degraded", "bridged")
INSIDE = ("up_in_maintenance", "down_in_maintenance", "unknown_in_maintenance")
TIMES = (*PARTS, *INSIDE, "maintenance", "total")
QUANTILES = ("p50", "p95", "p99")
COUNTS = ("outages", "expected", "received")
COLUMNS = (
    *("service", "name", "owner", "criticality", "date", "hours"),
    *(f"{name}_{form}" for name in SHARES for form in ("percent", "exact")),
    *(f"{name}_microseconds" for name in TIMES),
    *COUNTS,
    *(f"{name}_microseconds" for name in QUANTILES),
)
UNMEASURED = {"id": "tidak terukur", "en": "not measured"}
NO_DOWNTIME = {"id": "tidak ada waktu henti terukur", "en": "no downtime measured"}
NO_OUTAGE = {"id": "tidak ada gangguan", "en": "no incident"}
NONE_MEASURED = {"id": "tidak ada gangguan terukur", "en": "no incident measured"}
VERDICTS = {
    "met": {"id": "memenuhi", "en": "met"},
    "missed": {"id": "tidak memenuhi", "en": "missed"},
    "inconclusive": {"id": "tidak dapat disimpulkan", "en": "inconclusive"},
}
UNITS = {
    "id": (("hari", "hari"), ("jam", "jam"), ("menit", "menit"), ("detik", "detik")),
    "en": (("day", "days"), ("hour", "hours"), ("minute", "minutes"), ("second", "seconds")),
}
SECONDS = (86_400, 3_600, 60, 1)
INSTANT = {"id": "kurang dari 1 detik", "en": "less than 1 second"}
MARKS = {"id": (".", ","), "en": (",", ".")}
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
UNSEEN = " \t\r\n\xa0\u200b\u200c\u200d\u2060\ufeff"  # keeps no formula from being one
PERCENT = {"id": " %", "en": "%"}


class Refused(Exception):
    """What was given is not what it should be."""


def exact(share: "Fraction | None") -> "str | None":
    """Return a fraction as it is: 113/115."""
    return None if share is None else f"{share.numerator}/{share.denominator}"


def ratio(part: int, whole: int) -> "Fraction | None":
    """Return a part of a whole, None where there is nothing to divide by."""
    return Fraction(part, whole) if whole else None


def both(text: Any) -> Said:
    """Return a text in both languages."""
    return {language: text(language) for language in ("id", "en")}


def percent(share: Fraction, language: str, *, up: bool = False, places: int = 3) -> str:
    """Return a share as a percentage, rounded down or up: 98,260 % or 98.260%."""
    scaled = share * 100 * 10**places
    whole, rest = divmod(-(-scaled // 1) if up else scaled // 1, 10**places)
    return f"{whole}{MARKS[language][1]}{rest:0{places}d}{PERCENT[language]}"


def down(share: "Fraction | None", unknown: int, language: str) -> str:
    """Return a share rounded down, or in words where no number would be honest."""
    if share is None:
        return UNMEASURED[language]
    return NO_DOWNTIME[language] if share == 1 and unknown else percent(share, language)


def up(share: "Fraction | None", parts: Mapping[str, int], language: str) -> str:
    """Return a share rounded up; 100 % is a bound where there was downtime or unknown time."""
    if share is None:
        return UNMEASURED[language]
    text = percent(share, language, up=True)
    if text != percent(Fraction(1), language):
        return text
    return f"<{text}" if parts["down"] else f"≤{text}" if parts["unknown"] else text


def shares(parts: Mapping[str, int]) -> Said:
    """Return the five shares of the time in `parts`, exactly and as they read."""
    known = parts["up"] + parts["down"]
    observable, seen_up = known + parts["unknown"], parts["up"] + parts["up_in_maintenance"]
    found = {
        "availability": ratio(parts["up"], known),
        "lower": ratio(parts["up"], observable),
        "upper": ratio(parts["up"] + parts["unknown"], observable),
        "gross": ratio(seen_up, seen_up + parts["down"] + parts["down_in_maintenance"]),
        "coverage": ratio(known, observable),
    }
    unknown = {
        "availability": parts["unknown"],
        "gross": parts["unknown"] + parts["unknown_in_maintenance"],
    }

    def text(name: str, language: str) -> str:
        if name == "upper":
            return up(found[name], parts, language)
        return down(found[name], unknown.get(name, 0), language)

    return {
        name: {
            "exact": exact(found[name]),
            **both(lambda language, name=name: text(name, language)),
        }
        for name in SHARES
    }


def resolution(low: "Fraction | None", high: "Fraction | None", parts: Any) -> Said:
    """Return the worst case of the sampling in words: from – to, rounded outwards."""

    def text(language: str) -> str:
        least = down(low, parts["unknown"], language)
        return least if low == high else f"{least} – {up(high, parts, language)}"

    return both(text)


def mean(length: "Fraction | None", parts: Mapping[str, int]) -> Said:
    """Return a mean time (microseconds) in words, to the whole second, or why there is none."""
    if length is not None:
        return both(lambda language: duration(int(length), language))
    if not parts["up"] + parts["down"]:
        return UNMEASURED
    return NONE_MEASURED if parts["unknown"] else NO_OUTAGE


def duration(length: int, language: str) -> str:
    """Return a length (microseconds) in words: 1 jam 30 menit."""
    seconds, found = length // 1_000_000, []
    for unit, names in zip(SECONDS, UNITS[language]):  # noqa: B905 - Python 3.9
        count, seconds = divmod(seconds, unit)
        if count:
            grouped = f"{count:,}".replace(",", MARKS[language][0])
            found.append(f"{grouped} {names[count != 1]}")
    nothing = INSTANT[language] if length else f"0 {UNITS[language][3][1]}"
    return " ".join(found) or nothing


def target(share: Fraction) -> Said:
    """Return a target as it was written, with one decimal at least."""
    places = next((n for n in range(1, 9) if (share * 100 * 10**n).denominator == 1), 9)
    return both(lambda language: percent(share, language, places=places))


def lines_of(report: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield the lines of data.csv that the days of a report come to."""
    yield list(COLUMNS)
    for service in report["services"]:
        for day in service["days"]:
            if day["in_hours"] is not None:
                yield _line(service, day, service["target"]["hours"], day["in_hours"])
            if day["around_the_clock"] is not None:
                yield _line(service, day, "24x7", day["around_the_clock"])


def _line(service: Said, day: Said, hours: str, figures: Said) -> list[str]:
    cells = {name: service[name] for name in ("service", "name", "owner", "criticality")}
    cells.update(date=day["date"], hours=hours)
    for name in SHARES:
        text = figures[name]["en"]
        cells[f"{name}_percent"] = text[:-1] if text[:1].isdigit() else None
        cells[f"{name}_exact"] = figures[name]["exact"]
    for name in TIMES:
        cells[f"{name}_microseconds"] = figures["microseconds"][name]
    for name in QUANTILES:
        cells[f"{name}_microseconds"] = day["response"] and day["response"][name]
    cells.update((name, figures[name]) for name in COUNTS)
    return [_harmless(cells[column]) for column in COLUMNS]


def _harmless(value: Any) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    is_formula = text.startswith(("\t", "\r", "\n")) or text.lstrip(UNSEEN).startswith(FORMULA)
    return f"'{text}" if is_formula else text


def same_days(raw: bytes, report: Mapping[str, Any]) -> int:
    """Return how many lines data.csv has below its head, if it is that of the report, to the byte.

    Raises Refused, and names the line and the column that is another.
    """
    made = io.StringIO()
    lines = list(lines_of(report))
    csv.writer(made).writerows(lines)
    if made.getvalue().encode() == raw:
        return len(lines) - 1
    given = list(csv.reader(io.StringIO(raw.decode(), newline="")))
    for number, (told, line) in enumerate(zip(given, lines), 1):  # noqa: B905 - Python 3.9
        for column, was, is_right in zip(COLUMNS, told, line):  # noqa: B905
            if was != is_right:
                raise Refused(f"data.csv, line {number}: {column} is not what laporan.json says")
    raise Refused(f"data.csv is not what laporan.json says: {len(given)} lines of {len(lines)}")
