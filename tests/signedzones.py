"""Signed zones in memory, made by dnspython: what is validated by us was signed by others."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from monitor.net.anchors import Anchors, parse_anchors
from monitor.net.dnsmessage import Question
from monitor.net.dnssec import Validated, validate

NOON = datetime(2026, 11, 7, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ED25519 = 15


def private_key(algorithm: int) -> Any:
    """Return a new private key of a DNSSEC algorithm."""
    match algorithm:
        case 13:
            return ec.generate_private_key(ec.SECP256R1())
        case 14:
            return ec.generate_private_key(ec.SECP384R1())
        case 15:
            return ed25519.Ed25519PrivateKey.generate()
        case 16:
            return ed448.Ed448PrivateKey.generate()
        case _:
            return rsa.generate_private_key(65537, 2048)


@dataclass
class SignedZone:
    """A zone with one key, which signs everything in it."""

    name: str
    algorithm: int = ED25519
    inception: datetime = NOON - DAY
    expiration: datetime = NOON + 10 * DAY
    secret: Any = None
    dnskey: Any = field(init=False)

    def __post_init__(self) -> None:
        self.secret = self.secret or private_key(self.algorithm)
        public = self.secret.public_key()
        self.dnskey = dns.dnssec.make_dnskey(public, self.algorithm, flags=257)

    def ds(self, digest: str = "SHA256") -> str:
        """Return the text of the DS that its parent, or a trust anchor, has of it."""
        made = dns.dnssec.make_ds(
            dns.name.from_text(self.name), self.dnskey, digest, validating=True
        )
        return str(made)

    def anchor(self) -> str:
        return f"{self.name} IN DS {self.ds()}"

    def wire_name(self) -> bytes:
        return dns.name.from_text(self.name).to_wire()

    def sign(self, owner: str, kind: str, *values: str, ttl: int = 300) -> list[dns.rrset.RRset]:
        """Return records and their signature."""
        rrset = dns.rrset.from_text(owner, ttl, "IN", kind, *values)
        return [rrset, self.signature(rrset)]

    def signature(self, rrset: dns.rrset.RRset, **changes: Any) -> dns.rrset.RRset:
        """Return the signature over an RRset."""
        window: dict[str, Any] = {"inception": self.inception, "expiration": self.expiration}
        rrsig = dns.dnssec.sign(
            rrset,
            self.secret,
            dns.name.from_text(self.name),
            self.dnskey,
            **(window | changes),
        )
        return dns.rrset.from_rdata(rrset.name, rrset.ttl, rrsig)

    def keys(self) -> list[dns.rrset.RRset]:
        """Return the DNSKEY records, signed."""
        rrset = dns.rrset.from_rdata(dns.name.from_text(self.name), 300, self.dnskey)
        return [rrset, self.signature(rrset)]

    def expanded(self, wildcard: str, owner: str, kind: str, value: str) -> list[dns.rrset.RRset]:
        """Return what a wildcard's records become for `owner`, with the wildcard's signature."""
        source, signature = self.sign(wildcard, kind, value)
        name = dns.name.from_text(owner)
        return [
            dns.rrset.from_rdata_list(name, rrset.ttl, list(rrset)) for rrset in (source, signature)
        ]


RRsets = Sequence[dns.rrset.RRset]


def reply(answer: RRsets = (), authority: RRsets = (), rcode: str = "NOERROR") -> bytes:
    """Return the bytes of a reply with these records."""
    message = dns.message.Message()
    message.flags = dns.flags.QR
    message.set_rcode(dns.rcode.from_text(rcode))
    message.answer.extend(answer)
    message.authority.extend(authority)
    return message.to_wire(max_size=65535)


class Asked:
    """Answers questions from a table, and remembers them. What is not in it is a denial."""

    def __init__(self, table: dict[str, bytes]) -> None:
        self.table = table
        self.questions: list[str] = []

    async def __call__(self, question: Question) -> bytes:
        self.questions.append(str(question))
        return self.table.get(str(question), reply())


ROOT, ID, EXAMPLE = SignedZone("."), SignedZone("id."), SignedZone("example.id.")
ANCHORS = parse_anchors([ROOT.anchor()])
WWW = EXAMPLE.sign("www.example.id.", "A", "192.0.2.7", "192.0.2.8")


def nsec(zone: SignedZone, owner: str, following: str, types: str) -> list[dns.rrset.RRset]:
    """Return a signed NSEC; `types` are separated by spaces."""
    return zone.sign(owner, "NSEC", f"{following} {types}")


def world(example: SignedZone = EXAMPLE, **changes: bytes) -> Asked:
    """Return a chain from the root to example.id; changes are keyed `name_RECORD`."""
    table = {
        ". DNSKEY": reply(ROOT.keys()),
        "id DS": reply(ROOT.sign("id.", "DS", ID.ds())),
        "id DNSKEY": reply(ID.keys()),
        "example.id DS": reply(ID.sign("example.id.", "DS", example.ds())),
        "example.id DNSKEY": reply(example.keys()),
    }
    return Asked(table | {key.replace("_", " "): wire for key, wire in changes.items()})


async def validated(
    wire: bytes,
    asked: Asked | None = None,
    *,
    name: str = "www.example.id",
    record: str = "A",
    anchors: Anchors = ANCHORS,
    now: datetime = NOON,
) -> Validated:
    """Return what a reply to the question is worth."""
    return await validate(asked or world(), Question(name, record), wire, anchors, now)
