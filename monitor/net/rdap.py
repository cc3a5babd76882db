"""What a registry says of a domain: one question over RDAP (RFC 9082), and its answer (RFC 9083).

Whoever answers may send anything, so everything is bounded, and what does not have the form of a
domain's answer is unusable; nothing is guessed.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from monitor.domain.hostname import parse_host
from monitor.domain.text import visible_text
from monitor.net.fetch import HTTP_TLS, Request, make_request
from monitor.net.proxy import Proxy
from monitor.net.redirects import RedirectRules
from monitor.net.resolver import Family
from monitor.net.response import Response
from monitor.net.tls import TlsSettings
from monitor.net.urls import parse_target

LARGEST_ANSWER = 262_144
MOST_SERVERS = 33
_MOST_ENTRIES = 100  # of any list that is looked at
_MOST_STATUSES = 40
_STATUS_BYTES = 64
_NAME_BYTES = 200
_FIRST_YEAR, _LAST_YEAR = 1980, 2200
_REDIRECTS = RedirectRules(most=5, keep_fields=True)
_FIELDS = (("Accept", "application/rdap+json"),)
_SAME_STATUS = {"ok": "active", "linked": "associated"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a registry says of a domain. Times are Unix seconds; None is what it does not say.

    `expires` holds the date of expiry; of several, the earliest and the latest. `statuses` are in
    RDAP's words (`client hold`), `name_servers` names in their one form, in order.
    """

    expires: tuple[float, ...] = ()
    registered: float | None = None
    changed: float | None = None
    statuses: tuple[str, ...] | None = None
    name_servers: tuple[str, ...] | None = None
    registrar: str | None = None
    signed: bool | None = None


