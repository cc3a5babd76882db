"""What a dns check saw of signatures and of a zone's name servers, for a person."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from monitor.cli.words import GLYPHS
from monitor.domain.status import Status

Row = tuple[str, str]


def dnssec_rows(found: Mapping[str, Any], date: Callable[[float], str]) -> Iterator[Row]:
    """Yield what validation came to, and by which zones; `date` writes Unix seconds."""
    ends = found["signatures_end"]
    until = f", signatures until {date(ends)}" if ends is not None else ""
    yield "DNSSEC", f"{found['security']}{until}"
    if found["reason"]:
        yield "", found["reason"]
    if found["zones"]:
        yield "  chain", " > ".join(found["zones"])


def authority_rows(found: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the zone and each of its name servers, with what it said or why it is lame."""
    yield "zone", found["zone"]
    for number, server in enumerate(found["servers"]):
        mark = GLYPHS[Status.DOWN if server["lame"] else Status.UP]
        place = " ".join(filter(None, (server["name"], server["address"])))
        yield ("" if number else "name servers"), f"{mark} {place}  {_said(server)}"
    if found.get("delegated", found.get("listed")) != found.get("listed"):
        yield "zone above", f"names {', '.join(found['delegated'])}"


def _said(server: Mapping[str, Any]) -> str:
    if server["lame"]:
        return str(server["lame"])
    answers = ", ".join(server["answers"]) or "no answers"
    return f"{server['rcode']}: {answers} (serial {server['serial']})"
