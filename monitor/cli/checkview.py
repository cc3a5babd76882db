"""One observation for a person: what happened, where the time went, what the target presented."""

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from monitor.cli.dnsview import authority_rows, dnssec_rows
from monitor.cli.output import cells, coloured, cut
from monitor.cli.waterfall import NAME_WIDTH, duration_text, steps_waterfall, waterfall
from monitor.cli.words import CAUSES, COLOURS, GLYPHS, KINDS
from monitor.domain.check import Check
from monitor.domain.observation import Observation, UnknownCause
from monitor.domain.status import Status
from monitor.domain.text import visible_text
from monitor.locales import Language
from monitor.locales.messages_advice import CAUSES as ADVICE
from monitor.locales.messages_advice import FAILURES

Row = tuple[str, str]
"""A name and its text; an empty name continues the row above."""

_LONGEST_LABEL = 40
_SHOWN_ALONE = frozenset(
    {
        *("address", "addresses", "phases", "failure", "last_modified"),
        *("answers", "servers", "certificate", "certificates", "chain", "ocsp"),
        *("dnssec", "authorities", "steps", "passive"),
    }
)
_LABELS = {
    "status": "HTTP status",
    "http_version": "HTTP version",
    "body_bytes": "body",
    "tls": "TLS",
    "insecure": "verified",
    "final_url": "arrived at",
    "banner": "greeting",
    "chain_oddities": "chain faults",
    "also_accepts": "accepts too",
    "caa": "CAA",
    "offers_in_the_clear": "before TLS",
    "naming_contexts": "contexts",
    "ldap_versions": "versions",
    "rtt_milliseconds": "rtt in ms",
    "offset_milliseconds": "offset in ms",
    "delay_milliseconds": "delay in ms",
}
_SHOWN: Mapping[str, Callable[[Any], str]] = {
    "tls": lambda tls: f"{tls['version']}, {tls['cipher']}",
    "body_bytes": lambda size: f"{size:,} bytes",
    "insecure": lambda insecure: "NO, by configuration (insecure)" if insecure else "yes",
}


def view(check: Check, observation: Observation, zone: tzinfo, width: int) -> str:
    """Return the whole view, at most `width` columns wide where words can be broken.

    Every text that a target wrote is made visible first: it may hold what steers a terminal.
    """
    facts = observation.outcome.facts
    blocks = [
        "\n".join(_head(check, observation, zone, width)),
        "\n".join(steps_waterfall(facts.get("steps", ()), width)),
        "\n".join(waterfall(facts.get("phases", {}), width)),
        "\n".join(_laid_out(rows(facts, observation.started_at, zone), width)),
    ]
    return "\n\n".join(block for block in blocks if block)


def line(observation: Observation, zone: tzinfo) -> str:
    """Return what was seen on one line: time, status, duration, and what is the matter."""
    sample, at = observation.sample, observation.started_at.astimezone(zone)
    word = coloured(f"{GLYPHS[sample]} {sample.upper()}", COLOURS[sample])
    failure = observation.outcome.failure
    told = f"  {visible_text(failure.detail)}" if failure else ""
    return f"{at:%H:%M:%S}  {word}  {_took(observation)}{told}"


def _head(check: Check, observation: Observation, zone: tzinfo, width: int) -> Iterator[str]:
    sample = observation.sample
    word = coloured(f"{GLYPHS[sample]} {sample.upper()}", COLOURS[sample])
    at = observation.started_at.astimezone(zone)
    yield f"{word}  {visible_text(check.name or check.id)}"
    if check.target != (check.name or check.id):
        yield f"  {visible_text(check.target)}"
    yield f"  {_took(observation)}, at {at:%Y-%m-%d %H:%M:%S} {at:%Z}"
    for line in matter(observation):
        yield from textwrap.wrap(line, width, initial_indent="  ", subsequent_indent="    ")


def matter(observation: Observation) -> Iterator[str]:
    """Yield what is the matter, in plain words and with the actual value."""
    outcome = observation.outcome
    if "passive" in outcome.facts:
        yield "This check waits to be told, and asks nobody."
        yield "First step: See what it was told last with `pantau status`."
        return
    if outcome.cause is not None:
        yield f"Nothing is known of the target: {CAUSES[outcome.cause]}."
        if outcome.cause is not UnknownCause.NO_DATA:  # whose first step is to look here
            yield f"First step: {ADVICE[Language.EN][outcome.cause]}"
    if outcome.failure is not None:
        if outcome.cause is not UnknownCause.NO_DATA:  # without data its kind is a formality
            words = KINDS[outcome.failure.kind]
            yield f"{words[0].upper()}{words[1:]} ({outcome.failure.kind})."
        yield visible_text(outcome.failure.detail)
        if outcome.cause is None:
            yield f"First step: {FAILURES[Language.EN][outcome.failure.kind]}"


def rows(facts: Mapping[str, Any], now: datetime, zone: tzinfo) -> Iterator[Row]:
    """Yield what was seen, as names and texts in the order in which a person asks for it."""
    if "address" in facts:
        yield "address", str(facts["address"])
    for name, value in facts.items():
        if name not in _SHOWN_ALONE and value not in (None, False, [], {}):
            yield _LABELS.get(name, name.replace("_", " ")), _SHOWN.get(name, _text)(value)
    if "last_modified" in facts:
        yield "modified", _moment(facts["last_modified"], zone)
    yield from _address_rows(facts.get("addresses") or ())
    yield from _answer_rows(facts.get("answers") or ())
    yield from _server_rows(facts.get("servers") or ())
    if dnssec := facts.get("dnssec"):
        yield from dnssec_rows(dnssec, lambda seconds: _date(seconds, zone))
    if authorities := facts.get("authorities"):
        yield from authority_rows(authorities)
    if certificate := facts.get("certificate"):
        yield from _certificate_rows(certificate, now, zone)
    yield from _chain_rows(facts.get("chain") or (), zone)
    yield from _several_rows(facts.get("certificates") or (), zone)
    if ocsp := facts.get("ocsp"):
        yield "revocation", _standing(ocsp, zone)


