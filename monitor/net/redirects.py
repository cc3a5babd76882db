"""Where a redirect leads, and what may go along. Decided here, acted on by `fetch`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from monitor.domain.observation import Failure, FailureKind
from monitor.net.response import Response
from monitor.net.urls import PORTS, Origin, Target, parse_target

REDIRECTS = {301, 302, 303, 307, 308}
# What other origins never get, even where own header fields go along. Host names this one.
PERSONAL = {"authorization", "cookie", "cookie2", "host", "proxy-authorization", "www-authenticate"}
_MOST_COOKIES = 50
_LARGEST_COOKIE = 4096
_LARGEST_FIELD = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectRules:
    """`most` redirects are followed. `allow_downgrade` lets https lead to http.

    `keep_fields` does what Go's http.Client does: own header fields go along to other hosts (but
    no credentials), so does the body after 307 and 308, and 301 and 302 turn every method but
    HEAD into GET.
    """

    most: int = 5
    allow_downgrade: bool = False
    keep_fields: bool = False
    returns_last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """The next request. With `same_origin` False nothing personal goes along: no credentials, no
    client certificate, and, but for rules that keep them, no custom headers and no body. Once left
    behind, it stays behind.
    """

    target: Target
    method: str
    keeps_body: bool
    keeps_fields: bool
    same_origin: bool


def next_hop(
    current: Target,
    status: int,
    leads_to: str | None,
    *,
    method: str,
    followed: int,
    rules: RedirectRules,
) -> Hop | Failure | None:
    """Return where a response leads, why that is refused, or None if it leads nowhere.

    `followed` counts the redirects so far. Methods change as the Fetch standard has it: 303 asks
    by GET, and so does a POST after 301 and 302.
    """
    if status not in REDIRECTS or not leads_to:
        return None
    if followed >= rules.most:
        if rules.returns_last:
            return None
        detail = f"over {rules.most} redirects; the last one is from {current.shown()}"
        return Failure(FailureKind.REDIRECT_LOOP, detail)
    try:
        target = parse_target(leads_to, current)
    except ValueError as error:
        return _refused(f"redirect from {current.shown()}: {error}")
    downgrades = (current.origin.scheme, target.origin.scheme) == ("https", "http")
    if downgrades and not rules.allow_downgrade:
        return _refused(f"redirect from https to {target.shown()}")
    turns_to_get = _turns_to_get(status, method, rules)
    same_origin = target.origin == current.origin
    keeps_fields = same_origin or rules.keep_fields
    return Hop(
        target=target,
        method="GET" if turns_to_get else method,
        keeps_body=keeps_fields and not turns_to_get,
        keeps_fields=keeps_fields,
        same_origin=same_origin,
    )


def _turns_to_get(status: int, method: str, rules: RedirectRules) -> bool:
    if status == 303:
        return method != "HEAD"
    return status in {301, 302} and (method == "POST" or (rules.keep_fields and method != "HEAD"))


def _refused(detail: str) -> Failure:
    return Failure(FailureKind.REDIRECT_REFUSED, detail)


def location(response: Response) -> str | None:
    """Return where a response, as far as it came, leads; None when it is no redirect."""
    if response.status not in REDIRECTS:
        return None
    values = response.values(b"location")
    return values[0].decode(errors="replace") if values and values[0] else None


def is_url(leads_to: str, base: Target) -> bool:
    """Say whether a Location can be read at all, be it of a scheme that is not spoken here."""
    try:
        parse_target(leads_to, base)
    except ValueError:
        scheme, mark, _ = leads_to.partition("://")
        return bool(mark) and scheme.isalnum() and scheme.lower() not in PORTS
    return True


class Cookies:
    """The cookies of one check: sites set one and redirect to see it come back.

    An origin gets back what it gave itself, for the life of the check, and no other origin does,
    whatever `Domain` says; `Secure` says nothing more then. `Path`, and being taken back by a
    date in the past, count (RFC 6265).
    """

    __slots__ = ("_former", "_kept")

    def __init__(self) -> None:
        self._kept: dict[Origin, dict[tuple[str, str], str | None]] = {}
        self._former: set[str] = set()

    def take(self, target: Target, fields: Iterable[bytes], *, now: float) -> None:
        """Keep what Set-Cookie fields of an answer say; strange and large ones are left out.

        `now` is in Unix seconds.
        """
        kept = self._kept.setdefault(target.origin, {})
        for field in fields:
            pair, *attributes = (part.strip() for part in field[:_LARGEST_FIELD].split(b";"))
            name, equals, value = pair.partition(b"=")
            sound = equals and name and pair.isascii() and len(pair) <= _LARGEST_COOKIE
            if sound and pair.decode().isprintable() and len(kept) < _MOST_COOKIES:
                told = _attributes(attributes)
                path = _cookie_path(told.get("path", ""), target)
                gone = _is_gone(told, now)
                key = name.strip().decode(), path
                if former := kept.get(key):
                    self._former.add(former)
                kept[key] = None if gone else value.strip().decode()

    def field(self, target: Target, own: str = "") -> str | None:
        """Return the value of the Cookie field for a request, None without cookies.

        `own` is what the caller sends by itself (`a=b; c=d`): it goes first, but for the names that
        the target has set or taken back since.
        """
        kept = self._kept.get(target.origin, {})
        path = target.path.partition("?")[0]
        theirs = [(name, value) for (name, at), value in kept.items() if _lies_below(path, at)]
        set_since = {name for name, _ in theirs}
        pairs = [pair.strip() for pair in own.split(";")]
        mine = [pair for pair in pairs if pair and pair.partition("=")[0].strip() not in set_since]
        cookies = [*mine, *(f"{name}={value}" for name, value in theirs if value is not None)]
        return "; ".join(cookies) or None

    def values(self) -> Iterator[str]:
        """Yield the value of every cookie of every origin, also those replaced or taken back."""
        yield from self._former
        for kept in self._kept.values():
            yield from (value for value in kept.values() if value is not None)


def _attributes(parts: Iterable[bytes]) -> dict[str, str]:
    pairs = (part.decode("latin-1").partition("=") for part in parts)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _cookie_path(path: str, target: Target) -> str:
    """Return the path that a cookie is for: as told, or the folder of what set it."""
    if path.startswith("/"):
        return path
    return target.path.partition("?")[0].rpartition("/")[0] or "/"


def _lies_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder if folder.endswith("/") else folder + "/")


def _is_gone(attributes: dict[str, str], now: float) -> bool:
    seconds = attributes.get("max-age", "")
    if seconds.removeprefix("-").isdecimal():
        return seconds.startswith("-") or not seconds.strip("0")
    try:
        return parsedate_to_datetime(attributes["expires"][:64]).timestamp() <= now
    except (KeyError, ValueError, OverflowError):
        return False
