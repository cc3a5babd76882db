"""Validation of a reply by ourselves, from a trust anchor down (RFC 4035, 5155, 6840).

- The chain of DS and DNSKEY records is asked for afresh each time, through whatever the caller
  gives to ask with.
- SECURE: every record that answers is signed, and so is every proof that something is not there.
  INSECURE: it is proven that a zone on the way is not signed, or only by algorithms that are not
  supported (8, 10, 13, 14, 15 and 16 are). BOGUS: anything else.
- Every CNAME on the way counts; the worst of them speaks.
- A signature counts for five minutes more at either end, or for a tenth of its time if that is
  less, since our clock may be off; `expires` is its end as it is written.
- The price is bounded: at most 64 questions, 160 signatures tried, 8 of them in vain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.domain.dnstypes import type_name, type_number
from monitor.net.anchors import Anchors
from monitor.net.dnsmessage import MOST_CNAMES, Question
from monitor.net.dnsnames import Malformed
from monitor.net.dnssecchain import AskSigned, Chain, Insecure, Zone
from monitor.net.dnssecdenial import Proof, no_closer_name, no_name, no_records
from monitor.net.dnssecrecords import plain_name, read_signatures
from monitor.net.dnssecsignatures import Bogus, signatures_of
from monitor.net.dnssecwire import (
    CNAME,
    DNAME,
    DS,
    NOERROR,
    NSEC,
    NSEC3,
    NXDOMAIN,
    RRSIG,
    SOA,
    Name,
    RRset,
    SignedReply,
    is_within,
    parse_name,
    read,
    shown,
)

_ANY = 255


class Security(StrEnum):
    """What validation came to, in the words of RFC 4035."""

    SECURE = "secure"
    INSECURE = "insecure"
    BOGUS = "bogus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """What a reply is worth.

    `reason` says why it is not secure. `expires` (Unix seconds) is the earliest end of the
    signatures that the zones of the answer made over it and over their keys; None where there
    are none. `zones` are those that the chain led through, from the anchor down.
    """

    security: Security
    reason: str | None = None
    expires: int | None = None
    zones: tuple[str, ...] = ()


async def validate(
    ask: AskSigned, question: Question, wire: bytes, anchors: Anchors, now: datetime
) -> Validated:
    """Return what the reply in `wire`, asked for with DO and CD, is worth `now`.

    Raises what `ask` raises.
    """
    validation = _Validation(Chain(ask, anchors, now))
    try:
        await validation.run(question, wire)
    except Insecure as error:
        return validation.result(Security.INSECURE, str(error))
    except Bogus as error:
        validation.expiries += [] if error.expires is None else [error.expires]
        return validation.result(Security.BOGUS, str(error))
    return validation.result(Security.SECURE, None)


def signers(wire: bytes) -> frozenset[Name]:
    """Return the zones that have signed what a reply holds, or say so; none for a broken one."""
    try:
        reply = read(wire)
    except Malformed:
        return frozenset()
    rrsets = (*reply.answer.values(), *reply.authority.values())
    signatures = (read_signatures(rrset) for rrset in rrsets if rrset.type == RRSIG)
    return frozenset(one.signer for found in signatures for one in found)


class _Validation:
    def __init__(self, chain: Chain) -> None:
        self.expiries: list[int] = []
        self._chain = chain
        self._insecure: Insecure | None = None

    def result(self, security: Security, reason: str | None) -> Validated:
        return Validated(
            security=security,
            reason=reason,
            expires=min(self.expiries, default=None),
            zones=tuple(map(shown, sorted(self._chain.zones, key=len))),
        )

    async def run(self, question: Question, wire: bytes) -> None:
        """Return if every step is secure. Raises Bogus if one is, else Insecure if one is."""
        record_type = type_number(question.record)
        name, reply = parse_name(question.name), _read(question, wire)
        for _ in range(MOST_CNAMES + 1):
            target = await self._step(name, record_type, reply)
            if target is None:
                break
            name = target
            if _is_cut_short(reply, name, record_type):
                reply = await self._chain.ask(name, question.record)
        else:
            raise Bogus(f"{question}: more than {MOST_CNAMES} CNAMEs")
        if self._insecure:
            raise self._insecure

    async def _step(self, name: Name, record_type: int, reply: SignedReply) -> Name | None:
        """Judge what the reply says of one name. Return the name that it is an alias of, if any."""
        found = _of_type(reply, name, record_type)
        alias = reply.answer.get((name, CNAME))
        try:
            if found:
                await self._found(found, reply)
            elif alias:
                await self._alias(alias, reply)
            else:
                await self._absent(name, record_type, reply)
        except Insecure as reason:
            self._insecure = self._insecure or reason
        if found or alias is None:
            return None
        return _target(alias)

    async def _found(self, found: Sequence[RRset], reply: SignedReply) -> None:
        """Return if the RRsets that were asked for are secure."""
        if reply.rcode == NXDOMAIN:
            raise Bogus(f"{found[0]}: there, but NXDOMAIN says that its name is not")
        for rrset in found:
            await (self._alias if rrset.type == CNAME else self._present)(rrset, reply)

    async def _present(self, rrset: RRset, reply: SignedReply) -> None:
        """Return if an RRset of the answer section is secure."""
        signers = [one.signer for one in signatures_of(rrset, reply.answer)]
        zone = await self._zone(rrset.owner, rrset.type, signers, str(rrset))
        verified = self._chain.verify(rrset, reply.answer, zone)
        self.expiries += [verified.expires, zone.expires]
        plain = rrset.owner[1:] if rrset.owner[:1] == (b"*",) else rrset.owner
        if verified.labels < len(plain):
            denied = self._chain.denial(reply, zone)
            self.expiries += denied.expiries
            proof = no_closer_name(denied.denial, plain, verified.labels)
            _demand(proof, f"{rrset}: a wildcard's, with no proof that it may stand for the name")

    async def _alias(self, alias: RRset, reply: SignedReply) -> None:
        """Return if a CNAME is secure, by itself or because a DNAME makes it (RFC 6672, 5.3)."""
        for rrset in reply.answer.values():
            is_above = rrset.owner != alias.owner and is_within(alias.owner, rrset.owner)
            if rrset.type == DNAME and is_above:
                await self._present(rrset, reply)
                made = (*alias.owner[: len(alias.owner) - len(rrset.owner)], *_target(rrset))
                if made != _target(alias):
                    raise Bogus(f"{alias}: not what {rrset} makes of the name")
                return
        await self._present(alias, reply)

    async def _absent(self, name: Name, record_type: int, reply: SignedReply) -> None:
        """Return if it is proven that there is no such name, or none of its type."""
        spans = [one for one in reply.authority.values() if one.type in {NSEC, NSEC3}]
        signatures = [one for span in spans for one in signatures_of(span, reply.authority)]
        what = f"{shown(name)} {type_name(record_type)}"
        signers = [one.signer for one in signatures]
        zone = await self._zone(name, record_type, signers, f"the denial of {what}")
        denied = self._chain.denial(reply, zone)
        self.expiries += [*denied.expiries, zone.expires]
        if reply.rcode == NXDOMAIN:
            proof, absent = no_name(denied.denial, name), "name"
        else:
            proof, absent = no_records(denied.denial, name, record_type), "record"
        if proof is Proof.NONE:
            # Raises Insecure for a name below an unsigned delegation, as a referral leaves it.
            await self._chain.zone(_side(name, record_type))
        _demand(proof, f"{what}: nothing proves that there is no such {absent}")

    async def _zone(self, name: Name, record_type: int, signers: Sequence[Name], what: str) -> Zone:
        """Return the zone that signed. Raises Insecure where it need not, Bogus where it should."""
        inside = _side(name, record_type)
        anchor = self._chain.anchor(inside)
        possible = [one for one in signers if is_within(inside, one) and is_within(one, anchor)]
        signer = max(possible, key=len, default=inside)
        zone = await self._chain.zone(signer)
        if possible and zone.name == signer:
            return zone
        fault = f"signed by {shown(signer)}, which is no zone" if possible else "not signed"
        doubt = f" ({self._chain.doubts[0]})" if self._chain.doubts else ""
        raise Bogus(f"{what}: {fault}, but {shown(zone.name)} is{doubt}")


def _read(question: Question, wire: bytes) -> SignedReply:
    try:
        reply = read(wire)
    except Malformed as error:
        raise Bogus(f"{question}: malformed answer: {error}") from None
    if reply.rcode not in {NOERROR, NXDOMAIN}:
        raise Bogus(f"{question}: an answer of this rcode has no signatures")
    return reply


def _of_type(reply: SignedReply, name: Name, record_type: int) -> list[RRset]:
    if record_type == _ANY:
        return [one for one in reply.answer.values() if one.owner == name and one.type != RRSIG]
    found = reply.answer.get((name, record_type))
    return [found] if found else []


def _side(name: Name, record_type: int) -> Name:
    """Return a name in the zone that a record is in: a DS is above (RFC 4035, 3.1.4.1)."""
    return name[1:] if record_type == DS else name


def _is_cut_short(reply: SignedReply, name: Name, record_type: int) -> bool:
    """Say whether a reply ends with an alias and says nothing of what it leads to.

    A denial bears the SOA of the zone that denies (RFC 2308, 3). What else the authority section
    holds is a referral to that zone, or the proof that a wildcard made the alias.
    """
    is_answered = _of_type(reply, name, record_type) or reply.answer.get((name, CNAME))
    soas = (one.owner for one in reply.authority.values() if one.type == SOA)
    return not is_answered and not any(is_within(name, owner) for owner in soas)


def _target(alias: RRset) -> Name:
    if len(alias.rdatas) != 1:  # whoever reads the reply might follow the other one
        raise Bogus(f"{alias}: more than one (RFC 2181, 10.1)")
    found = plain_name(alias.rdatas[0], 0)
    if found is None:
        raise Bogus(f"{alias}: leads to no name")
    return found[0]


def _demand(proof: Proof, fault: str) -> None:
    if proof is Proof.NONE:
        raise Bogus(fault)
    if proof is Proof.OPT_OUT:
        raise Insecure(f"{fault}, only no signed one (opt-out)")