def _text(value: Any) -> str:
    """Return a fact of unknown shape as words."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Mapping():
            words = ((str(key).replace("_", " "), one) for key, one in value.items())
            return ", ".join(f"{key} {_text(one)}" for key, one in words if one is not None)
        case list() | tuple():
            return ", ".join(map(_text, value))
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _address_rows(addresses: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Yield a row for each address of a name: how it fared, and what was wrong with it."""
    for number, one in enumerate(addresses):
        mark = GLYPHS[Status.UP if one["status"] == "ok" else Status.DOWN]
        said = f"  {one['detail']}" if "detail" in one else ""
        yield ("" if number else "addresses"), f"{mark} {one['address']}{said}"


def _answer_rows(answers: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    for number, answer in enumerate(answers):
        yield ("" if number else "answers"), f"{answer['value']}  (TTL {answer['ttl_seconds']} s)"


def _server_rows(servers: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Yield a row for each of several name servers: what it said, and what was wrong with it."""
    for number, server in enumerate(servers):
        answers = ", ".join(answer["value"] for answer in server.get("answers", ()))
        said = server["failure"] or f"{server.get('rcode', 'no reply')}: {answers or 'no answers'}"
        mark = GLYPHS[Status.DOWN if server["failure"] else Status.UP]
        yield ("" if number else "servers"), f"{mark} {server['server']}  {said}"


def _certificate_rows(certificate: Mapping[str, Any], now: datetime, zone: tzinfo) -> Iterator[Row]:
    names = [*certificate.get("names", ()), *certificate.get("addresses", ())]
    if more := certificate.get("more_names"):
        names.append(f"and {more} more")
    yield "certificate", certificate["subject"]
    yield "  issuer", certificate["issuer"]
    yield "  names", ", ".join(names) or "none"
    yield "  valid", validity(certificate["not_before"], certificate["not_after"], now, zone)
    yield "  key", f"{certificate['key_type']} {certificate['key_bits']} bits"
    yield "  signature", certificate["signature"]
    yield "  serial", certificate["serial"]
    yield "  SHA-256", certificate["fingerprint"]
    if certificate.get("must_staple"):
        yield "  demands", "a stapled OCSP response"


def _several_rows(certificates: Iterable[Mapping[str, Any]], zone: tzinfo) -> Iterator[Row]:
    """Yield a row for each address of a name, where they show different certificates."""
    for number, one in enumerate(certificates):
        text = (
            f"{one['address']}  {one['fingerprint'][:16]}…, until {_date(one['not_after'], zone)}"
        )
        yield ("" if number else "they differ"), text


def _standing(ocsp: Mapping[str, Any], zone: tzinfo) -> str:
    """Return what the authority says of the certificate, and since and until when it does."""
    times = {"on": "revoked_at", "as of": "since", "until": "until"}
    told = [f"{word} {_moment(ocsp[key], zone)}" for word, key in times.items() if ocsp.get(key)]
    return ", ".join([ocsp["status"], *filter(None, [ocsp.get("detail")]), *told])


def _chain_rows(chain: Sequence[Mapping[str, Any]], zone: tzinfo) -> Iterator[Row]:
    for number, one in enumerate(chain):
        text = f"{number + 1}. {one['subject']}, until {_date(one['not_after'], zone)}"
        yield ("" if number else "chain"), text


def validity(not_before: float, not_after: float, now: datetime, zone: tzinfo) -> str:
    """Return "2026-01-01 to 2026-04-01 (88 days left)"; times are Unix seconds."""
    left = timedelta(seconds=not_after - now.timestamp())
    if left < timedelta(0):
        said = f"expired {_days(-left)} ago"
    elif now.timestamp() < not_before:
        said = f"not valid for another {_days(timedelta(seconds=not_before - now.timestamp()))}"
    else:
        said = f"{_days(left)} left"
    return f"{_date(not_before, zone)} to {_date(not_after, zone)} ({said})"


def _days(length: timedelta) -> str:
    if length < timedelta(days=2):
        hours = int(length.total_seconds() // 3600)
        return "1 hour" if hours == 1 else f"{hours} hours"
    return f"{length.days} days"


def _moment(seconds: float, zone: tzinfo) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC).astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
    except (ValueError, OverflowError, OSError):
        return "no time that there is"


def _date(seconds: float, zone: tzinfo) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC).astimezone(zone):%Y-%m-%d}"
    except (ValueError, OverflowError):
        return "the end of time"


def _took(observation: Observation) -> str:
    return duration_text(observation.duration.total_seconds())


def _laid_out(shown: Iterable[Row], width: int) -> Iterator[str]:
    for name, text in shown:
        label = f"  {cut(visible_text(name), _LONGEST_LABEL)} "
        label += " " * (NAME_WIDTH - cells(label))
        yield from textwrap.wrap(
            visible_text(text, 8192) or "–",
            width,
            initial_indent=label,
            subsequent_indent=" " * NAME_WIDTH,
            break_on_hyphens=False,
        )
