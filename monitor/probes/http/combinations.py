"""Which keys of a check of type http do not go together."""

import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from urllib.parse import parse_qsl, urlsplit

from monitor.fields import Secret, shown
from monitor.fields.connecting import client_faults
from monitor.fields.headers import open_credentials, repeated
from monitor.probes.http.keys import HttpKeys

LARGEST_BODY_FILE = 1_048_576
_ALWAYS_SPOKEN = {"1.0", "1.1"}


def faults(spec: HttpKeys) -> Iterator[str]:
    """Yield what is wrong with a check as a whole."""
    yield from _credential_faults(spec)
    yield from _body_faults(spec)
    yield from _route_faults(spec)
    yield from _version_faults(spec)
    yield from _tls_faults(spec)


def _credential_faults(spec: HttpKeys) -> Iterator[str]:
    for key, headers in (("headers", spec.headers), ("proxy_headers", spec.proxy_headers)):
        for name in repeated(headers):
            yield f"{key}: {name} is given twice: capital letters make no difference"
        yield from open_credentials(key, headers)
    names = {name.lower() for name in spec.headers}
    ways = [spec.basic_auth, spec.bearer, spec.oauth2]
    if sum(way is not None for way in ways) + ("authorization" in names) > 1:
        yield "give one of basic_auth, bearer, oauth2 and an Authorization header"
    if spec.cookies and "cookie" in names:
        yield "cookies: give one of cookies and a Cookie header"
    yield from client_faults(spec.client_cert_file, spec.client_key_file)


def _body_faults(spec: HttpKeys) -> Iterator[str]:
    if spec.body is not None and spec.body_file is not None:
        yield "body_file: give one of body and body_file"
    if spec.body_file is not None and spec.body_file.stat().st_size > LARGEST_BODY_FILE:
        yield f"body_file: {shown(str(spec.body_file))} is over 1 MB"
    if spec.method == "HEAD" and spec.expect.needs_a_body:
        yield "method: an answer to HEAD has no body to expect something of"
    parameters = parse_qsl(urlsplit(spec.url).query, keep_blank_values=True)
    if spec.cache_busting in {name for name, _ in parameters}:
        yield f"cache_busting: the url has a parameter {spec.cache_busting} already"
    accepted = [value for name, value in spec.headers.items() if name.lower() == "accept-encoding"]
    if spec.compression is not None and any(not _accepts(spec.compression, v) for v in accepted):
        yield f"compression: the Accept-Encoding header does not ask for {spec.compression}"


def _accepts(coding: str, accept_encoding: str | Secret) -> bool:
    """Say whether an Accept-Encoding (RFC 9110, 12.5.3) lets a coding pass."""
    if isinstance(accept_encoding, Secret):
        return True
    weights = {}
    for part in accept_encoding.lower().split(","):
        name, _, parameter = part.partition(";")
        zero = re.fullmatch(r"\s*q\s*=\s*0(?:\.0*)?\s*", parameter)
        weights[name.strip()] = zero is None
    return weights.get(coding, weights.get("*", coding == "identity"))


def _route_faults(spec: HttpKeys) -> Iterator[str]:
    if spec.resolve_to is not None and spec.ip != "any":
        yield "resolve_to: it is one address: leave out ip"
    if spec.resolve_to is not None and spec.addresses == "all":
        yield "resolve_to: it is one address: leave out addresses"
    if spec.proxy is None:
        if spec.proxy_auth is not None or spec.proxy_headers:
            key = "proxy_auth" if spec.proxy_auth is not None else "proxy_headers"
            yield f"{key}: give proxy, too"
        return
    if not spec.proxy.startswith("http:"):
        yield "proxy: the connection to the proxy itself is plain: begin with http://"
    if urlsplit(spec.proxy).path != "/" or urlsplit(spec.proxy).query:
        yield "proxy: a host and a port, without a path"
    if spec.resolve_to is not None or spec.addresses == "all":
        yield "proxy: it looks up the name: leave out resolve_to and addresses"
    if spec.proxy_auth is not None and _has(spec.proxy_headers, "proxy-authorization"):
        yield "give one of proxy_auth and a Proxy-Authorization header"


def _has(headers: Mapping[str, object], name: str) -> bool:
    return any(key.lower() == name for key in headers)


def _version_faults(spec: HttpKeys) -> Iterator[str]:
    if spec.http2 and spec.http3:
        yield "http3: give one of http2 and http3"
    if spec.http3:
        if find_spec("aioquic") is None:
            yield "http3: it needs an extra: pip install 'pantau[http3]'"
        if spec.url.startswith("http:"):
            yield "http3: it goes over TLS: the url begins with https://"
        if spec.proxy is not None:
            yield "http3: it does not go through a proxy"
        if spec.max_tls not in {None, "TLS1.3"}:
            yield "max_tls: http3 needs TLS1.3"
    expected = set(spec.expect.http_versions)
    spoken = _spoken(spec)
    if expected and not expected & spoken:
        yield (
            f"expect.http_versions: none of {', '.join(sorted(expected))} is spoken here:"
            f" {', '.join(sorted(spoken))} {'is' if len(spoken) == 1 else 'are'};"
            " see http2 and http3"
        )


def _spoken(spec: HttpKeys) -> set[str]:
    if spec.http3:
        return {"3"}
    return {*_ALWAYS_SPOKEN, "2"} if spec.http2 else _ALWAYS_SPOKEN


def _tls_faults(spec: HttpKeys) -> Iterator[str]:
    if spec.max_tls is not None and spec.max_tls < spec.min_tls:
        yield f"max_tls: {spec.max_tls} is older than min_tls, {spec.min_tls}"
    secure = spec.url.startswith("https:")
    if spec.expect.tls == "required" and not (secure or spec.follow_redirects):
        yield "expect.tls: required, but the url begins with http:// and no redirect is followed"
    leaves = spec.follow_redirects and spec.allow_downgrade
    if spec.expect.tls == "forbidden" and secure and not leaves:
        yield "expect.tls: forbidden, but the url begins with https:// and stays there"
