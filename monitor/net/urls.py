"""URLs as the engine dials them. Strict: what two parsers could read in two ways is refused."""

import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, urljoin

from monitor.domain.hostname import parse_host
from monitor.domain.text import visible_text

PORTS = {"http": 80, "https": 443}

_LONGEST = 8192
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^#]*)(?:#.*)?\Z", re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_AUTHORITY = re.compile(r"(?:\[([^\[\]]+)\]|([^:\[\]@]+))(?::([0-9]{1,5}))?\Z")
_AMBIGUOUS = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
_SAFE = "!$%&'()*+,/:;=?@[]~"


class Origin(NamedTuple):
    """Whom secrets are for: scheme, host and port."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Target:
    """One request's whereabouts. `path` holds the query too, as it goes on the wire."""

    origin: Origin
    path: str

    @property
    def authority(self) -> str:
        """The value of the Host field: the port stands in it when it isn't the scheme's own."""
        scheme, host, port = self.origin
        name = f"[{host}]" if ":" in host else host
        return name if port == PORTS[scheme] else f"{name}:{port}"

    def __str__(self) -> str:
        """Return the URL, query and all."""
        return f"{self.origin.scheme}://{self.authority}{self.path}"

    def shown(self) -> str:
        """Return the URL for messages: without its query, which may hold a token."""
        return visible_text(str(self).partition("?")[0], 256)


def parse_target(url: str, base: Target | None = None) -> Target:
    """Return where a URL leads; one without a scheme is relative to `base`.

    Raise ValueError, saying what is wrong, on schemes but http and https, user info, control
    characters, backslashes, and hosts that `parse_host` refuses. Spaces and what is no ASCII
    are escaped, as browsers do.
    """
    if len(url) > _LONGEST:
        raise ValueError(f"a URL of {len(url)} characters")
    if strange := _AMBIGUOUS.search(url):
        raise ValueError(f"{strange.group()!r} in the URL")
    text = url.strip(" ")
    # urljoin reads "https:x" and "https:///x" as relative, browsers and curl each otherwise.
    is_relative = base is not None and not _SCHEME.match(text)
    match = _URL.match(urljoin(str(base), text) if is_relative else text)
    if match is None:
        raise ValueError(f"{_short(text)!r} is no URL")
    scheme, authority, path = match[1].lower(), match[2], match[3]
    if scheme not in PORTS:
        raise ValueError(f"scheme {_short(scheme)!r}, expected http or https")
    return Target(_origin(scheme, authority), _escaped(path))


def _origin(scheme: str, authority: str) -> Origin:
    match = _AUTHORITY.match(authority)
    if match is None:
        # Not shown: user info may be a password.
        raise ValueError("the host of the URL can be read in more than one way")
    literal, name, digits = match.groups()
    if literal is not None and ":" not in literal:
        raise ValueError("only an IPv6 address stands in brackets")
    port = int(digits) if digits else PORTS[scheme]
    if not 1 <= port <= 65535:
        raise ValueError(f"port {port} in the URL")
    return Origin(scheme, parse_host((literal or name).removesuffix(".")), port)


def _escaped(path: str) -> str:
    whole = path if path.startswith("/") else "/" + path
    return quote(whole, safe=_SAFE)


def _short(text: str) -> str:
    return visible_text(text, 80)
