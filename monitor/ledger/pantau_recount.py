"""Compute the figures of a service anew, by days and as a whole, from sealed hours and samples.

It needs pantau_figures.py, pantau_verify.py and pantau_words.py beside it, and Python 3.9.
pantau_report.py asks it what a report should say. All times are in microseconds.
"""

import hashlib
import importlib.util
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from itertools import accumulate
from math import isqrt
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Said = dict[str, Any]
Window = tuple[int, int]
HOUR = 3_600_000_000
DAY = timedelta(days=1)
UNSAID = "?"  # why an hour that has no row is unknown is not said in the rows
LONGEST = 86_400_000_000  # the bins of `latency` go up to here


def beside(name: str) -> Any:
    """Return the program of the same folder: an isolated Python looks there for nothing."""
    place = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if place is None or place.loader is None:
        raise OSError(f"{name}.py is not beside this file")
    found = importlib.util.module_from_spec(place)
    place.loader.exec_module(found)
    return found


figures = beside("pantau_figures")
words = beside("pantau_words")
verify = figures.verify


class Known(NamedTuple):  # what is known at a time, of a check or of a service
    status: str
    cause: "str | None"
    bridged: bool


class Piece(NamedTuple):  # a stretch of a service's time in which nothing changes
    start: int
    end: int
    corrected: Known
    measured: Known
    is_planned: bool
    is_open: bool
    day: int


class Grounds(NamedTuple):  # what the figures of one service follow from
    told: Said
    terms: Said
    rows: Mapping[str, Sequence[Said]]
    begins: Mapping[str, int]
    blocks: Said
    days: Sequence[Window]
    period: Window
    corrections: Sequence[Said]


class Tally(NamedTuple):  # what pieces come to
    parts: "Counter[str]"
    causes: "Counter[str]"


def local_days(window: Window, zone: ZoneInfo) -> "list[tuple[str, Window]]":
    """Return the local days of a window by their dates, the first and the last cut by its edges."""
    day = (figures.EPOCH + timedelta(microseconds=window[0])).astimezone(zone).date() - DAY
    found, start = [], midnight(day, zone)
    while start < window[1]:
        end = midnight(day + DAY, zone)
        if end > window[0]:
            found.append((day.isoformat(), (max(start, window[0]), min(end, window[1]))))
        day, start = day + DAY, end
    return found


def midnight(day: Any, zone: ZoneInfo) -> int:
    """Return when a local day begins: where clocks leave 00:00 out, when they go on."""
    wall = datetime(day.year, day.month, day.day, tzinfo=zone)
    begin = wall.astimezone(timezone.utc)  # noqa: UP017 - Python 3.9
    at: int = (begin - figures.EPOCH) // timedelta(microseconds=1)
    if begin.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return at
    late = wall.replace(fold=1).astimezone(timezone.utc)  # noqa: UP017
    low, offset = (late - figures.EPOCH) // timedelta(microseconds=1), begin.astimezone(zone)
    while at - low > 1:
        middle = (low + at) // 2
        there = (figures.EPOCH + timedelta(microseconds=middle)).astimezone(zone)
        low, at = (low, middle) if there.utcoffset() == offset.utcoffset() else (middle, at)
    return at


