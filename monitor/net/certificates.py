"""What a certificate says, as values. Parsed in one place, with a limit on what is parsed.

Everything in a certificate was written by whoever runs the target: the texts here are data.
"""

import hashlib
import warnings
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtensionOID,
    NameOID,
    ObjectIdentifier,
    SignatureAlgorithmOID,
)

LARGEST_CHAIN = 65_536  # bytes of DER that are looked at; what goes beyond is left out
_REMEMBERED = 67_108_864  # bytes that remembered chains may take; an ordinary one takes 5 KiB
_NAME_BYTES = 64  # that a name takes in memory, beside those in the certificate
_MOST_RESPONDERS = 4  # of a certificate, that are looked at
# What cryptography raises for bytes that are no certificate, or none that it knows.
UNREADABLE = (
    KeyError,  # a TLS feature that cryptography does not know
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


# Compared by identity: equal chains are one object as long as they are remembered, and whoever
# derives something from one can remember it by the object.
@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Certificate:
    """One certificate. Times are Unix seconds; the serial and the fingerprint lower-case hex.

    Names are written as RFC 2253 has them, in the order of blackbox_exporter's labels.
    `key` is the SHA-256 of its public key, "" for a key of an unknown kind. `names` are its DNS
    names as they stand there, `addresses` its IP addresses. `organisation` is the issuer's. `ocsp`
    holds where its authority says whether it was revoked, and `must_staple` that the server has to
    bring that word along (RFC 7633).
    """

    subject: str
    issuer: str
    serial: str
    not_before: float
    not_after: float
    fingerprint: str
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    key_type: str
    key_bits: int
    signature: str
    self_issued: bool
    key: str = ""
    organisation: str = ""
    ocsp: tuple[str, ...] = ()
    must_staple: bool = False


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Chain:
    """The certificates as they were presented, the target's own first.

    `left_out` counts those that no parser could read, or that stood beyond the limit.
    """

    certificates: tuple[Certificate, ...]
    left_out: int = 0

    @property
    def leaf(self) -> Certificate | None:
        """The target's own certificate, if it could be read."""
        return self.certificates[0] if self.certificates else None

    @property
    def earliest_expiry(self) -> float | None:
        """When the first of them expires (Unix seconds)."""
        return min((one.not_after for one in self.certificates), default=None)


class RememberedChains:
    """Chains by the digest of their bytes, as many as fit into `most` bytes of memory.

    What a target shows may be large and new every time, so that a count alone bounds too little.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._chains: OrderedDict[bytes, tuple[Chain, int]] = OrderedDict()

    def get(self, digest: bytes) -> Chain | None:
        """Return the chain, None if it is not remembered."""
        found = self._chains.get(digest)
        return None if found is None else found[0]

    def put(self, digest: bytes, chain: Chain, size: int) -> None:
        """Remember a chain of `size` bytes of DER; the oldest make room for it."""
        names = sum(len(one.names) + len(one.addresses) for one in chain.certificates)
        weight = size + names * _NAME_BYTES
        self._chains[digest] = chain, weight
        self._taken += weight
        while self._taken > self._most:
            _, (_, freed) = self._chains.popitem(last=False)
            self._taken -= freed


_chains = RememberedChains(_REMEMBERED)


def read_chain(encoded: tuple[bytes, ...]) -> Chain:
    """Return what a chain of DER certificates says. Equal chains are parsed once.

    It never raises for what stands in a certificate.
    """
    octets = b"".join((*(len(one).to_bytes(4) for one in encoded), *encoded))
    digest = hashlib.sha256(octets).digest()
    chain = _chains.get(digest)
    if chain is None:
        chain = _read_chain(encoded)
        _chains.put(digest, chain, min(len(octets), LARGEST_CHAIN))
    return chain


def _read_chain(encoded: tuple[bytes, ...]) -> Chain:
    certificates: list[Certificate] = []
    size = 0
    for octets in encoded:
        size += len(octets)
        certificate = _read(octets) if size <= LARGEST_CHAIN else None
        if certificate is None:
            # Nothing behind a hole: the first entry must be the target's own.
            break
        certificates.append(certificate)
    return Chain(tuple(certificates), len(encoded) - len(certificates))


def _read(octets: bytes) -> Certificate | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd serials and the like: old appliances have them
            return _facts(x509.load_der_x509_certificate(octets), octets)
    except UNREADABLE:
        return None


def _facts(certificate: x509.Certificate, octets: bytes) -> Certificate:
    names, addresses = _alternative_names(certificate)
    key_type, key_bits = _key(certificate)
    return Certificate(
        subject=name_text(certificate.subject),
        issuer=name_text(certificate.issuer),
        serial=_hex(certificate.serial_number),
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
        fingerprint=hashlib.sha256(octets).hexdigest(),
        names=names,
        addresses=addresses,
        key_type=key_type,
        key_bits=key_bits,
        signature=_signature(certificate),
        self_issued=certificate.subject == certificate.issuer,
        key=_key_digest(certificate),
        organisation=_organisation(certificate.issuer),
        ocsp=_responders(certificate),
        must_staple=_must_staple(certificate),
    )


def _organisation(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    value = found[0].value if found else ""
    return value if isinstance(value, str) else value.decode("latin-1")


def _responders(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except x509.ExtensionNotFound:
        return ()
    return tuple(
        one.access_location.value
        for one in access.value
        if one.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(one.access_location, x509.UniformResourceIdentifier)
    )[:_MOST_RESPONDERS]


def _must_staple(certificate: x509.Certificate) -> bool:
    try:
        features = certificate.extensions.get_extension_for_class(x509.TLSFeature)
    except x509.ExtensionNotFound:
        return False
    return x509.TLSFeatureType.status_request in features.value


def _hex(number: int) -> str:
    """Return the bytes of a number: an even count of digits, as Go prints a serial."""
    digits = f"{abs(number):x}"
    return "0" * (len(digits) % 2) + digits


def _alternative_names(
    certificate: x509.Certificate,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        extension = certificate.extensions.get_extension_for_oid(
            ExtensionOID.SUBJECT_ALTERNATIVE_NAME
        )
    except x509.ExtensionNotFound:
        return (), ()
    value = extension.value
    if not isinstance(value, x509.SubjectAlternativeName):
        return (), ()
    addresses = value.get_values_for_type(x509.IPAddress)
    return tuple(value.get_values_for_type(x509.DNSName)), tuple(map(str, addresses))


def _key(certificate: x509.Certificate) -> tuple[str, int]:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "unknown", 0
    match key:
        case rsa.RSAPublicKey():
            return "RSA", key.key_size
        case ec.EllipticCurvePublicKey():
            return "ECDSA", key.key_size
        case dsa.DSAPublicKey():
            return "DSA", key.key_size
    return type(key).__name__.removesuffix("PublicKey").strip("_"), 0


def _key_digest(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return ""
    octets = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(octets).hexdigest()


def _signature(certificate: x509.Certificate) -> str:
    """Return the name of the signature's algorithm, its number where it has none.

    Of RSA-PSS the hash is told, too: the name alone does not say that it is SHA-1.
    """
    identifier = certificate.signature_algorithm_oid
    name = getattr(identifier, "_name", "Unknown OID")
    if name == "Unknown OID":
        return identifier.dotted_string
    if identifier != SignatureAlgorithmOID.RSASSA_PSS:
        return str(name)
    try:
        algorithm = certificate.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        algorithm = None
    return f"{name} with {algorithm.name.upper() if algorithm else 'an unknown hash'}"


# The order, last first, in which Go writes the attributes that it knows.
_ATTRIBUTES = {
    NameOID.SERIAL_NUMBER: "SERIALNUMBER",
    NameOID.COMMON_NAME: "CN",
    NameOID.POSTAL_CODE: "POSTALCODE",
    NameOID.STREET_ADDRESS: "STREET",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.LOCALITY_NAME: "L",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.COUNTRY_NAME: "C",
}
_ONCE = {NameOID.COMMON_NAME, NameOID.SERIAL_NUMBER}  # Go keeps the last of these
_ESCAPED = str.maketrans({character: "\\" + character for character in ',+"\\<>;'})


def name_text(name: x509.Name) -> str:
    """Return a distinguished name in the form of RFC 2253, ordered as Go orders it.

    Dashboards and alerts that were written for blackbox_exporter compare these texts.
    """
    found: dict[ObjectIdentifier, list[str]] = {}
    strange: list[str] = []
    for attribute in name:
        value = attribute.value
        text = value if isinstance(value, str) else value.decode("latin-1")
        if attribute.oid in _ATTRIBUTES:
            found.setdefault(attribute.oid, []).append(_escaped(text))
        else:
            strange.append(f"{attribute.oid.dotted_string}=#{_der_string(text)}")
    parts: list[str] = []
    for oid, label in _ATTRIBUTES.items():
        values = found.get(oid, [])
        kept = values[-1:] if oid in _ONCE else values
        if kept:
            parts.append("+".join(f"{label}={value}" for value in kept))
    return ",".join(parts + strange[::-1])


def _escaped(text: str) -> str:
    escaped = text.translate(_ESCAPED)
    if escaped.startswith((" ", "#")):
        escaped = "\\" + escaped
    if text.endswith(" ") and len(text) > 1:
        escaped = escaped[:-1] + "\\ "
    return escaped


def _der_string(text: str) -> str:
    """Return the hex of a text as ASN.1 has it: printable where it can be, else UTF-8."""
    octets = text.encode(errors="replace")
    printable = all(c.isascii() and (c.isalnum() or c in " '()+,-./:=?*&") for c in text)
    length = len(octets)
    if length < 128:
        size = bytes([length])
    else:
        raw = length.to_bytes((length.bit_length() + 7) // 8)
        size = bytes([0x80 | len(raw)]) + raw
    return (bytes([0x13 if printable else 0x0C]) + size + octets).hex()


def covers(certificate: Certificate, host: str) -> bool:
    """Say whether a certificate is for `host`, an IP literal or a name in ASCII (RFC 9525).

    A wildcard stands for exactly one whole label, the first. The subject's common name counts
    for nothing.
    """
    try:
        return str(ip_address(host)) in certificate.addresses
    except ValueError:
        name = host.lower().removesuffix(".")
    return any(_matches(pattern.lower().removesuffix("."), name) for pattern in certificate.names)


def _matches(pattern: str, name: str) -> bool:
    if pattern.startswith("*."):
        first, dot, rest = name.partition(".")
        return bool(first) and bool(dot) and "." in rest and rest == pattern[2:]
    return pattern == name
