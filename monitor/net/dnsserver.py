"""Where a name server is."""

from dataclasses import dataclass

DNS_PORT = 53


@dataclass(frozen=True, slots=True)
class NameServer:
    """`host` is an IP literal, or a name that is yet to be resolved."""

    host: str
    port: int = DNS_PORT

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
