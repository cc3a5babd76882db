"""Which targets /probe takes when it takes those of configured checks alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.blackbox.endpoint import split_url_host
from monitor.blackbox.modules import Module
from monitor.domain.hostname import parse_host
from monitor.fields.addresses import Endpoint, parse_endpoint
from monitor.net.urls import parse_target

_DNS_PORT, _DNS_OVER_TLS_PORT = 53, 853
_SCHEMES = ("http://", "https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What the enabled checks probe.

    A module of the HTTP prober may probe the URL of an HTTP check, query and all; one of TCP or
    DNS or gRPC may probe a host with a port that some check probes, by whatever means; one of
    ICMP may probe the host of a check.
    """

    urls: frozenset[str]
    endpoints: frozenset[tuple[str, int]]
    hosts: frozenset[str]

    def refusal(self, module: Module, target: str, hostname: str) -> str | None:
        """Return why `target` is not probed, or None if it may be.

        `hostname`, if any, names another virtual host, so it must be the host of a check too.
        """
        if not self._is_known(module, target):
            return "this target is none of an enabled check (probe.targets: configured)"
        if hostname and _host(hostname) not in self.hosts:
            return "this hostname is none of an enabled check (probe.targets: configured)"
        return None

    def _is_known(self, module: Module, target: str) -> bool:
        match module.prober:
            case "http":
                return _url(with_scheme(target, module)) in self.urls
            case "icmp":
                return _host(target) in self.hosts
            case "dns":
                usual = _DNS_OVER_TLS_PORT if module.dns.dns_over_tls else _DNS_PORT
                return _endpoint(target, usual) in self.endpoints
            case "grpc":
                asked = split_url_host(target, default_port=443 if module.grpc.tls else 80)
                return asked is not None and _endpoint(str(Endpoint(*asked))) in self.endpoints
            case _:
                return _endpoint(target) in self.endpoints


def allowed(probed: Iterable[str]) -> Allowed:
    """Return what may be probed where checks probe `probed`: URLs, host:port texts and hosts.

    A host without a port is a DNS server at its usual port, or one that is pinged.
    """
    urls, endpoints, hosts = set(), set(), set()
    for text in probed:
        if text.startswith(_SCHEMES):
            target = parse_target(text)
            urls.add(str(target))
            endpoints.add((target.origin.host, target.origin.port))
            hosts.add(target.origin.host)
        elif (endpoint := _endpoint(text)) is not None:
            endpoints.add(endpoint)
            hosts.add(endpoint[0])
        elif (host := _host(text)) is not None:
            hosts.add(host)
            endpoints.add((host, _DNS_PORT))
    return Allowed(urls=frozenset(urls), endpoints=frozenset(endpoints), hosts=frozenset(hosts))


def with_scheme(target: str, module: Module) -> str:
    """Return the URL that the HTTP prober makes of a target: one without a scheme is http."""
    if target.startswith(_SCHEMES):
        return target
    return f"{'https' if module.http.enable_http3 else 'http'}://{target}"


def _url(text: str) -> str | None:
    try:
        return str(parse_target(text))
    except ValueError:
        return None


def _endpoint(text: str, default: int | None = None) -> tuple[str, int] | None:
    try:
        endpoint = parse_endpoint(text)
    except ValueError:
        return None
    port = endpoint.port or default
    return None if port is None else (endpoint.host, port)


def _host(text: str) -> str | None:
    try:
        return parse_host(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
