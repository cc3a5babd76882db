"""What is known so far of one check's way through the network."""

from enum import StrEnum
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.net.tls import TlsFacts


class Phase(StrEnum):
    """Where the time of a check goes. The names and meanings are those of blackbox_exporter."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    PROCESSING = "processing"
    TRANSFER = "transfer"


class Trace:
    """The record that a connection writes as it goes, and that stays when a step raises.

    `phases` holds seconds, summed over every hop; together they are the whole time from the
    first `enter` to the last `leave`, without a gap. `address` (an IP literal) is the one that
    was dialled first. `phase` is the one that runs. `tls` speaks of the last handshake, also of
    one that failed. `status` is that of the last HTTP response, 0 without one; `redirects`
    counts those that were answered, also one that was not followed, but none whose Location is no
    URL. `banner` is what a server greeted with before TLS, "" without a greeting.
    """

    __slots__ = (
        "_since",
        "address",
        "banner",
        "began",
        "phase",
        "phases",
        "redirects",
        "status",
        "tls",
    )

    def __init__(self) -> None:
        self.address: str | None = None
        self.phases: dict[Phase, float] = {}
        self.tls: TlsFacts | None = None
        self.began: float | None = None
        self.status = 0
        self.redirects = 0
        self.banner = ""
        self.phase: Phase | None = None
        self._since = 0.0

    def enter(self, phase: Phase | None) -> None:
        """End the phase that runs, and begin `phase`; None only ends."""
        now = monotonic()
        if self.phase is not None:
            self.phases[self.phase] = self.phases.get(self.phase, 0.0) + now - self._since
        elif self.began is None:
            self.began = now
        self.phase, self._since = phase, now

    def leave(self) -> None:
        """End the phase that runs."""
        self.enter(None)

    @property
    def seconds(self) -> float:
        """The time that the ended phases took together."""
        return sum(self.phases.values())
