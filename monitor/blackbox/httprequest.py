"""An `http` block and a target as the network's own request."""

import os
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from monitor.blackbox.clientmodule import ProxyPart
from monitor.blackbox.httpmodule import HttpModule
from monitor.blackbox.run import Run, wanted_family
from monitor.blackbox.tlsconfig import tls_settings
from monitor.domain.observation import FailureKind, UnknownCause
from monitor.fields.files import read_file
from monitor.net.errors import NetError
from monitor.net.fetch import Fields, Request, make_request
from monitor.net.oauth import OAuth2
from monitor.net.proxy import Proxy
from monitor.net.redirects import RedirectRules
from monitor.net.urls import Target, parse_target

LARGEST_KEPT = 8_388_608  # bytes of a body that rules look at, all at once
MOST_REDIRECTS = 10
_LARGEST_BODY = 16 * 1_048_576  # bytes of a body to send
# Go's client says these by itself, whatever a module says.
_FRAMING = {"content-length", "trailer", "transfer-encoding"}


class Asked(NamedTuple):
    """Whom a target names: where it is, and the user info that stood in its URL, if any."""

    target: Target
    user_info: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A request, what the module says is secret of it, and the token that `oauth2` gave."""

    request: Request
    marked: tuple[str, ...]
    token: str | None = None


def parse_asked(text: str, *, http3: bool) -> Asked:
    """Return whom `text` names; without a scheme it is http. HTTP/3 makes https of that.

    Raise ValueError on what is no such URL.
    """
    url = text if text.startswith(("http://", "https://")) else f"http://{text}"
    scheme, _, rest = url.partition("://")
    authority = rest.partition("/")[0].partition("?")[0].partition("#")[0]
    user_info, at, _ = authority.rpartition("@")
    rest = rest[len(user_info) + len(at) :]
    return Asked(parse_target(f"{'https' if http3 else scheme}://{rest}"), user_info)


async def prepare(
    module: HttpModule,
    asked: Asked,
    run: Run,
    *,
    hostname: str | None,
    address: str | None,
    keep_body: bool,
) -> Prepared:
    """Return the request; `address` (an IP literal) is dialled, None leaves that to a proxy.

    Raises NetError: when no token is given, and, as faults of ours, when a file can't be read.
    """
    token = await _token(module, run)
    authorization = _authorization(module, asked, token)
    fields = tuple(_fields(module, hostname, authorization))
    host = next((value for name, value in fields if name.lower() == "host"), None)
    proxy = proxy_of(module, asked.target, os.environ)
    if proxy is not None and _asks_by_name(proxy, asked.target):
        address = None
    try:
        name = urlsplit(f"//{host}").hostname if host else None
        request = make_request(
            asked.target,
            method=module.method,
            fields=fields,
            body=_body(module),
            tls=tls_settings(module.tls_config, name or asked.target.origin.host, ("http/1.1",)),
            family=wanted_family(
                module.preferred_ip_protocol, fallback=module.ip_protocol_fallback
            ),
            resolve_to=address,
            largest_body=_largest_body(module, keep_body=keep_body),
            keep_body=keep_body,
            # Without a word of it, blackbox_exporter looks at a body as it comes.
            coding=module.compression or "identity",
            http2=module.enable_http2,
            http3=module.enable_http3,
            proxy=proxy,
            redirects=_redirects(module),
        )
    except OSError as error:
        detail = f"body_file {module.body_file}: {error.strerror}"
        raise NetError(FailureKind.INTERNAL, detail, cause=UnknownCause.LOCAL) from None
    except ValueError as error:  # by `hostname`, which whoever asks for a probe writes
        raise NetError(FailureKind.PROTOCOL, f"no request: {error}") from None
    return Prepared(request=request, marked=tuple(_marked(module, asked)), token=token)


def _asks_by_name(proxy: Proxy, target: Target) -> bool:
    """Say whether a proxy is asked for a URL, whose host is its Host header; else for a tunnel."""
    return target.origin.scheme == "http" and proxy.serves(target.origin)


def _redirects(module: HttpModule) -> RedirectRules:
    return RedirectRules(
        most=MOST_REDIRECTS if module.follows else 0,
        allow_downgrade=True,
        keep_fields=True,
        returns_last=True,
    )


def _largest_body(module: HttpModule, *, keep_body: bool) -> int | None:
    limits = (module.body_size_limit, LARGEST_KEPT if keep_body else 0)
    return min((limit for limit in limits if limit), default=None)


def _body(module: HttpModule) -> bytes:
    if module.body_file is not None:
        return read_file(module.body_file, _LARGEST_BODY)
    return module.body.encode()


def _fields(
    module: HttpModule, hostname: str | None, authorization: Fields
) -> Iterator[tuple[str, str]]:
    given = {name.lower() for name in module.headers}
    yield from (entry for entry in module.headers.items() if entry[0].lower() not in _FRAMING)
    if hostname and "host" not in given:
        yield "Host", hostname
    for name, header in module.http_headers.items():
        if name.lower() not in _FRAMING:
            yield from ((name, value) for value in header.reveal())
    if "authorization" not in given:
        yield from authorization


def _marked(module: HttpModule, asked: Asked) -> Iterator[str]:
    """Yield what a module and a target say is secret; names and places tell the rest."""
    for header in module.http_headers.values():
        yield from (each.reveal() for each in header.secrets)
        yield from (each.reveal() for each in header.files)
    for values in module.proxy_connect_header.values():
        yield from (each.reveal() for each in values)
    yield unquote(asked.user_info.partition(":")[2])


async def _token(module: HttpModule, run: Run) -> str | None:
    """Return the token that `oauth2` asks for. Raises NetError."""
    if module.oauth2 is None:
        return None
    network = run.context.network
    return await network.tokens.get(network, oauth2_of(module), run.context.deadline)


def _authorization(module: HttpModule, asked: Asked, token: str | None) -> Fields:
    """Return the Authorization field; the target's own user info is good enough without others."""
    credential = module.credential
    if token is not None:
        return (("Authorization", f"Bearer {token}"),)
    if module.basic_auth is not None:
        return (("Authorization", _basic(*module.basic_auth.reveal())),)
    if credential is not None and (value := credential.reveal()):
        return (("Authorization", value),)
    if asked.user_info:
        user, _, password = asked.user_info.partition(":")
        return (("Authorization", _basic(unquote(user), unquote(password))),)
    return ()


