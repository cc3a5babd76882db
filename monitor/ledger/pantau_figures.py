"""Compute availability anew without Pantau: this needs pantau_verify.py beside it, and Python 3.9.

    python3 pantau_figures.py --key VKEY entries.jsonl checkpoints --hours hours.jsonl
        --blocks blocks --terms terms.json [--period FROM/UNTIL]

First it verifies all that pantau_verify.py does, and exits as that does. Then it prints all figures
of `pantau availability`, of each service in terms.json and from the sealed hours alone: by its
hours of service and around the clock, with corrections and as measured.

Corrections, and planned work that comes once, are read in the entries, and terms.json must say
just the same. Work that recurs must be that of an entry too, but its days are taken as given, as
are the checks, the rule and the hours of a service. The period (2026-10-01T00:00+08:00/
2026-11-01T00:00+08:00) is that of terms.json, or a part of it.
"""

import argparse
import importlib.util
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

Said = dict[str, Any]
Period = tuple[int, int]
EPOCH = datetime.fromisoformat("1970-01-01T00:00+00:00")
HOUR = 3_600_000_000  # microseconds, as all times are
CORRECTION = ("id", "service", "check", "start", "end", "status", "at")
WORK = ("id", "added_at", "start", "end")
MEMBERS = {"service", "owner", "rule", "checks", "hours", "work", "corrections"}


def beside(name: str) -> Any:
    """Return the program of the same folder: an isolated Python looks there for nothing."""
    place = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if place is None or place.loader is None:
        raise OSError(f"{name}.py is not beside this file")
    found = importlib.util.module_from_spec(place)
    place.loader.exec_module(found)
    return found


verify = beside("pantau_verify")


class Refused(Exception):
    """What was given is not what it should be."""


class Work(NamedTuple):  # planned on these checks; `rule` gave its days, "" where it comes once
    checks: set[str]
    start: int
    end: int
    rule: str


class Acts(NamedTuple):  # what people did, by the entries
    corrections: list[Said]
    withdrawn: list[Said]
    windows: dict[tuple[str, int], Said]


