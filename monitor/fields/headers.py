"""What an operator writes of HTTP requests: header names and values, and an address to dial."""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, Discriminator, Tag

from monitor.fields.addresses import Host
from monitor.fields.secrets import WAYS, Secret
from monitor.fields.shown import shown

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*\Z")
_PARAMETER = re.compile(r"[0-9A-Za-z._-]{1,64}\Z")
_CREDENTIALS = {"authorization", "proxy-authorization", "cookie"}
_SET_BY_THE_DAEMON = {
    "connection",
    "content-length",
    "expect",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}


def _name(name: str) -> str:
    if not _TOKEN.match(name):
        raise ValueError(f"{shown(name)} is no name of a header")
    return name


def _own_name(name: str) -> str:
    if name.lower() in _SET_BY_THE_DAEMON:
        raise ValueError(f"{shown(name)} can't be given: the daemon sets it, or never sends it")
    return _name(name)


def _value(value: str | Secret) -> str | Secret:
    if isinstance(value, str) and not value.isprintable():
        raise ValueError("the value of a header has no control characters and no line breaks")
    return value


def _parameter(name: str) -> str:
    if not _PARAMETER.match(name):
        raise ValueError(f"{shown(name)} is no name of a parameter: letters, digits, . _ and -")
    return name


def _cookie_name(name: str) -> str:
    if not _TOKEN.match(name):
        raise ValueError(f"{shown(name)} is no name of a cookie")
    return name


def _cookie_value(value: str | Secret) -> str | Secret:
    text = value.reveal() if isinstance(value, Secret) else value
    if not _COOKIE_VALUE.match(text):
        raise ValueError("the value of a cookie is ASCII without spaces, quotes, commas, ; and \\")
    return value


def _form(value: object) -> str:
    """Say what a header's value is meant as, so that one complaint is made of it, not two."""
    return "secret" if isinstance(value, Mapping | Secret) else "text"


def _literal(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        raise ValueError(f"{shown(host)} is no IP address") from None


def repeated(names: Iterable[str]) -> Iterator[str]:
    """Yield the names of headers that stand there before: capital letters make no difference."""
    seen = set()
    for name in names:
        if name.lower() in seen:
            yield name
        seen.add(name.lower())


def open_credentials(key: str, headers: Mapping[str, str | Secret]) -> Iterator[str]:
    """Yield what is wrong with `headers`, written under `key`: credentials that are no secrets."""
    for name, value in headers.items():
        if name.lower() in _CREDENTIALS and not isinstance(value, Secret):
            yield f"{key}: {name} is a secret: {WAYS}"


HeaderName = Annotated[str, AfterValidator(_name)]
"""The name of any header (RFC 9110: a token)."""

OwnHeaderName = Annotated[str, AfterValidator(_own_name)]
"""The name of a header that an operator may send."""

CookieName = Annotated[str, AfterValidator(_cookie_name)]
"""The name of a cookie (RFC 6265: a token)."""

ParameterName = Annotated[str, AfterValidator(_parameter)]
"""The name of a query parameter that needs no escaping."""

HeaderValue = Annotated[
    Annotated[str, Tag("text")] | Annotated[Secret, Tag("secret")],
    Discriminator(_form),
    AfterValidator(_value),
]
"""The value of a header: a text, or a secret."""

CookieValue = Annotated[
    Annotated[str, Tag("text")] | Annotated[Secret, Tag("secret")],
    Discriminator(_form),
    AfterValidator(_cookie_value),
]
"""The value of a cookie (RFC 6265): a text, or a secret."""

IpLiteral = Annotated[Host, AfterValidator(_literal)]
"""An IPv4 or IPv6 address."""
