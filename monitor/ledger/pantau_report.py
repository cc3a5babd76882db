"""Hold a report against the ledger: every figure of laporan.json must follow from signed hours.

It needs pantau_recount.py, and what that needs, beside it, and Python 3.9. pantau_bundle.py gives
it what it has verified: the entries, the sealed hours and the samples.

Taken as given are the checks of a service, their intervals, its rule and target, the days of its
hours of service, and the days of planned work that recurs. Incidents, and what people wrote, are
no figures: of corrections and planned work it looks whether the entries say the same.
"""

import importlib.util
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Said = dict[str, Any]
Window = tuple[int, int]
HOUR = 3_600_000_000  # microseconds, as all times are
DAY = timedelta(days=1)
LEFT = "NOT COMPUTED ANEW"
MINIMUM_COVERAGE = Fraction(95, 100)
GIVEN = ("name", "owner", "criticality", "rule", "checks", "corrections", "maintenance")


def beside(name: str) -> Any:
    """Return the program of the same folder: an isolated Python looks there for nothing."""
    place = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if place is None or place.loader is None:
        raise OSError(f"{name}.py is not beside this file")
    found = importlib.util.module_from_spec(place)
    place.loader.exec_module(found)
    return found


recount = beside("pantau_recount")
figures, words, verify = recount.figures, recount.words, recount.verify
EPOCH: datetime = figures.EPOCH


class Refused(Exception):
    """What was given is not what it should be."""


class Ledger(NamedTuple):  # what was verified of it; `rows` are the leaves of each check in order
    acts: Any
    rows: Mapping[str, Sequence[Said]]
    sealed: Sequence[Said]
    blocks: Said


class Days(NamedTuple):  # the local days of a period by their dates, and what of each was over
    dates: Sequence[str]
    windows: Sequence[Window]
    known: Window


def read(raw: bytes, name: str) -> Said:
    """Return what a JSON file says. Raises Refused where a member is there twice."""

    def members(pairs: "list[tuple[str, Any]]") -> Said:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise Refused(f"{name}: a member is there twice, of {sorted(found)}")
        return found

    found = json.loads(raw, object_pairs_hook=members)
    if not isinstance(found, dict):
        raise Refused(f"{name}: not an object")
    return found


def moment(text: str) -> int:
    """Return a moment that is written in UTC: 2026-10-01T00:00:00Z."""
    found: int = figures.instant(re.sub("Z$", "+00:00", text))  # Python before 3.11 reads no Z
    return found


def written(at: int) -> str:
    """Return a moment as it is written in a report."""
    found = EPOCH + timedelta(microseconds=at)
    return str(found.isoformat().replace("+00:00", "Z"))


def days_of(period: Said) -> Days:
    """Return the days of a period. Raises Refused where it is none, or is not of whole days."""
    zone = ZoneInfo(period["zone"])
    first, last = (date.fromisoformat(period[each]) for each in ("first_day", "last_day"))
    start, end, known = (moment(period[each]) for each in ("start", "end", "known"))
    if (start, end) != (
        recount.midnight(first, zone),
        recount.midnight(last + DAY, zone),
    ) or not first <= last:
        raise Refused("laporan.json: the period does not begin and end with its days")
    if not start < known <= end:
        raise Refused("laporan.json: the period was not known up to a moment in it")
    dates = [day for day, _ in recount.local_days((start, end), zone)]
    return Days(
        dates, [window for _, window in recount.local_days((start, known), zone)], (start, known)
    )


def ledger_of(entries: Sequence[bytes], leaves: Sequence[Said], blocks: Said) -> Ledger:
    """Return what figures follow from, of what was signed."""
    rows: dict[str, list[Said]] = {}
    sealed: dict[int, Said] = {}
    for leaf in sorted(leaves, key=lambda leaf: (leaf["hour"], leaf["part"], leaf["entry"])):
        rows.setdefault(leaf["check"], []).append(leaf)
        if leaf["hour"] not in sealed or leaf["entry"] < sealed[leaf["hour"]]["entry"]:
            sealed[leaf["hour"]] = leaf
    return Ledger(figures.acts_in(entries), rows, list(sealed.values()), blocks)