def track_of(rows: Sequence[Said], begins: int, period: Window) -> "list[tuple[int, Known]]":
    """Return since when what was known of a check in a period; `rows` are in order."""
    hours = {leaf["hour"]: leaf for leaf in rows}  # of an hour, its last part counts
    track: list[tuple[int, Known]] = []
    for hour in range(period[0] // HOUR, -(-period[1] // HOUR)):
        spans: list[Any] = [[0, "unknown", UNSAID, False]]
        if hour in hours:
            verify.spans_of(hours[hour])  # it refuses what is none
            spans = hours[hour]["spans"] or [[0, "up", None, False]]
        for at, *known in spans:
            if not track or track[-1][1] != Known(*known):
                track.append((max(hour * HOUR + at, begins), Known(*known)))
    return track


def known_at(said: Mapping[Any, Any], terms: Said, corrections: Sequence[Said]) -> Known:
    """Return what is known of a service: of corrections those that are later, or of all of it."""
    checks = {check: said[check] for check in terms["checks"] if said[check]}
    whole = None
    for number, each in enumerate(corrections):
        if said["correction", number]:
            cause = "local" if each["status"] == "unknown" else None
            value = Known(each["status"], cause, bridged=False)
            if each["check"] is None:
                whole = value
            elif each["check"] in checks:  # else it took no part yet
                checks[each["check"]] = value
    if whole is not None:
        return whole
    status = verify.combined([each.status for each in checks.values()], terms["rule"])
    if status != "unknown":
        return Known(status, None, any(each.bridged for each in checks.values()))
    causes = (each.cause for each in checks.values() if each.status == "unknown")
    return Known(status, next(causes, "no_data"), bridged=False)


def pieces_of(grounds: Grounds, work: Sequence[Any]) -> "list[Piece]":
    """Return the time of a service in pieces, in order and without gaps."""
    terms, period = grounds.terms, grounds.period
    tracks: dict[Any, Any] = {
        check: track_of(grounds.rows[check], grounds.begins[check], period)
        for check in terms["checks"]
    }
    for number, each in enumerate(grounds.corrections):
        tracks["correction", number] = [(each["start"], "on"), (each["end"], "")]
    for number, one in enumerate(work):
        tracks["work", number] = [(one.start, "on"), (one.end, "")]
    hours = [period] if terms["hours"] is None else terms["hours"]
    tracks["hours",] = [change for start, end in hours for change in ((start, "on"), (end, ""))]
    tracks["day",] = [(start, number) for number, (start, _) in enumerate(grounds.days)]
    pieces, at = [], period[0]
    for length, said in figures.stretches(tracks, *period):
        corrected = known_at(said, terms, grounds.corrections)
        measured = known_at(said, terms, ()) if grounds.corrections else corrected
        is_planned = figures.is_planned(said, terms, work)
        is_open = bool(said["hours",])
        pieces.append(
            Piece(at, at + length, corrected, measured, is_planned, is_open, said["day",])
        )
        at += length
    return pieces


def tallied(pieces: Iterable[Piece], way: str) -> Tally:
    """Return what pieces come to, as corrected or as measured; runs of down are outages."""
    parts, causes, until = Counter[str](), Counter[str](), -1
    for piece in pieces:
        length, known = piece.end - piece.start, getattr(piece, way)
        name = "up" if known.status == "degraded" else known.status
        parts[f"{name}_in_maintenance" if piece.is_planned else name] += length
        if piece.is_planned:
            continue
        parts["degraded"] += length if known.status == "degraded" else 0
        parts["bridged"] += length if known.bridged else 0
        if known.status == "unknown":
            causes[known.cause or "no_data"] += length
        if known.status == "down":
            parts["outages"] += piece.start != until
            until = piece.end
    return Tally(parts, causes)


def told_of(tally: Tally, expected: int, received: int) -> Said:
    """Return what a report says of a day, or of the period, with these figures."""
    parts = tally.parts
    inside = sum(parts[name] for name in words.INSIDE)
    times = {name: parts[name] for name in (*words.PARTS, *words.INSIDE)}
    total = parts["up"] + parts["down"] + parts["unknown"] + inside
    return {
        **words.shares(parts),
        "microseconds": {**times, "maintenance": inside, "total": total},
        "outages": parts["outages"],
        "expected": expected,
        "received": received,
    }


def told_of_all(
    tally: Tally, slots: "tuple[int, int]", interval: int, causes: Mapping[str, int]
) -> Said:
    """Return what a report says of the period; `causes` are those that it gives."""
    parts, count = tally.parts, tally.parts["outages"]
    known, doubt = parts["up"] + parts["down"], count * interval
    low = words.ratio(max(parts["up"] - doubt, 0), known)
    high = words.ratio(min(parts["up"] + doubt, known), known)
    scaled = 6 * interval**2 * count
    between, repair = words.ratio(parts["up"], count), words.ratio(parts["down"], count)
    return {
        **told_of(tally, *slots),
        "resolution_low": words.exact(low),
        "resolution_high": words.exact(high),
        "resolution": words.resolution(low, high, parts),
        "unknown_by_cause": causes_of(tally, causes),
        "down_deviation": -(-(isqrt(scaled - 1) + 1) // 6) if scaled else 0,
        "interval": interval,
        "mtbf_seconds": words.exact(between and between / 1_000_000),
        "mtbf": words.mean(between, parts),
        "mttr_seconds": words.exact(None if repair is None else repair / 1_000_000),
        "mttr": words.mean(repair, parts),
    }


def causes_of(tally: Tally, told: Mapping[str, int]) -> Mapping[str, int]:
    """Return how long what was unknown why. Of hours without a row, the report may say why."""
    found = {cause: length for cause, length in tally.causes.items() if cause != UNSAID}
    more = {cause: length - found.get(cause, 0) for cause, length in told.items()}
    is_left = min(more.values(), default=0) >= 0 and sum(more.values()) == tally.causes[UNSAID]
    return told if tally.causes[UNSAID] and found.keys() <= told.keys() and is_left else found


def slots_in(check: Said, start: int, end: int) -> int:
    """Return how many slots a check has: its id says where in its interval they lie."""
    interval, digest = check["interval"], hashlib.sha256(check["id"].encode()).digest()
    phase = int.from_bytes(digest[:8], "big") % interval
    return -((phase - end) // interval) + (phase - start) // interval if start < end else 0


def expected_in(grounds: Grounds, window: Window) -> int:
    """Return how many slots all checks have in a window, from where each took part."""
    return sum(
        slots_in(check, max(window[0], grounds.begins[check["id"]]), window[1])
        for check in grounds.told["checks"]
    )


def seen_in(
    rows: Iterable[Said], blocks: Said, windows: Sequence[Window]
) -> "list[tuple[int, Counter[int]]]":
    """Return how many slots of a check have a sample in each of windows, which touch, and how long
    answers took. An hour counts where it begins; one that windows share, by its samples.
    """
    found = [(Counter[str](), Counter[int]()) for _ in windows]
    ends = [end for _, end in windows]

    def place(at: int) -> "int | None":
        return bisect_right(ends, at) if windows[0][0] <= at < ends[-1] else None

    for leaf in rows:
        began = leaf["hour"] * HOUR
        if not windows[0][0] - HOUR < began < ends[-1]:
            continue
        where = place(began)
        if leaf["hash"] in blocks and (where is None or ends[where] < began + HOUR):
            for at, attempt, took, status in samples_of(blocks[leaf["hash"]]):
                where = place(at)
                if where is not None:
                    found[where][0]["received"] += attempt == 0
                    is_answer = status in ("up", "degraded")
                    found[where][1].update([bisect_right(BINS, took)] if is_answer else [])
        elif where is not None:
            found[where][0]["received"] += leaf["received"]
            found[where][1].update(bins_of(leaf["latency"]))
    return [(counts["received"], latency) for counts, latency in found]


def samples_of(block: Said) -> "Iterator[tuple[int, int, int, str]]":
    """Yield the samples of a block: when, which attempt, how long it took, and its status."""
    for epoch in block["epochs"]:
        ats = [block["hour"] * HOUR + offset for offset in accumulate(epoch["at"])]
        columns = (
            epoch[name] if isinstance(epoch[name], list) else [epoch[name]] * len(ats)
            for name in ("attempt", "duration", "status")
        )
        yield from zip(ats, *columns)  # noqa: B905 - Python 3.9


def bins() -> "list[int]":
    """Return where each bin of `latency` begins, in microseconds."""
    found = [0, 1]
    while found[-1] < LONGEST:
        found.append(max(found[-1] + 1, found[-1] * 51 // 49))
    return found


BINS = bins()


def bins_of(latency: "str | None") -> "Counter[int]":
    """Return how many answers are in each bin, as `latency` says it."""
    numbers, value, shift = [], 0, 0
    for byte in bytes.fromhex(latency or ""):
        value, shift = value | (byte & 127) << shift, shift + 7
        if byte < 128:
            numbers.append(value)
            value = shift = 0
    found, told = Counter[int](), iter(numbers)
    number = next(told, 0)
    for count in told:
        found[number] += count
        number += 1 if count else next(told, 0)
    return found


def response(latency: "Counter[int]") -> "Said | None":
    """Return the quantiles of how long answers took, None where there was none."""
    latency = +latency
    if not latency:
        return None
    found = {}
    for name in words.QUANTILES:
        rank = -(-int(name[1:]) * sum(latency.values()) // 100)
        place = next(n for n, sofar in zip(sorted(latency), sums(latency)) if sofar >= rank)  # noqa: B905
        low, high = BINS[place - 1], (*BINS, BINS[-1] + 1)[place] - 1
        found[name] = round(Fraction(2 * low * high, low + high)) if low else 0
    return found


def sums(latency: "Counter[int]") -> Iterator[int]:
    """Yield how many answers are in the bins up to each, in order."""
    return accumulate(latency[number] for number in sorted(latency))
