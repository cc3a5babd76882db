"""How a name server is written: `host[:port]`."""

from dataclasses import dataclass

from monitor.domain.hostname import parse_host

DNS_PORT = 53


@dataclass(frozen=True, slots=True)
class NameServer:
    """`host` is an IP literal or a name, as `parse_host` gives it."""

    host: str
    port: int = DNS_PORT

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_nameserver(text: str) -> NameServer:
    """Return the server that `text` names: `10.0.0.53`, `ns1.example.id:5353`, `[::1]:53`, `::1`.

    Raise ValueError, with the text and what is wrong with it.
    """
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or ":" not in host or (rest and not rest.startswith(":")):
            raise ValueError(f"{text!r} is no name server: write [address]:port")
        return NameServer(parse_host(host), _port(text, rest[1:]) if rest else DNS_PORT)
    host, colon, port = text.partition(":")
    if not colon or ":" in port:
        return NameServer(parse_host(text))
    return NameServer(parse_host(host), _port(text, port))


def _port(text: str, digits: str) -> int:
    if not (digits.isascii() and digits.isdigit() and 1 <= int(digits[:6]) <= 65535):
        raise ValueError(f"{text!r} is no name server: its port is not within 1-65535")
    return int(digits)
