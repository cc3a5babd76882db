"""The way from a trust anchor to the zone of a name, one delegation after the other."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from monitor.domain.dnstypes import rcode_name
from monitor.net.anchors import Anchors
from monitor.net.dnsmessage import Question
from monitor.net.dnsnames import Malformed
from monitor.net.dnssecdenial import MOST_ITERATIONS, Cut, Denial, HashedSpans, Spans, no_digest
from monitor.net.dnsseckeys import SUPPORTED
from monitor.net.dnssecrecords import (
    DIGESTS,
    HashedSpan,
    Key,
    KeyDigest,
    read_digests,
    read_hashed_span,
    read_keys,
    read_span,
)
from monitor.net.dnssecsignatures import Bogus, Effort, Verified, signatures_of, verify
from monitor.net.dnssecwire import (
    CNAME,
    DNSKEY,
    DS,
    NOERROR,
    NSEC,
    NSEC3,
    NXDOMAIN,
    Name,
    RRset,
    Section,
    SignedReply,
    is_within,
    read,
    shown,
)

AskSigned = Callable[[Question], Awaitable[bytes]]
"""Returns the bytes of a reply to a question with DO and CD set. May raise NetError."""

_MOST_QUESTIONS = 64
_MOST_KEYS, _MOST_DIGESTS, _MOST_SPANS = 32, 16, 8


class Insecure(Exception):
    """The chain of signatures provably ends above the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone whose keys the chain leads to. `expires` is when its own signature of them ends."""

    name: Name
    keys: tuple[Key, ...]
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """What a reply denies, and when the signatures over that end."""

    denial: Denial
    expiries: tuple[int, ...]


class Chain:
    """Zones found on the way down from `anchors`, each asked for once."""

    def __init__(self, ask: AskSigned, anchors: Anchors, now: datetime) -> None:
        self.zones: dict[Name, Zone] = {}
        self.doubts: list[str] = []
        self._ask = ask
        self._anchors = anchors
        self._now = now
        self._effort = Effort()
        self._questions = 0
        self._governing: dict[Name, Zone | Insecure] = {}

    async def ask(self, name: Name, record: str) -> SignedReply:
        """Return a reply about `name`. Raises Bogus for one that no chain can be made of."""
        self._questions += 1
        text = shown(name)
        if self._questions > _MOST_QUESTIONS:
            raise Bogus(f"given up after {_MOST_QUESTIONS} questions")
        if "\\" in text:
            raise Bogus(f"{text}: no name that can be asked for")
        try:
            reply = read(await self._ask(Question(text, record)))
        except Malformed as error:
            raise Bogus(f"{text} {record}: malformed answer: {error}") from None
        if reply.rcode not in {NOERROR, NXDOMAIN}:
            raise Bogus(f"{text} {record}: {rcode_name(reply.rcode)}")
        return reply

    def anchor(self, name: Name) -> Name:
        """Return the zone of the anchor that stands for `name`. Raises Insecure without one."""
        for count in range(len(name) + 1):
            if name[count:] in self._anchors:
                return name[count:]
        raise Insecure(f"no trust anchor for {shown(name)}")

    async def zone(self, name: Name) -> Zone:
        """Return the zone that `name` lies in. Raises Insecure and Bogus."""
        found = self._governing.get(name)
        if found is None:
            try:
                found = await self._find(name)
            except Insecure as reason:
                found = reason
            self._governing[name] = found
        if isinstance(found, Insecure):
            raise found
        return found

    def verify(self, rrset: RRset, section: Section, zone: Zone) -> Verified:
        """Return the signature of `zone` over an RRset in its section. Raises Bogus."""
        return self._verify(rrset, section, zone.name, zone.keys)

    def denial(self, reply: SignedReply, zone: Zone) -> Denied:
        """Return what a reply denies, by signed spans of `zone`. Raises Bogus and Insecure."""
        spans = (one for one in reply.authority.values() if _is_span_of(zone, one, reply))
        rrsets = list(islice(spans, _MOST_SPANS))
        verified = [self._span(rrset, reply, zone) for rrset in rrsets]
        hashed = [one for one in map(read_hashed_span, rrsets) if one and one.zone == zone.name]
        return Denied(
            denial=_hashed(hashed, zone) or Spans([one for one in map(read_span, rrsets) if one]),
            expiries=tuple(one.expires for one in verified),
        )

    def _span(self, rrset: RRset, reply: SignedReply, zone: Zone) -> Verified:
        verified = self.verify(rrset, reply.authority, zone)
        if verified.labels != len(rrset.owner) - (rrset.owner[:1] == (b"*",)):
            raise Bogus(f"{rrset}: made from a wildcard")
        return verified

    async def _find(self, name: Name) -> Zone:
        digests = self._anchors.get(name)
        if digests is not None:
            return await self._enter(name, digests)
        if not name:
            raise Insecure("no trust anchor for the root")
        above = await self.zone(name[1:])
        found = await self._digests(name, above)
        return above if found is None else await self._enter(name, found)

    async def _digests(self, name: Name, above: Zone) -> tuple[KeyDigest, ...] | None:
        """Return the DS records of `name`, None if it is no zone. Raises Insecure and Bogus."""
        reply = await self.ask(name, "DS")
        rrset = reply.answer.get((name, DS))
        if rrset is not None:
            self.verify(rrset, reply.answer, above)
            return read_digests(rrset)
        if (name, CNAME) in reply.answer:
            return None
        cut = no_digest(self.denial(reply, above).denial, name)
        if cut is Cut.INSECURE:
            raise Insecure(f"{shown(name)}: no DS in {shown(above.name)}")
        if cut is Cut.UNPROVEN and reply.rcode == NOERROR:
            # Taken for no zone of its own, which asks for the more: signatures of the one above.
            self.doubts.append(f"{shown(name)} DS: neither there nor denied")
        return None

    async def _enter(self, name: Name, digests: Sequence[KeyDigest]) -> Zone:
        """Return the zone whose keys the digests vouch for. Raises Insecure and Bogus."""
        usable = [one for one in digests if one.algorithm in SUPPORTED]
        usable = [one for one in usable if one.digest_type in DIGESTS][:_MOST_DIGESTS]
        if not usable:
            numbers = ", ".join(f"{one.algorithm}/{one.digest_type}" for one in digests[:5])
            raise Insecure(f"{shown(name)}: no supported algorithm and digest in DS ({numbers})")
        reply = await self.ask(name, "DNSKEY")
        rrset = reply.answer.get((name, DNSKEY))
        if rrset is None:
            raise Bogus(f"{shown(name)}: no DNSKEY, but a DS")
        keys = read_keys(rrset)[:_MOST_KEYS]
        trusted = [key for key in keys if any(one.matches(name, key) for one in usable)]
        if not trusted:
            tags = (_listed(one.tag for one in usable), _listed(key.tag for key in keys))
            raise Bogus("{}: DS names key {}, DNSKEY has {}".format(shown(name), *tags))
        verified = self._verify(rrset, reply.answer, name, trusted)
        zone = Zone(name=name, keys=keys, expires=verified.expires)
        self.zones[name] = zone
        return zone

    def _verify(self, rrset: RRset, section: Section, zone: Name, keys: Sequence[Key]) -> Verified:
        signatures = signatures_of(rrset, section)
        return verify(rrset, signatures, zone, keys, now=self._now, effort=self._effort)


def _is_span_of(zone: Zone, rrset: RRset, reply: SignedReply) -> bool:
    """Say whether an RRset is a span that `zone` claims to have signed."""
    if rrset.type not in {NSEC, NSEC3} or not is_within(rrset.owner, zone.name):
        return False
    signatures = signatures_of(rrset, reply.authority)
    return any(one.signer == zone.name for one in signatures)


def _hashed(spans: Sequence[HashedSpan], zone: Zone) -> Denial | None:
    """Return the spans that hash as the first does, None without any. Raises Insecure."""
    if not spans:
        return None
    first = spans[0]
    if first.iterations > MOST_ITERATIONS:
        detail = f"{first.iterations} iterations of NSEC3, more than {MOST_ITERATIONS}"
        raise Insecure(f"{shown(zone.name)}: {detail}")
    way = (first.iterations, first.salt)
    return HashedSpans([one for one in spans if (one.iterations, one.salt) == way])


def _listed(tags: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(set(tags))[:5])) or "none"
