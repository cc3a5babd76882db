"""The network that a configuration asks for."""

from ipaddress import ip_address

from monitor.configuration.settings import MonitorSettings
from monitor.engine.canaries import network_canaries, resolver_canaries
from monitor.engine.selfcheck import SelfCheck
from monitor.net.dnsserver import NameServer
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.ports import Clock

_DNS_PORT = 53


def build_network(settings: MonitorSettings) -> Network:
    """Return the network with the resolver of `settings`."""
    servers = [
        NameServer(str(ip_address(server.host)), server.port or _DNS_PORT)
        for server in settings.resolver.nameservers
    ]
    timeout = settings.resolver.timeout.total_seconds()
    return Network(resolver=Resolver(servers, timeout_seconds=timeout))


def build_self_check(settings: MonitorSettings, network: Network, clock: Clock) -> SelfCheck:
    """Return the self-check with the canaries of `settings`, or those of this machine."""
    chosen = settings.self_check
    return SelfCheck(
        network_canaries(chosen.targets, network),
        resolver_canaries(network),
        clock.monotonic,
        require=chosen.require,
    )
