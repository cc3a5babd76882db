"""Where a visit to a server goes, when TLS begins on it, and the connection it is made over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

from monitor.net.connection import Stream
from monitor.net.network import Network
from monitor.net.reader import Reader
from monitor.net.resolver import Family
from monitor.net.tls import TlsSettings
from monitor.net.trace import Phase, Trace


class Security(StrEnum):
    """When TLS begins."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Where to go and how. `tls` is None with Security.NONE, and only then."""

    protocol: str
    host: str
    port: int
    security: Security
    tls: TlsSettings | None = None


@asynccontextmanager
async def connected(
    network: Network, visit: Visit, *, deadline: float, trace: Trace, family: Family
) -> AsyncIterator[Stream]:
    """Connect, over TLS where it comes first; the connection ends with the block."""
    if visit.tls is not None:
        network.contexts.get(visit.tls)  # a file that can't be read is no fault of the target
    stream = await network.connect(
        visit.host,
        visit.port,
        deadline=deadline,
        trace=trace,
        family=family,
        tls=visit.tls if visit.security is Security.IMPLICIT else None,
    )
    trace.enter(Phase.PROCESSING)
    try:
        yield stream
    finally:
        stream.finish()
        trace.leave()


async def shake_hands(reader: Reader, network: Network, visit: Visit) -> None:
    """Make the handshake that the server agreed to; nothing said before counts behind it.

    Raises NetError.
    """
    settings = visit.tls or TlsSettings()
    reader.nothing_slipped_in()
    stream = reader.stream
    context = network.contexts.get(settings)
    await stream.start_tls(context, settings, settings.server_name or visit.host)
    stream.trace.enter(Phase.PROCESSING)
