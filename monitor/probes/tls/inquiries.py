"""What a check of type tls may ask beside its handshake. Nothing of it raises or overruns.

Each question gets a part of the time that is left, so that a responder that hangs is told as such
and does not make the whole check late.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from monitor.checktype import ProbeContext
from monitor.conditions.authorities import Agreement, agreement, asked_name
from monitor.net.caa import Caa, find_caa
from monitor.net.certificates import Certificate
from monitor.net.dnsclient import DnsAnswer, QueryTrace
from monitor.net.dnsmessage import Question
from monitor.net.errors import NetError
from monitor.net.fetch import Reply, Request
from monitor.net.ocsp import (
    OcspStatus,
    Standing,
    ask_responder,
    read_response,
    unavailable,
)
from monitor.net.policy import classify_address
from monitor.net.starttls import negotiate
from monitor.net.tls import TlsFacts
from monitor.net.tlsversions import Offers, older_offers, weak_offers
from monitor.net.trace import Trace
from monitor.probes.tls.spec import TlsSpec

if TYPE_CHECKING:
    from monitor.net.connection import Stream

_SHARE = 0.8  # of the time that is left, for questions beside the handshake
_HOLDS_SECONDS = 3600.0  # that a good answer is not asked for again


class Inquiries:
    """The questions about one server, at the address that the handshake was made with."""

    def __init__(
        self,
        spec: TlsSpec,
        context: ProbeContext,
        trace: Trace,
        leaf: Certificate,
        tls: TlsFacts,
    ) -> None:
        assert trace.address is not None, "a handshake was made with an address"  # noqa: S101
        self._spec = spec
        self._context = context
        self._address = trace.address
        self._leaf = leaf
        self._tls = tls
        left = context.deadline - context.monotonic()
        self._deadline = context.monotonic() + _SHARE * left

    async def offers(self) -> Offers | None:
        """Return what the server accepts beside what it should, None when nobody asked."""
        expect = self._spec.expect
        if expect.minimum is None and not expect.strong_ciphers:
            return None
        found = Offers()
        if expect.minimum is not None:
            found = await older_offers(self._open, expect.minimum, self._spec.asked_name)
        if expect.strong_ciphers:
            weak = await weak_offers(self._open, self._spec.asked_name)
            found = replace(found, ciphers=weak.ciphers, unknown=(*found.unknown, *weak.unknown))
        return found

    async def _open(self) -> "Stream":
        """Return a connection on which the server expects a handshake."""
        trace = Trace()
        stream = await self._context.network.connect(
            self._spec.host,
            self._spec.dialled_port,
            deadline=self._deadline,
            trace=trace,
            resolve_to=self._address,
        )
        if self._spec.protocol is None:
            return stream
        try:
            await negotiate(stream, self._spec.protocol, self._spec.asked_name, trace)
        except BaseException:
            stream.close()
            raise
        return stream

    async def revocation(self, kept: dict[str, Any]) -> OcspStatus | None:
        """Return whether the certificate was revoked, None when nobody asked.

        A good answer of a responder goes to `kept`, by the certificate's fingerprint.
        """
        match self._spec.ocsp:
            case "staple":
                return await self._stapled()
            case "responder":
                return await self._of_responder(kept)
        return None

    async def _of_responder(self, kept: dict[str, Any]) -> OcspStatus:
        now = self._context.now
        mine = self._leaf.fingerprint
        known = (self._context.remembered.get("ocsp") or {}).get(mine)
        status = still_good(known, now.timestamp())
        if status is not None:
            kept[mine] = known
            return status
        status = await ask_responder(self._post, self._tls.pair, self._leaf.ocsp, now)
        if status.standing is Standing.GOOD:
            kept[mine] = {**asdict(status), "asked_at": now.timestamp()}
        return status

    async def _post(self, request: Request) -> Reply:
        return await self._context.network.fetch(
            request,
            deadline=self._deadline,
            trace=Trace(),
            pinned=classify_address(self._address),
        )

    async def _stapled(self) -> OcspStatus:
        from monitor.net.stapling import stapled

        try:
            stream = await self._open()
            try:
                octets = await stapled(stream, self._spec.asked_name)
            finally:
                stream.close()
        except NetError as error:
            return unavailable(error.failure.detail)
        if not octets:
            return unavailable("the server sends no response along")
        return read_response(octets, self._tls.pair, self._context.now)

    async def agreement(self) -> Agreement | None:
        """Return whether the DNS allows the issuer, None when nobody asked."""
        if not self._spec.caa:
            return None
        name, wildcard = asked_name(self._leaf, self._spec.asked_name)
        try:
            caa = await find_caa(self._ask, name, wildcard=wildcard)
        except NetError as error:
            return Agreement(agrees=None, caa=Caa(), problem=error.failure.detail)
        return agreement(caa, self._leaf, self._spec.caa_domains)

    async def _ask(self, question: Question) -> DnsAnswer:
        return await self._context.network.resolver.ask(
            question, self._deadline, trace=QueryTrace()
        )


def still_good(known: Mapping[str, Any] | None, now: float) -> OcspStatus | None:
    """Return an answer from the last check that holds at `now` (Unix seconds), None without."""
    if known is None or not 0 <= now - known["asked_at"] < _HOLDS_SECONDS:
        return None
    status = OcspStatus(
        standing=Standing(known["standing"]), since=known["since"], until=known["until"]
    )
    return status if status.until is None or now < status.until else None
