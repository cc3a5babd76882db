"""The request that the keys of a check of type http make."""

import secrets
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from monitor.domain.observation import FailureKind, UnknownCause
from monitor.fields import Secret
from monitor.fields.files import read_file
from monitor.probes.http.combinations import LARGEST_BODY_FILE
from monitor.probes.http.credentials import OAuth2Client, revealed
from monitor.probes.http.spec import HttpSpec

if TYPE_CHECKING:
    from monitor.net.fetch import Request
    from monitor.net.oauth import OAuth2
    from monitor.net.proxy import Proxy
    from monitor.net.resolver import Family
    from monitor.net.tls import TlsSettings


def request_of(spec: HttpSpec, family: "Family", token: str | None = None) -> "Request":
    """Return the request of a check; made once, unless something in it varies.

    `token` is what `oauth2` asks for. Raise NetError (LOCAL) when `body_file` can't be read.
    """
    known = spec.requests.get(family)
    if known is not None:
        return known
    request = _request(spec, family, token)
    if not spec.varies:
        spec.requests[family] = request
    return request


def _request(spec: HttpSpec, family: "Family", token: str | None) -> "Request":
    from monitor.net.fetch import make_request
    from monitor.net.redirects import RedirectRules
    from monitor.net.urls import parse_target

    rules = RedirectRules(most=spec.max_redirects, allow_downgrade=spec.allow_downgrade)
    return make_request(
        parse_target(_url(spec)),
        method=spec.method,
        fields=tuple(_fields(spec, token)),
        body=_body(spec),
        tls=_tls(spec),
        family=family,
        resolve_to=spec.resolve_to,
        largest_body=spec.max_body,
        keep_body=spec.expect.conditions.read_the_body,
        coding=spec.compression,
        http2=spec.http2,
        http3=spec.http3,
        proxy=_proxy(spec),
        redirects=rules if spec.follow_redirects else None,
    )


def _url(spec: HttpSpec) -> str:
    if spec.cache_busting is None:
        return spec.url
    mark = "&" if "?" in spec.url else "?"
    return f"{spec.url}{mark}{spec.cache_busting}={secrets.token_hex(8)}"


def _body(spec: HttpSpec) -> bytes:
    if spec.body_file is None:
        return (spec.body or "").encode()
    from monitor.net.errors import NetError

    try:
        return read_file(spec.body_file, LARGEST_BODY_FILE)
    except OSError as error:
        detail = f"body_file {spec.body_file}: {error.strerror}"
        raise NetError(FailureKind.INTERNAL, detail, cause=UnknownCause.LOCAL) from None


def _tls(spec: HttpSpec) -> "TlsSettings":
    from monitor.net.tls import TlsSettings

    return TlsSettings(
        ca_file=spec.ca_file,
        client_cert_file=spec.client_cert_file,
        client_key_file=spec.client_key_file,
        min_tls=spec.min_tls,
        max_tls=spec.max_tls,
        insecure=spec.insecure,
        alpn=("http/1.1",),
        server_name=spec.server_name,
    )


def _fields(spec: HttpSpec, token: str | None) -> Iterator[tuple[str, str]]:
    yield from _revealed(spec.headers)
    if spec.compression is not None and not _has(spec.headers, "accept-encoding"):
        yield "Accept-Encoding", spec.compression
    if spec.cookies:
        yield "Cookie", "; ".join(f"{name}={value}" for name, value in _revealed(spec.cookies))
    if spec.bearer is not None:
        yield "Authorization", f"Bearer {spec.bearer.reveal()}"
    if token is not None:
        yield "Authorization", f"Bearer {token}"
    if spec.basic_auth is not None:
        yield "Authorization", f"Basic {spec.basic_auth.token()}"


def _revealed(values: Mapping[str, str | Secret]) -> Iterator[tuple[str, str]]:
    return ((name, revealed(value)) for name, value in values.items())


def _has(headers: Mapping[str, object], name: str) -> bool:
    return any(key.lower() == name for key in headers)


def _proxy(spec: HttpSpec) -> "Proxy | None":
    if spec.proxy is None:
        return None
    from monitor.net.proxy import Proxy

    return Proxy(
        url=f"http://{_user_info(spec)}{urlsplit(spec.proxy).netloc}",
        connect_headers=tuple(_revealed(spec.proxy_headers)),
    )


def _user_info(spec: HttpSpec) -> str:
    auth = spec.proxy_auth
    if auth is None:
        return ""
    return f"{quote(auth.username, safe='')}:{quote(auth.password.reveal(), safe='')}@"


def oauth2_of(client: OAuth2Client) -> "OAuth2":
    """Return the client that gets the token of a check, as `monitor.net` has it."""
    from monitor.net.oauth import OAuth2
    from monitor.net.tls import TlsSettings

    return OAuth2(
        token_url=client.token_url,
        client_id=client.client_id,
        client_secret=client.client_secret.reveal(),
        scopes=client.scopes,
        endpoint_params=tuple(_revealed(client.params)),
        tls=TlsSettings(ca_file=client.ca_file, alpn=("http/1.1",)),
    )


def marked(spec: HttpSpec, token: str | None = None) -> Iterator[str]:
    """Yield what the keys of a check say is secret, and the `token` that `oauth2` gave.

    What makes a secret of anything else in the request is for `monitor.net.secrecy` to find.
    """
    yield spec.url.partition("?")[2]
    if token is not None:
        yield token
    given = [*spec.headers.values(), *spec.cookies.values(), *spec.proxy_headers.values()]
    if spec.oauth2 is not None:
        given += [spec.oauth2.client_secret, *spec.oauth2.params.values()]
    for value in (spec.bearer, *given):
        if isinstance(value, Secret):
            yield value.reveal()
    for auth in (spec.basic_auth, spec.proxy_auth):
        if auth is not None:
            yield auth.password.reveal()