def held(report: Said, terms: Said, ledger: Ledger) -> Iterator[str]:
    """Yield what was computed anew, in words. Raises Refused for a figure that is another."""
    edges = [moment(report["period"][edge]) for edge in ("start", "known")]
    names = [service["service"] for service in report["services"]]
    same([terms["from"], terms["until"]], edges, "terms.json: the period", "laporan.json")
    told = [service["service"] for service in terms["services"]]
    same(told, names, "terms.json: the services", "laporan.json")
    try:
        days = days_of(report["period"])
    except ZoneInfoNotFoundError:
        yield f"{LEFT}: this Python does not know the zone {report['period']['zone']}"
        return
    newest = max((leaf["hour"] for leaf in ledger.sealed), default=-1)
    if days.known[1] > (1 + newest) * HOUR:
        yield f"{LEFT}: not all of the period was sealed and signed"
        return
    yield from held_services(report, terms["services"], days, ledger)


def held_services(report: Said, terms: Any, days: Days, ledger: Ledger) -> Iterator[str]:
    """Yield what was computed anew of each service, and of all together. Raises Refused."""
    promised, count = [], 2
    for told, term in zip(report["services"], terms):  # noqa: B905 - Python 3.9
        try:
            made, given = service_of(told, term, days, ledger)
        except verify.Refused as error:
            yield f"{LEFT}: {told['service']}: {error}"
            continue
        same(told, {"service": told["service"], **made}, f"laporan.json: {told['service']}")
        promised.append(made["figures"]["in_hours"] or made["figures"]["around_the_clock"])
        here = leaf_count({name: made[name] for name in made if name not in GIVEN})
        count += here
        yield f"computed anew: {told['service']}: {here} figures and texts"
        yield f"  taken as given: {given}"
    if len(promised) == len(report["services"]):
        same(report["group"], group_of(promised), "laporan.json: group")
        yield f"computed anew: {count} figures and texts, with those of all services together"


def service_of(told: Said, term: Said, days: Days, ledger: Ledger) -> "tuple[Said, str]":
    """Return what a report should say of a service, and what that takes as given.

    Raises verify.Refused where it can't be computed yet, Refused where the entries say otherwise.
    """
    name = told["service"]
    same(list(term["checks"]), [check["id"] for check in told["checks"]], f"{name}: the checks")
    same([term["rule"], term["owner"]], [told["rule"], told["owner"]], f"{name}: rule and owner")
    corrections = figures.corrections_of(term, ledger.acts, *days.known)
    work = figures.work_of(term, ledger.acts, *days.known, ledger.sealed)
    same_corrections(told, ledger.acts, days.known)
    same_work(told, term, ledger.acts, days.known)
    unseen = [check for check in term["checks"] if check not in ledger.rows]
    if unseen:
        raise verify.Refused(f"no hour was sealed of {', '.join(unseen)}")
    rows = {check: ledger.rows[check] for check in term["checks"]}
    begins = {
        check: verify.begins(each, ledger.blocks, *days.known) for check, each in rows.items()
    }
    grounds = recount.Grounds(
        told, term, rows, begins, ledger.blocks, days.windows, days.known, corrections
    )
    pieces = recount.pieces_of(grounds, work)
    return made_of(grounds, days, pieces), given_of(told, term, work)


def made_of(grounds: Any, days: Days, pieces: Sequence[Any]) -> Said:
    """Return what a report should say of a service; what is no figure, as it says it."""
    told, hours = grounds.told, grounds.terms["hours"]
    whole, parts = seen_of(grounds, [days.known])[0], seen_of(grounds, days.windows)
    began = min(grounds.begins.values(), default=days.known[1])
    corrected = both_of(grounds, pieces, "corrected", whole[0], told["figures"])
    measured = None
    if grounds.corrections:
        measured = both_of(grounds, pieces, "measured", whole[0], told["as_measured"] or {})
    return {
        **{name: told[name] for name in GIVEN},
        "began": written(began) if began > days.known[0] else None,
        "target": target_of(told["target"], corrected["in_hours"] or corrected["around_the_clock"]),
        "figures": corrected,
        "as_measured": measured,
        "response": recount.response(whole[1]),
        "carved": carved_of(told["carved"], pieces),
        "open_hours": [{"start": written(a), "end": written(b)} for a, b in hours or ()],
        "days": days_told(grounds, days, pieces, parts),
    }


def seen_of(grounds: Any, windows: Sequence[Window]) -> "list[tuple[int, Counter[int]]]":
    """Return in how many slots all checks have a sample in each window, and how long they took."""
    each = [recount.seen_in(rows, grounds.blocks, windows) for rows in grounds.rows.values()]
    return [
        (sum(one[n][0] for one in each), sum((one[n][1] for one in each), Counter[int]()))
        for n in range(len(windows))
    ]