class Reading(StrEnum):
    """What an answer is good for. BUSY: we are to ask later. UNUSABLE: nothing can be told."""

    KNOWN = "known"
    ABSENT = "absent"
    BUSY = "busy"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as read. `registration` is there when it is KNOWN, `detail` says why it is not.

    `retry_seconds` is for how long a busy server asks to be left alone, None where it doesn't say.
    """

    reading: Reading
    registration: Registration | None = None
    detail: str = ""
    retry_seconds: float | None = None


def question(
    server: str,
    name: str,
    *,
    tls: TlsSettings = HTTP_TLS,
    family: Family = Family.ANY,
    proxy: Proxy | None = None,
) -> Request:
    """Return the request for a domain (ASCII) to the server with that base URL."""
    return make_request(
        parse_target(f"{server.rstrip('/')}/domain/{name}"),
        fields=_FIELDS,
        tls=tls,
        family=family,
        proxy=proxy,
        largest_body=LARGEST_ANSWER,
        redirects=_REDIRECTS,
    )


def read(response: Response, name: str, now: datetime) -> Answer:
    """Return what a response says of the domain `name`, asked for at `now` (UTC)."""
    status = response.status
    if status in {429, 503}:
        return Answer(
            reading=Reading.BUSY,
            detail=f"the registry asks to be left alone for a while (status {status})",
            retry_seconds=_retry_seconds(response, now),
        )
    if response.failure is not None:
        return _unusable(response.failure.failure.detail)
    document = _document(response.body)
    if status == 404 and document is not None and _is_error(document):
        return Answer(reading=Reading.ABSENT, detail=f"the registry knows no domain {name}")
    if status != 200:
        return _unusable(f"status {status}, expected 200")
    if document is None:
        return _unusable("the answer is no JSON object")
    if (strange := _strange(document, name)) is not None:
        return _unusable(strange)
    return Answer(reading=Reading.KNOWN, registration=_registration(document))


def status_key(text: str) -> str:
    """Return what two spellings of a status share: EPP's clientHold is RDAP's `client hold`."""
    key = "".join(character for character in text.lower() if character.isalnum())
    return _SAME_STATUS.get(key, key)


def _unusable(detail: str) -> Answer:
    return Answer(reading=Reading.UNUSABLE, detail=visible_text(detail, 300))


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _is_error(document: dict[str, Any]) -> bool:
    """Say whether RDAP itself speaks (RFC 9083, 6), and not a web server that lacks the page."""
    code = document.get("errorCode")
    conforms = document.get("rdapConformance")
    return code in (404, "404") or (code is None and isinstance(conforms, list))


def _strange(document: dict[str, Any], name: str) -> str | None:
    """Return in what the answer is not about that domain, or None."""
    kind = document.get("objectClassName")
    if kind != "domain":
        return f"the answer is about {_shown(kind)}, expected a domain"
    names = [document[key] for key in ("ldhName", "unicodeName") if document.get(key)]
    if not names:
        return "the answer does not say which domain it is about"
    for found in names:
        if _host(found) != name:
            return f"the answer is about the domain {_shown(found)}, expected {name}"
    return None


def _shown(value: Any) -> str:
    return visible_text(value, 80) if isinstance(value, str) else "something without a name"


def _registration(document: dict[str, Any]) -> Registration:
    events = list(_events(document))
    expires = sorted({at for action, at in events if action == "expiration"})
    secure = document.get("secureDNS")
    signed = secure.get("delegationSigned") if isinstance(secure, dict) else None
    return Registration(
        expires=tuple(expires if len(expires) < 2 else (expires[0], expires[-1])),
        registered=_latest(events, "registration"),
        changed=_latest(events, "last changed"),
        statuses=_statuses(document),
        name_servers=_name_servers(document),
        registrar=next(_registrars(document), None),
        signed=signed if isinstance(signed, bool) else None,
    )


def _objects(document: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
    found = document.get(key)
    if isinstance(found, list):
        yield from (each for each in found[:_MOST_ENTRIES] if isinstance(each, dict))


def _events(document: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for event in _objects(document, "events"):
        action, at = event.get("eventAction"), _instant(event.get("eventDate"))
        if isinstance(action, str) and at is not None:
            yield action.strip().lower(), at


def _latest(events: list[tuple[str, float]], wanted: str) -> float | None:
    return max((at for action, at in events if action == wanted), default=None)


def _instant(written: Any) -> float | None:
    """Return a time of RFC 3339 in Unix seconds; one without a zone is taken as UTC."""
    if not isinstance(written, str) or len(written) > 40:
        return None
    try:
        at = datetime.fromisoformat(written.strip().upper())
    except ValueError:
        return None
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        return None
    return at.replace(tzinfo=at.tzinfo or UTC).timestamp()


def _statuses(document: dict[str, Any]) -> tuple[str, ...] | None:
    found = document.get("status")
    if not isinstance(found, list):
        return None
    words = (each.lower()[:_STATUS_BYTES] for each in found if _is_word(each))
    return tuple(dict.fromkeys(words))[:_MOST_STATUSES]


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _name_servers(document: dict[str, Any]) -> tuple[str, ...] | None:
    if not isinstance(document.get("nameservers"), list):
        return None
    hosts = (_host(each.get("ldhName")) for each in _objects(document, "nameservers"))
    return tuple(sorted({host for host in hosts if host is not None}))[:MOST_SERVERS]


def _host(written: Any) -> str | None:
    if not isinstance(written, str) or len(written) > 300:
        return None
    with suppress(ValueError):
        return parse_host(written.removesuffix("."))
    return None


def _registrars(document: dict[str, Any]) -> Iterator[str]:
    for entity in _objects(document, "entities"):
        roles = entity.get("roles")
        if isinstance(roles, list) and "registrar" in roles:
            named = next(_full_names(entity), entity.get("handle"))
            if isinstance(named, str) and named.strip():
                yield visible_text(named.strip(), _NAME_BYTES)


def _full_names(entity: dict[str, Any]) -> Iterator[str]:
    """Yield the full names of a jCard (RFC 7095): `["vcard", [["fn", {}, "text", "…"], …]]`."""
    match entity.get("vcardArray"):
        case [_, list(properties), *_]:
            for each in properties[:_MOST_ENTRIES]:
                match each:
                    case ["fn", _, _, str(text), *_] if text.strip():
                        yield text


def _retry_seconds(response: Response, now: datetime) -> float | None:
    """Return what Retry-After says (RFC 9110, 10.2.3): seconds, or a date."""
    values = response.values(b"retry-after")
    if not values:
        return None
    text = values[0][:64].decode("latin-1").strip()
    if text.isdecimal() and text.isascii():
        return float(text[:12])
    try:
        at = parsedate_to_datetime(text)
        return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())
    except (ValueError, OverflowError):
        return None