def _basic(user: str, password: str) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def oauth2_of(module: HttpModule) -> OAuth2:
    """Return the client that gets the token of a module, as `monitor.net` has it."""
    settings = module.oauth2
    assert settings is not None, "asked for with oauth2 only"  # noqa: S101
    return OAuth2(
        token_url=settings.token_url.reveal(),
        client_id=settings.client_id,
        client_secret=settings.reveal(),
        scopes=settings.scopes,
        endpoint_params=tuple(settings.endpoint_params.items()),
        tls=tls_settings(settings.tls_config, None, ("http/1.1",)),
        proxy=proxy_of(settings, parse_target(settings.token_url.reveal()), os.environ),
    )


def proxy_of(part: ProxyPart, target: Target, environment: Mapping[str, str]) -> Proxy | None:
    """Return the proxy to ask in place of the target; None where there is none.

    Raises NetError when what is written is no proxy.
    """
    url, no_proxy = part.proxy_url.reveal(), part.no_proxy
    if part.proxy_from_environment:
        url = _variable(environment, f"{target.origin.scheme}_proxy")
        url = url if not url or "://" in url else f"http://{url}"
        # Go asks this machine directly, whatever stands in the environment.
        no_proxy = f"localhost,{_variable(environment, 'no_proxy')}"
    if not url:
        return None
    headers = tuple(
        (name, value.reveal())
        for name, values in part.proxy_connect_header.items()
        for value in values
    )
    try:
        return Proxy(url=url, connect_headers=headers, no_proxy=no_proxy)
    except ValueError as error:
        raise NetError(FailureKind.PROXY, f"proxy: {error}", cause=UnknownCause.LOCAL) from None


def _variable(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name.upper()) or environment.get(name, "")