def instant(text: str) -> int:
    """Return a moment that is written with its distance from UTC."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def terms_in(raw: bytes) -> Said:
    """Return the terms of a file. Raises Refused, or others, for what are none."""
    terms: Said = json.loads(raw)
    names = [service["service"] for service in terms["services"]]
    if terms.keys() != {"from", "until", "services"} or len(names) != len(set(names)):
        raise Refused("the terms: not from, until and services, each of them once")
    in_order([[terms["from"], terms["until"]]], "the terms: the period")
    for service in terms["services"]:
        name = service["service"]
        if service.keys() != MEMBERS or not re.fullmatch("all|any|[1-9][0-9]*", service["rule"]):
            raise Refused(f"the terms of {name}: a member is missing or too many, or no rule")
        if {type(labels) for labels in service["checks"].values()} - {dict}:
            raise Refused(f"the terms of {name}: each check has labels")
        in_order(service["hours"] or [], f"the terms of {name}: the hours")
        for work in service["work"]:
            in_order([[work["start"], work["end"]]], f"the terms of {name}: work {work['id']}")
    return terms


def in_order(windows: Sequence[Sequence[int]], what: str) -> None:
    """Raise Refused where windows are not [start, end) in order and apart."""
    edges = [at for start, end in windows for at in (start, end)]
    if {type(at) for at in edges} - {int} or edges != sorted(set(edges)):
        raise Refused(f"{what}: write [start, end) in order and apart, in whole microseconds")


def acts_in(entries: Iterable[bytes]) -> Acts:
    """Return the corrections that stand, those that do not, and all windows of work.

    What a backup lacked that was put back is gone: the database knows of it no more.
    """
    told = list(enumerate(map(json.loads, entries)))
    backups = [(each["size"], end) for end, each in told if each["type"] == "restored"]
    corrections: dict[str, Said] = {}
    withdrawn: list[Said] = []
    windows: dict[tuple[str, int], Said] = {}
    for number, entry in told:
        if any(size <= number < end for size, end in backups):
            continue
        if entry["type"] == "correction" and entry["withdrawn"]:
            made = corrections.pop(entry["id"], None)
            withdrawn += [{**made, "undone": entry}] if made is not None else []
        elif entry["type"] == "correction":
            corrections[entry["id"]] = entry
        elif entry["type"] == "maintenance":
            key = entry["id"], entry["added_at"]
            ended = None if entry["cancelled_by"] is None else entry["at"]
            first = windows.get(key, {"number": number})["number"]
            said = {"ended": ended, "number": first, "undone": entry}
            windows[key] = {**json.loads(entry["window"]), **said}
    return Acts(list(corrections.values()), withdrawn, windows)


def corrections_of(service: Said, acts: Acts, start: int, end: int) -> list[Said]:
    """Return the corrections of a service and its checks, in order. They must be as it says."""
    name, checks = service["service"], service["checks"]
    found = [
        each
        for each in acts.corrections
        if (each["service"] == name or each["check"] in checks)
        and each["start"] < end
        and each["end"] > start
    ]
    rows = [[each[member] for member in CORRECTION] for each in found]
    given = [[each[member] for member in CORRECTION] for each in service["corrections"]]
    for row in [*(row for row in given if row not in rows), *rows]:
        if row not in given or row not in rows:
            raise Refused(f"{name}: correction {row[0]}: terms and ledger do not agree")
    return found


def work_of(service: Said, acts: Acts, start: int, end: int, leaves: Iterable[Said]) -> list[Work]:
    """Return the work that was planned on a service before it began. It must be as it says."""
    name, checks = service["service"], service["checks"]
    given = {tuple(each[member] for member in WORK) for each in service["work"]}
    sealed: dict[int, int] = {}
    for leaf in leaves:
        sealed[leaf["hour"]] = min(leaf["entry"], sealed.get(leaf["hour"], leaf["entry"]))
    found: dict[tuple[Any, ...], Work] = {}
    for key, window in acts.windows.items():
        everywhere = name in window["services"] or service["owner"] in window["owners"]
        on = {each for each in checks if everywhere or has_labels(checks[each], window["labels"])}
        for since, until in occasions(window, [row[2:] for row in given if row[:2] == key]):
            if not (on and key[1] <= since < min(until, end) and until > start):
                continue  # not of this service, or not planned, or not then
            if window["number"] > sealed.get(since // HOUR, window["number"]):
                raise Refused(f"{name}: work {key[0]} was entered after its hour had been sealed")
            found[(*key, since, until)] = Work(on, since, until, window.get("rrule", ""))
    for row in found.keys() ^ given:
        raise Refused(f"{name}: planned work {row[0]}: terms and ledger do not agree")
    return list(found.values())


def has_labels(labels: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    """Say whether there are labels asked for, and all of them are there."""
    return bool(asked) and asked.items() <= labels.items()


def occasions(window: Said, given: Iterable[Sequence[int]]) -> Iterator[tuple[int, int]]:
    """Yield when a window was open until it was cancelled; of a rule, as it is given."""
    ends = () if "rrule" in window else (window["start"], window["end"])
    once = [tuple(map(instant, ends))] if ends else []
    for since, until in once or given:
        longest = window.get("duration_microseconds", until - since)
        ended = until if window["ended"] is None else window["ended"]
        yield since, min(until, ended, since + longest)


def track_of(
    check: str, leaves: Iterable[Said], blocks: Said, start: int, end: int
) -> list[tuple[int, str]]:
    """Return since when a check had which status in a period; without a leaf it is unknown."""
    rows = [leaf for leaf in leaves if leaf["check"] == check]
    rows.sort(key=lambda leaf: (leaf["hour"], leaf["part"]))
    hours = {leaf["hour"]: verify.spans_of(leaf) for leaf in rows}  # the last part counts
    first = verify.begins(rows, blocks, start, end)
    track: list[tuple[int, str]] = []
    for hour in range(start // HOUR, -(-end // HOUR)):
        track += hours.get(hour, [(hour * HOUR, "unknown")])
    return [(max(at, first), status) for at, status in track]


def stretches(
    tracks: Mapping[Any, Iterable[tuple[int, str]]], start: int, end: int
) -> Iterator[tuple[int, dict[Any, str]]]:
    """Yield the lengths of the parts of a period, each with what all tracks say throughout it."""
    said: dict[Any, str] = dict.fromkeys(tracks, "")
    since = start
    changes = [(at, key, value) for key, track in tracks.items() for at, value in track]
    for at, key, value in [*sorted(changes, key=lambda change: change[0]), (end, None, "")]:
        until = min(max(at, since), end)
        if since < until:
            yield until - since, said
        said[key], since = value, until


def status_in(said: Mapping[Any, str], service: Said, corrections: Iterable[Said]) -> str:
    """Return the status of a service: of corrections the later counts, and those of all of it."""
    checks, whole = {check: said[check] for check in service["checks"]}, ""
    for number, each in enumerate(corrections):
        if said[("correction", number)] and each["check"] is None:
            whole = each["status"]
        elif said[("correction", number)] and checks[each["check"]]:  # else it took no part yet
            checks[each["check"]] = each["status"]
    found: str = verify.combined(filter(None, checks.values()), service["rule"])
    return (whole or found).replace("degraded", "up")


def is_planned(said: Mapping[Any, str], service: Said, work: Iterable[Work]) -> bool:
    """Say whether there is work on every check at once."""
    going_on = [each.checks for number, each in enumerate(work) if said[("work", number)]]
    return bool(service["checks"]) and set(service["checks"]) <= set().union(*going_on)


def tallied(parts: Iterable[tuple[int, str]]) -> Counter[str]:
    """Return the time in each status, and how often an outage began; "" is nobody's time."""
    found, before = Counter[str](), ""
    for length, status in parts:
        found[status] += length
        found["outages"] += before != status == "down"
        before = status
    return found


