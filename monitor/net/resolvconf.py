"""resolv.conf: which name servers this machine asks."""

from ipaddress import ip_address

from monitor.net.dnsserver import NameServer

_MOST_SERVERS = 3  # as the C library
_DEFAULT = (NameServer("127.0.0.1"),)


def parse_resolv_conf(text: str) -> tuple[NameServer, ...]:
    """Return the name servers of a resolv.conf(5) in order: at most three, this machine if none.

    `search` and `domain` are left out on purpose: a name in a configuration is absolute and
    means the same on every machine. Timeouts come from our own configuration.
    """
    servers = (
        NameServer(words[1])
        for words in map(str.split, text.splitlines())
        if len(words) > 1 and words[0] == "nameserver" and _is_address(words[1])
    )
    return tuple(dict.fromkeys(servers))[:_MOST_SERVERS] or _DEFAULT


def _is_address(text: str) -> bool:
    """Say whether `text` is an IP literal; a link-local one may carry its zone id here."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
