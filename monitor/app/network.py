"""The network that a configuration asks for."""

from ipaddress import ip_address
from time import monotonic

from monitor.configuration.config import Config
from monitor.engine.canaries import network_canaries, resolver_canaries
from monitor.engine.selfcheck import SelfCheck
from monitor.net.dnsserver import NameServer
from monitor.net.network import Network
from monitor.net.resolver import Resolver

_DNS_PORT = 53


def build_network(config: Config) -> Network:
    """Return the network with the resolver that `config` names."""
    settings = config.monitor
    servers = [
        NameServer(str(ip_address(server.host)), server.port or _DNS_PORT)
        for server in settings.resolver.nameservers
    ]
    timeout = settings.resolver.timeout.total_seconds()
    return Network(resolver=Resolver(servers, timeout_seconds=timeout))


def build_self_check(config: Config, network: Network) -> SelfCheck:
    """Return the self-check with the canaries that `config` names, or those of this machine."""
    chosen = config.monitor.self_check
    return SelfCheck(
        network_canaries(chosen.targets, network),
        resolver_canaries(network),
        monotonic,
        require=chosen.require,
    )
