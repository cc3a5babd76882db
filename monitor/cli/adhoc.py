"""A check made of a URL on the command line, with every setting at its default."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from pydantic import ValidationError

from monitor.checktype import CheckSpec, CheckType
from monitor.configuration.config import ConfiguredCheck
from monitor.configuration.settings import is_loopback
from monitor.domain.check import Check, CheckId
from monitor.domain.service import ServiceId
from monitor.fields.addresses import shown_url
from monitor.fields.context import Context

INTERVAL = timedelta(seconds=60)
TIMEOUT = timedelta(seconds=10)
_RETRY = timedelta(seconds=15)
_DNS = re.compile(r"dns:(?://(?P<server>[^/]+)/)?(?P<name>[^/?]+)(?:/(?P<record>[A-Za-z]+))?\Z")
_SERVERS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in ("tls", "tcp", "ssh", "ntp", "redis", "ldap")},
    "rediss": ("redis", {"tls": "implicit"}),
    "ldaps": ("ldap", {"tls": "implicit"}),
}
FORMS = (
    "https://…, http://…, tls://HOST[:PORT], tcp://HOST:PORT, ssh://HOST[:PORT], "
    "ntp://HOST[:PORT], redis[s]://HOST[:PORT], ldap[s]://HOST[:PORT], icmp://HOST, "
    "dns:NAME[/TYPE]"
)


def is_url(text: str) -> bool:
    """Say whether `text` is meant as a URL and not as the id of a check."""
    return "://" in text or text.startswith("dns:")


def adhoc_check(
    url: str, types: Mapping[str, CheckType[Any]], timeout: timedelta | None = None
) -> ConfiguredCheck:
    """Return a check of `url`. Raise UsageError where it is none that can be checked."""
    name, keys = _parts(url)
    kind = types[name]
    spec = _spec(kind, keys, url)
    limit = timeout or TIMEOUT
    check = Check(
        id=CheckId(url.partition("?")[0]),
        service=ServiceId("-"),
        type=name,
        target=spec.target(),
        interval=max(INTERVAL, limit),
        timeout=limit,
        retry_interval=_RETRY,
        local=is_loopback(spec.dialled_host() or ""),
    )
    return ConfiguredCheck(check=check, kind=kind, spec=spec)


def _parts(url: str) -> tuple[str, dict[str, Any]]:
    """Return the type of check that a URL asks for, and the type's own keys."""
    scheme = url.partition(":")[0].lower()
    if scheme in {"http", "https"}:
        return "http", {"url": url}
    if scheme == "icmp":
        return scheme, _host(url)
    if scheme in _SERVERS:
        name, keys = _SERVERS[scheme]
        return name, _host_and_port(url) | keys
    if scheme == "dns" and (match := _DNS.match(url)):
        servers = {"nameservers": [match["server"]]} if match["server"] else {}
        return "dns", {"name": match["name"], "record": (match["record"] or "A").upper(), **servers}
    raise click.UsageError(f"{shown_url(url)} is no URL that can be checked: give {FORMS}")


def _host_and_port(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise click.UsageError(f"{shown_url(url)}: {error}") from None
    if parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username is not None:
        raise click.UsageError(f"{shown_url(url)}: only a host and a port belong there")
    return {"host": parts.hostname or "", **({} if port is None else {"port": port})}


def _host(url: str) -> dict[str, Any]:
    keys = _host_and_port(url)
    if "port" in keys:
        raise click.UsageError(f"{shown_url(url)}: only a host belongs there, ICMP has no ports")
    return keys


def _spec(kind: CheckType[Any], keys: dict[str, Any], url: str) -> CheckSpec:
    try:
        spec = kind.spec.model_validate(keys, context=Context(folder=Path.cwd()))
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_url=False)
        )
        raise click.UsageError(f"{shown_url(url)}: {told}") from None
    assert isinstance(spec, CheckSpec)  # noqa: S101
    return spec
