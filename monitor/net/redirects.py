"""Where a redirect leads, and what may go along. Decided here, acted on by `fetch`."""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.domain.observation import Failure, FailureKind
from monitor.net.urls import Origin, Target, parse_target

REDIRECTS = {301, 302, 303, 307, 308}
_MOST_COOKIES = 50
_LARGEST_COOKIE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectRules:
    """`most` redirects are followed. `allow_downgrade` lets https lead to http."""

    most: int = 5
    allow_downgrade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """The next request. With `same_origin` False nothing personal goes along: no credentials, no
    custom headers, no body, no client certificate. Once left behind, it stays behind.
    """

    target: Target
    method: str
    keeps_body: bool
    same_origin: bool


def next_hop(
    current: Target,
    status: int,
    location: str | None,
    *,
    method: str,
    followed: int,
    rules: RedirectRules,
) -> Hop | Failure | None:
    """Return where a response leads, why that is refused, or None if it leads nowhere.

    `followed` counts the redirects so far. Methods change as the Fetch standard has it: 303 asks
    by GET, and so does a POST after 301 and 302.
    """
    if status not in REDIRECTS or not location:
        return None
    if followed >= rules.most:
        detail = f"over {rules.most} redirects; the last one is from {current.shown()}"
        return Failure(FailureKind.REDIRECT_LOOP, detail)
    try:
        target = parse_target(location, current)
    except ValueError as error:
        return _refused(f"redirect from {current.shown()}: {error}")
    downgrades = (current.origin.scheme, target.origin.scheme) == ("https", "http")
    if downgrades and not rules.allow_downgrade:
        return _refused(f"redirect from https to {target.shown()}")
    turns_to_get = (status == 303 and method != "HEAD") or (
        status in {301, 302} and method == "POST"
    )
    same_origin = target.origin == current.origin
    return Hop(
        target=target,
        method="GET" if turns_to_get else method,
        keeps_body=same_origin and not turns_to_get,
        same_origin=same_origin,
    )


def _refused(detail: str) -> Failure:
    return Failure(FailureKind.REDIRECT_REFUSED, detail)


class Cookies:
    """The cookies of one check: sites set one and redirect to see it come back.

    An origin gets back what it gave itself, for the life of the check; paths and dates count
    for nothing.
    """

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[Origin, dict[str, str]] = {}

    def take(self, origin: Origin, fields: Iterable[bytes]) -> None:
        """Keep what Set-Cookie fields of a response say; strange and large ones are left out."""
        kept = self._kept.setdefault(origin, {})
        for field in fields:
            pair = field.partition(b";")[0].strip()
            name, equals, value = pair.partition(b"=")
            sound = equals and name and pair.isascii() and len(pair) <= _LARGEST_COOKIE
            if sound and pair.decode().isprintable() and len(kept) < _MOST_COOKIES:
                kept[name.strip().decode()] = value.strip().decode()

    def field(self, origin: Origin) -> str | None:
        """Return the value of the Cookie field for an origin, None without cookies."""
        kept = self._kept.get(origin)
        return "; ".join(f"{name}={value}" for name, value in kept.items()) if kept else None
