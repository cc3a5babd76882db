"""What to ask for, and how: made once, and used for many checks."""

from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module

from monitor.net.http1 import USER_AGENT, request_head
from monitor.net.proxy import Proxy, absolute_form
from monitor.net.redirects import Cookies, RedirectRules
from monitor.net.resolver import Family
from monitor.net.response import LARGEST_BODY, Response
from monitor.net.tls import TlsSettings
from monitor.net.urls import Target

HTTP_TLS = TlsSettings(alpn=("http/1.1",))

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask for, and how. Made once and used for many checks: see `make_request`.

    `fields` are the caller's own header fields, `sent` all of them, `head` the same as HTTP/1.1
    has them on the wire. `resolve_to` (an IP literal) is dialled in place of the target's host.
    `largest_body` (bytes, decoded) None sets no bound but the deadline; without `keep_body` the
    body is only counted. `coding` (gzip, br, deflate, identity) is undone whatever the answer
    says of itself; None goes by its Content-Encoding.

    `http2` offers HTTP/2 to https targets, which may choose HTTP/1.1; `http3` asks https targets
    by QUIC, and by nothing else. `proxy` is asked in place of the target, unless its list of
    exceptions (`no_proxy`) names the target: then `via` is None. `upgrade` says that the fields ask
    for another protocol. `redirects` None follows none. `jar` holds the cookies of earlier
    requests: they go along as they were when this one was made, and those of every answer go in.
    """

    target: Target
    method: str
    fields: Fields
    sent: Fields
    head: bytes
    body: bytes
    tls: TlsSettings
    family: Family
    resolve_to: str | None
    largest_body: int | None
    keep_body: bool
    coding: str | None
    http2: bool
    http3: bool
    proxy: Proxy | None
    via: Proxy | None
    user_agent: str
    upgrade: bool
    redirects: RedirectRules | None
    jar: Cookies | None

    def response(self) -> Response:
        """Return the response that is asked for, before anything of it came."""
        return Response(
            method=self.method,
            largest_body=self.largest_body,
            keep_body=self.keep_body,
            coding=self.coding,
        )


def make_request(
    target: Target,
    *,
    method: str = "GET",
    fields: Fields = (),
    body: bytes = b"",
    tls: TlsSettings = HTTP_TLS,
    family: Family = Family.ANY,
    resolve_to: str | None = None,
    largest_body: int | None = LARGEST_BODY,
    keep_body: bool = True,
    coding: str | None = None,
    http2: bool = False,
    http3: bool = False,
    proxy: Proxy | None = None,
    user_agent: str = USER_AGENT,
    redirects: RedirectRules | None = None,
    jar: Cookies | None = None,
) -> Request:
    """Return a request; without `redirects` it follows none.

    Raise ValueError when a field would break a line, and on `http3` through a proxy.
    """
    if http3 and proxy is not None:
        raise ValueError("HTTP/3 goes through no proxy")
    _load(http2=http2, http3=http3)
    via = proxy if proxy is not None and proxy.serves(target.origin) else None
    given = fields if jar is None else _with_cookies(fields, target, jar)
    sent = fields_sent(target, method, given, body, user_agent)
    return Request(
        target=target,
        method=method,
        fields=fields,
        sent=sent,
        head=_head(target, method, sent, via, resolve_to),
        body=body,
        tls=replace(tls, alpn=("h2", "http/1.1")) if http2 else tls,
        family=family,
        resolve_to=resolve_to,
        largest_body=largest_body,
        keep_body=keep_body,
        coding=coding,
        http2=http2,
        http3=http3,
        proxy=proxy,
        via=via,
        user_agent=user_agent,
        upgrade=any(name.lower() == "upgrade" for name, _ in fields),
        redirects=redirects,
        jar=jar,
    )


def _with_cookies(fields: Fields, target: Target, jar: Cookies) -> Fields:
    own = "; ".join(value for name, value in fields if name.lower() == "cookie")
    cookie = jar.field(target, own)
    others = tuple(entry for entry in fields if entry[0].lower() != "cookie")
    return others if cookie is None else (*others, ("Cookie", cookie))


def _load(*, http2: bool, http3: bool) -> None:
    """Import what speaks a version now, and not while a first check is timed."""
    if http2:
        import_module("monitor.net.http2")
    if http3:
        with suppress(ImportError):  # `Network.connect_quic` tells
            import_module("monitor.net.http3")


def fields_sent(
    target: Target, method: str, fields: Fields, body: bytes, user_agent: str = USER_AGENT
) -> Fields:
    """Return the header fields of a request: what it needs, then `fields`, which win."""
    given = {name.lower() for name, _ in fields}
    ours = [
        ("Host", target.authority),
        ("User-Agent", user_agent),
        ("Accept", "*/*"),
        ("Connection", "close"),
    ]
    if body or method in {"POST", "PUT", "PATCH"}:
        ours.append(("Content-Length", str(len(body))))
    return (*(entry for entry in ours if entry[0].lower() not in given), *fields)


def _head(
    target: Target, method: str, sent: Fields, via: Proxy | None, resolve_to: str | None
) -> bytes:
    if via is None or target.origin.scheme != "http":
        return request_head(method, target.path, sent)
    fields = (*sent, *via.authorization)
    return request_head(method, absolute_form(target, resolve_to), fields)