def both_of(grounds: Any, pieces: Sequence[Any], way: str, received: int, told: Said) -> Said:
    """Return the figures of the period around the clock, and by the hours of service if any."""
    slots = recount.expected_in(grounds, grounds.period), received
    interval = max((check["interval"] for check in grounds.told["checks"]), default=0)

    def over(some: Any, hours: str) -> Any:
        causes = (told.get(hours) or {}).get("unknown_by_cause", {})
        return recount.told_of_all(recount.tallied(some, way), slots, interval, causes)

    inside = [piece for piece in pieces if piece.is_open]
    has_hours = grounds.terms["hours"] is not None
    return {
        "around_the_clock": over(pieces, "around_the_clock"),
        "in_hours": over(inside, "in_hours") if has_hours else None,
    }


def days_told(grounds: Any, days: Days, pieces: Sequence[Any], seen: Any) -> "list[Said]":
    """Return what a report should say of each day; nothing of days that were not over."""
    of_days: list[list[Any]] = [[] for _ in days.dates]
    for piece in pieces:
        of_days[piece.day].append(piece)
    found: list[Said] = []
    for number, day in enumerate(days.dates):
        said: Said = {"date": day, "around_the_clock": None, "in_hours": None, "response": None}
        if number < len(days.windows):
            received, latency = seen[number]
            slots = recount.expected_in(grounds, days.windows[number]), received
            inside = [piece for piece in of_days[number] if piece.is_open]
            has_hours = grounds.terms["hours"] is not None
            always, opened = (recount.tallied(e, "corrected") for e in (of_days[number], inside))
            said["around_the_clock"] = recount.told_of(always, *slots)
            said["in_hours"] = recount.told_of(opened, *slots) if has_hours else None
            said["response"] = recount.response(latency)
        found.append(said)
    return found


def target_of(told: Any, made: Said) -> Any:
    """Return what should be said of a target, from the figures of the promised hours."""
    if told is None:
        return None
    target = Fraction(told["exact"])
    lower, upper, coverage = (made[name]["exact"] for name in ("lower", "upper", "coverage"))
    verdict = "inconclusive"
    if coverage is not None and Fraction(coverage) >= MINIMUM_COVERAGE:
        is_missed = Fraction(upper) < target
        verdict = "met" if Fraction(lower) >= target else "missed" if is_missed else verdict
    texts = {**words.target(target), "verdict_text": words.VERDICTS[verdict]}
    return {**told, **texts, "exact": words.exact(target), "verdict": verdict}


def carved_of(told: Sequence[Said], pieces: Sequence[Any]) -> Any:
    """Return what planned work took out of the period; windows that touch may be told as one."""
    made = joined((piece.start, piece.end) for piece in pieces if piece.is_planned)
    if joined((moment(each["start"]), moment(each["end"])) for each in told) == made:
        return told
    return [{"start": written(start), "end": written(end)} for start, end in made]


def joined(windows: Any) -> "list[Window]":
    """Return windows that are in order with those that touch made one."""
    found: list[Window] = []
    for start, end in windows:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def group_of(promised: Sequence[Said]) -> Said:
    """Return what should be said of all services: the lowest, and as if they were one."""
    times = [each["microseconds"] for each in promised]
    total: Counter[str] = sum((Counter(each) for each in times), Counter())
    known = [each for each in times if each["up"] + each["down"]]

    def rank(one: Said) -> "tuple[Fraction, int]":
        return Fraction(one["up"], one["up"] + one["down"]), -one["unknown"]

    lowest = min(known, key=rank, default=total)
    found = {"lowest": lowest, "mean_by_time": total}
    return {name: words.shares(each)["availability"] for name, each in found.items()}


def same_corrections(told: Said, acts: Any, known: Window) -> None:
    """Raise Refused where a report does not tell of corrections what the entries say of them."""
    about = {None, told["service"]}, {None, *(check["id"] for check in told["checks"])}
    standing = {each["id"]: each for each in acts.corrections}
    entered = {
        each["id"]: each
        for each in (*acts.corrections, *acts.withdrawn)
        if each["service"] in about[0] and each["check"] in about[1]
        if each["start"] < known[1] and each["end"] > known[0]
    }
    for row in told["corrections"]:
        entry, name = entered.pop(row["id"], None), f"correction {row['id']}"
        if entry is None or (row["withdrawn"] is None) != (row["id"] in standing):
            raise Refused(f"{told['service']}: {name}: laporan.json and the entries do not agree")
        said = {**row, **{each: moment(row[each]) for each in ("start", "end", "at")}}
        for member in (*figures.CORRECTION, "by", "reason", "evidence"):
            same_text(said[member], entry[member], f"{told['service']}: {name}: {member}")
        same_act(row["withdrawn"], entry, ("by", "reason"), f"{told['service']}: {name}")
    for left in entered:
        raise Refused(f"{told['service']}: correction {left} is not told")