def percent(share: Fraction, *, up: bool) -> str:
    """Return a share in percent with three decimals, rounded down or up."""
    thousandths = -(-share * 100_000 // 1) if up else share * 100_000 // 1
    return f"{thousandths // 1000}.{thousandths % 1000:03}%"


def shown(name: str, part: int, whole: int, down: int, unknown: int) -> str:
    """Return a share exactly and as people read it: nothing looks better than it was."""
    if not whole:
        return f"{name} none not measured"
    share = Fraction(part, whole)
    text = percent(share, up=name == "upper")
    if name in ("availability", "gross") and share == 1 and unknown:
        text = "no downtime measured"
    if name == "upper" and text == "100.000%":
        text = f"<{text}" if down else f"≤{text}" if unknown else text
    return f"{name} {share.numerator}/{share.denominator} {text}"


def figures(found: Counter[str]) -> Iterator[str]:
    """Yield the figures of a service, in words."""
    up, down, unknown = (found[name] for name in ("up", "down", "unknown"))
    up_m, down_m, unknown_m = (found[f"{name} in work"] for name in ("up", "down", "unknown"))
    seen, observable = up + up_m + down + down_m, up + down + unknown
    yield f"up {up}, down {down}, unknown {unknown} microseconds, {found['outages']} outages"
    yield f"in planned work: up {up_m}, down {down_m}, unknown {unknown_m} microseconds"
    yield shown("availability", up, up + down, down, unknown)
    yield shown("lower", up, observable, down, unknown)
    yield shown("upper", up + unknown, observable, down, unknown)
    yield shown("gross", up + up_m, seen, down, unknown + unknown_m)
    yield shown("coverage", up + down, observable, down, unknown)


def tallies(
    service: Said,
    tracks: dict[Any, Iterable[tuple[int, str]]],
    corrections: Sequence[Said],
    work: Sequence[Work],
    period: Period,
) -> dict[str, Counter[str]]:
    """Return what a service comes to in a period by each way; `tracks` are those of its checks."""
    for number, each in enumerate(corrections):
        tracks["correction", number] = [(each["start"], "on"), (each["end"], "")]
    for number, one in enumerate(work):
        tracks["work", number] = [(one.start, "on"), (one.end, "")]
    hours = [period] if service["hours"] is None else service["hours"]
    tracks["hours"] = [change for start, end in hours for change in ((start, "on"), (end, ""))]
    parts: dict[str, list[tuple[int, str]]] = {}
    for length, said in stretches(tracks, *period):
        suffix = " in work" if is_planned(said, service, work) else ""
        for way, made in (("corrected", corrections), ("as measured", ())):
            status = status_in(said, service, made) + suffix
            parts.setdefault(f"{way}, around the clock", []).append((length, status))
            inside = status if said["hours"] else ""
            parts.setdefault(f"{way}, in its hours", []).append((length, inside))
    return {way: tallied(each) for way, each in parts.items()}


def accounts(
    terms: Said,
    entries: Sequence[bytes],
    leaves: Sequence[Said],
    blocks: Said,
    period: Period,
) -> Iterator[str]:
    """Yield the figures of every service, and what they rest on, in words. Raises Refused."""
    acts, whole = acts_in(entries), (terms["from"], terms["until"])
    if not whole[0] <= period[0] < period[1] <= whole[1]:
        raise Refused("the period is not within that of the terms")
    newest = max((leaf["hour"] for leaf in leaves), default=0)
    if period[1] > (1 + newest) * HOUR or len({leaf["vantage"] for leaf in leaves}) != 1:
        raise Refused("not all of the period was sealed and signed, at one vantage")
    for service in terms["services"]:
        name = service["service"]
        corrections = corrections_of(service, acts, *whole)
        work = work_of(service, acts, *whole, leaves)
        yield f"{name}: {', '.join(service['checks'])}; rule {service['rule']}, taken as given"
        if service["hours"] is not None:
            yield f"{name}: its hours are taken as given"
        for rule in sorted({each.rule for each in work} - {""}):
            yield f"{name}: days of work taken as given: rule {rule}"
        unseen = set(service["checks"]) - {leaf["check"] for leaf in leaves}
        if unseen:
            yield f"{name}: NOT COMPUTED ANEW: no hour was sealed of {', '.join(sorted(unseen))}"
            continue
        tracks: dict[Any, Iterable[tuple[int, str]]] = {
            check: track_of(check, leaves, blocks, *period) for check in service["checks"]
        }
        for way, tally in tallies(service, tracks, corrections, work, period).items():
            is_same = ("hours" in way and service["hours"] is None) or (
                "measured" in way and not corrections
            )
            if not is_same:
                yield f"{name}, {way}"
                yield from (f"  {line}" for line in figures(tally))


def verdict(options: argparse.Namespace) -> Iterator[str]:
    """Yield what was verified and computed, in words. Raises Refused, OSError, and others."""
    raw = Path(options.entries).read_bytes()
    texts = [Path(path).read_bytes().decode() for path in options.checkpoints]
    count, signed = verify.verified(raw, texts, options.key)
    yield f"verified: {count} entries, {signed} of them signed"
    entries = verify.entries_in(raw)
    leaves, lost = verify.leaves_in(Path(options.hours).read_bytes(), entries, signed)
    blocks = verify.blocks_in(Path(options.blocks).read_bytes(), leaves) if options.blocks else {}
    yield f"verified: {len(leaves)} hours of checks, {len(blocks)} blocks of samples"
    if lost:
        yield f"{lost} hours of checks are lost: entries say that a backup was put back"
    terms = terms_in(Path(options.terms).read_bytes())
    if options.period:
        start, end = map(instant, options.period.split("/"))
    else:
        start, end = terms["from"], terms["until"]
    sealed = [leaf for leaf in leaves if leaf["signed"]]
    if any(json.loads(each)["type"] in ("correction", "maintenance") for each in entries[signed:]):
        yield f"NOT SIGNED YET: corrections or work in the entries from {signed} on"
    yield from accounts(terms, entries, sealed, blocks, (start, end))


def main(arguments: Sequence[str]) -> int:
    """Verify and compute what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--key", required=True, help="the public key: NAME+HASH+KEY")
    parser.add_argument("--hours", required=True, help="file of what was sealed")
    parser.add_argument("--blocks", help="file of the samples, one block a line, in base64")
    parser.add_argument("--terms", required=True, help="file of what figures go by")
    parser.add_argument("--period", metavar="FROM/UNTIL", help="a part of the terms' period")
    parser.add_argument("entries", help="file of the entries, one a line")
    parser.add_argument("checkpoints", nargs="+", help="files of checkpoints")
    options = parser.parse_args(arguments)
    try:
        sys.stdout.write("".join(f"{line}\n" for line in list(verdict(options))))
    except Exception as error:
        is_unread = isinstance(error, (OSError, UnicodeDecodeError))
        sys.stderr.write(f"{('NOT VERIFIED', 'not readable')[is_unread]}: {error}\n")
        return 2 if is_unread else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
