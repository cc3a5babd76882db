"""Forward proxies: who goes past one, and the tunnel through one (RFC 9110, 9.3.6)."""

from base64 import b64encode
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address, ip_network
from urllib.parse import unquote

from monitor.domain.hostname import parse_host
from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.connection import Stream
from monitor.net.errors import NetError
from monitor.net.http1 import USER_AGENT, Http1Response, request_head
from monitor.net.policy import AddressClass, is_within, outermost, pinned_class
from monitor.net.urls import Origin, Target

_DEFAULT_PORT = 80  # as the URL's scheme has it


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """A forward proxy, spoken to in the clear.

    `url` is `http://[user:password@]host[:port]`; ValueError when it is none. `connect_headers`
    go with CONNECT, and nowhere else. `no_proxy` lists who is asked directly: see `goes_past`.
    """

    url: str = field(repr=False)
    connect_headers: tuple[tuple[str, str], ...] = ()
    no_proxy: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no proxy: it comes from a configuration."""
        _ = self.address

    @cached_property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        scheme, separator, rest = self.url.strip().partition("://")
        if not separator or scheme.lower() != "http":
            raise ValueError("a proxy's URL begins with http://")
        place = rest.partition("/")[0].rpartition("@")[2]
        try:
            host, port = _host_and_port(place)
            return parse_host(host), _DEFAULT_PORT if port is None else port
        except ValueError:
            # Not shown: behind a slash that is not escaped, it is the beginning of a password.
            raise ValueError("the host and port of a proxy's URL can't be read") from None

    @cached_property
    def authorization(self) -> tuple[tuple[str, str], ...]:
        """The header field that tells the proxy who asks; nothing without user info."""
        user_info, at, _ = self.url.strip().partition("://")[2].partition("/")[0].rpartition("@")
        if not at:
            return ()
        user, _, password = user_info.partition(":")
        pair = f"{unquote(user)}:{unquote(password)}".encode()
        return (("Proxy-Authorization", f"Basic {b64encode(pair).decode()}"),)

    @property
    def shown(self) -> str:
        """The proxy for messages: without a password."""
        host, port = self.address
        return f"{_bracketed(host)}:{port}"

    def serves(self, origin: Origin) -> bool:
        """Say whether a request to `origin` goes through the proxy."""
        return not goes_past(self.no_proxy, origin.host, origin.port)


def goes_past(no_proxy: str, host: str, port: int) -> bool:
    """Say whether NO_PROXY has a host asked directly, as Go's httpproxy reads it.

    The list is separated by commas. `*` is everybody; an address or a network (CIDR) is itself;
    `a.test` is that name and all below it, `.a.test` and `*.a.test` only those below. A port may
    stand behind a name or an address. With any list, localhost and loopback addresses are asked
    directly, too; an empty list says nothing.
    """
    entries = [entry for part in no_proxy.lower().split(",") if (entry := part.strip())]
    if not entries:
        return False
    name = host.lower().strip("[]")
    if name == "localhost" or _is_loopback(name):
        return True
    return any(_covers(entry, name, port) for entry in entries)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _covers(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return _lies_in(host, entry)
    try:
        name, only_port = _host_and_port(entry)
    except ValueError:
        return False
    if only_port not in {None, port}:
        return False
    try:
        return ip_address(name) == ip_address(host)
    except ValueError:
        return _is_at_or_below(host, name)


def _lies_in(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False


def _is_at_or_below(host: str, name: str) -> bool:
    below = name.removeprefix("*") if name.startswith("*.") else name
    if below.startswith("."):
        return host.endswith(below)
    return host == below or host.endswith("." + below)


def _host_and_port(text: str) -> tuple[str, int | None]:
    """Return the parts of `host`, `host:port`, `[ip6]:port` or a bare IPv6 address."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        digits = rest.removeprefix(":")
    elif text.count(":") > 1:
        host, digits = text, ""
    else:
        host, _, digits = text.partition(":")
    if not digits:
        return host, None
    if not (digits.isascii() and digits.isdecimal() and 1 <= int(digits) <= 65535):
        raise ValueError(f"port {visible_text(digits, 20)!r}")
    return host, int(digits)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def absolute_form(target: Target, resolve_to: str | None) -> str:
    """Return the URL that a proxy is asked for; with an address in place of the host's name."""
    if resolve_to is None:
        return str(target)
    return str(Target(target.origin._replace(host=resolve_to), target.path))


def refuse_inward(host: str, pinned: AddressClass | None) -> None:
    """Raise NetError when the address policy keeps a proxy from being asked for `host`.

    What a name leads to is the proxy's business; an address, and localhost, speak for themselves.
    """
    found = pinned_class(host)
    limit = found if pinned is None or _leads_anywhere(host) else pinned
    if not is_within(found, limit):
        detail = f"{host} is {found}, but this target may be {limit} at most"
        raise NetError(FailureKind.REFUSED_BY_POLICY, detail)


def narrowed_behind(pinned: AddressClass, host: str) -> AddressClass:
    """Return the class that a redirect must keep to after a proxy answered for `host`."""
    return outermost(pinned, pinned_class(host))


def _leads_anywhere(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return pinned_class(host) is AddressClass.PRIVATE
    return False


async def tunnel(stream: Stream, proxy: Proxy, host: str, port: int) -> None:
    """Ask the proxy at the other end of `stream` for a connection to `host`.

    Raises NetError: PROXY, with what the proxy answered, when it makes none.
    """
    authority = f"{_bracketed(host)}:{port}"
    ours = (("Host", authority), ("User-Agent", USER_AGENT), *proxy.authorization)
    given = {name.lower() for name, _ in proxy.connect_headers}
    kept = (entry for entry in ours if entry[0].lower() not in given)
    answer = Http1Response(method="HEAD")  # as in an answer to HEAD, a body is not looked at
    try:
        await stream.send(request_head("CONNECT", authority, (*kept, *proxy.connect_headers)))
        fed = await _read(stream, answer)
    except NetError as error:
        raise failed(proxy, f"CONNECT {authority}: {error.failure.detail}", error) from None
    finally:
        answer.close()
    if not 200 <= answer.status <= 299:
        raise failed(proxy, f"status {answer.status} to CONNECT {authority}")
    if not fed.endswith((b"\r\n\r\n", b"\n\n")):
        # The target speaks after us, so this is not from it.
        raise failed(proxy, f"sent more than its answer to CONNECT {authority}")


async def _read(stream: Stream, answer: Http1Response) -> bytes:
    """Read the answer; return the end of what came. Raises NetError."""
    fed = b""
    while not answer.complete:
        octets = await stream.receive()
        if octets:
            fed = fed[-4:] + octets
            answer.feed(octets)
        else:
            answer.end()
        if answer.failure is not None:
            raise answer.failure
    return fed


def failed(proxy: Proxy, what: str, error: NetError | None = None) -> NetError:
    """Return the failure of a proxy; `error` is what it comes from, if anything was met before."""
    return NetError(
        FailureKind.PROXY,
        f"proxy {proxy.shown}: {what}",
        cause=None if error is None else error.cause,
        answered=True if error is None else error.answered,
    )