def same_work(told: Said, term: Said, acts: Any, known: Window) -> None:
    """Raise Refused where a report does not tell of planned work what the entries say of it."""
    counted = []
    for row in told["maintenance"]:
        name = f"{told['service']}: planned work {row['id']}"
        added, ends = moment(row["added_at"]), (row["start"], row["end"])
        entry = acts.windows.get((row["id"], added))
        if entry is None or (row["cancelled"] is None) != (entry["ended"] is None):
            raise Refused(f"{name}: laporan.json and the entries do not agree")
        for member in ("reason", "approved_by"):
            same_text(row[member], entry[member], f"{name}: {member}")
        same_act(row["cancelled"], entry, ("cancelled_by", "cancel_reason"), name)
        if "rrule" not in entry:
            entered = [figures.instant(entry[edge]) for edge in ("start", "end")]
            same([moment(each) for each in ends], entered, name, "the entries")
        same(row["after_the_fact"], added > moment(row["start"]), f"{name}: after the fact")
        if row["counted"] is not None:
            start, end = (moment(row["counted"][edge]) for edge in ("start", "end"))
            counted += [(row["id"], added, start, end)] if end > known[0] else []
    given = [tuple(each[member] for member in figures.WORK) for each in term["work"]]
    if sorted(given) != sorted(counted):
        raise Refused(f"{told['service']}: planned work is not what terms.json says")


def given_of(told: Said, term: Said, work: Sequence[Any]) -> str:
    """Return what is taken as given of a service, in words."""
    checks = ", ".join(f"{e['id']} every {e['interval'] / 1_000_000:g} s" for e in told["checks"])
    rules = sorted({each.rule for each in work} - {""})
    return "; ".join(
        [
            f"{checks or 'no check'}; rule {term['rule']}",
            *([f"target {told['target']['exact']}"] if told["target"] else []),
            *(["its hours of service"] if term["hours"] is not None else []),
            *(f"days of work by rule {rule}" for rule in rules),
        ]
    )


def same_act(told: Any, entry: Said, members: "tuple[str, str]", where: str) -> None:
    """Raise Refused where what was undone was so at another time, by another or for a reason."""
    if told is not None:
        same(moment(told["at"]), entry["undone"]["at"], f"{where}: undone at", "the entries")
        for name, member in zip(("by", "reason"), members):  # noqa: B905 - Python 3.9
            same_text(told[name], entry["undone"][member], f"{where}: undone: {name}")


def same_text(told: Any, entry: Any, where: str) -> None:
    """Raise Refused for another text. Entries cut long ones, and show signs that can't be seen."""
    if isinstance(entry, str) and isinstance(told, str):
        pattern = re.sub("…$", ".*", re.escape(entry)).replace("\ufffd", ".")
        is_same = re.fullmatch(pattern, re.sub(r"[\t\n\r]", " ", told), re.DOTALL)
        if is_same or told.split() == entry.split():
            return
    same(told, entry, where, "the entries")


def same(told: Any, made: Any, where: str, source: str = "the sealed hours") -> None:
    """Raise Refused for the first thing that is said otherwise, and name its place."""
    if isinstance(told, dict) and isinstance(made, dict):
        for name in [*made, *told]:
            if name not in told or name not in made:
                raise Refused(f"{where} {name}: it is missing, or does not belong there")
            same(told[name], made[name], f"{where} {name}", source)
    elif isinstance(told, list) and isinstance(made, list) and len(told) == len(made):
        for number, pair in enumerate(zip(told, made)):  # noqa: B905 - Python 3.9
            place = pair[1].get("date", number) if isinstance(pair[1], dict) else number
            same(*pair, f"{where} {place}", source)
    elif type(told) is not type(made) or told != made:
        raise Refused(f"{where}: {told!r}, but {source} come to {made!r}")


def leaf_count(made: Any) -> int:
    """Return how many values there are in what was made."""
    if isinstance(made, (dict, list)):
        return sum(map(leaf_count, made.values() if isinstance(made, dict) else made))
    return int(made is not None)
