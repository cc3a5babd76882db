"""Certificates for tests: a small authority, and chains that are right or wrong in one way."""

import datetime as dt
import ipaddress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

NAME = "makassarkota.test"
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key, and whom it was issued by (None: by itself)."""

    certificate: x509.Certificate
    key: Key
    issuer: "Issued | None" = None

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def key_pem(self, passphrase: bytes = b"") -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase)
            if passphrase
            else serialization.NoEncryption(),
        )


@cache
def a_key(kind: str = "ecdsa", label: str = "") -> Key:
    """Return a key; the same for the same label, since making RSA keys takes long."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:] or 2048))
    return ec.generate_private_key(ec.SECP256R1())


def issue(
    *,
    subject: str = NAME,
    names: tuple[str, ...] = (NAME,),
    issuer: Issued | None = None,
    kind: str = "ecdsa",
    days: tuple[float, float] = (-1, 90),
    authority: bool = False,
    label: str = "",
    organisation: str = "Kota Makassar",
    extensions: tuple[x509.ExtensionType, ...] = (),
    critical: tuple[x509.ExtensionType, ...] = (),
) -> Issued:
    """Return a certificate valid from days[0] to days[1] from now; `issuer` None: self-signed.

    `extensions` and `critical` ones stand beside the usual ones.
    """
    key = a_key(kind, label or subject)
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    subject_name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "ID"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, subject),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject_name)
        .issuer_name(issuer.certificate.subject if issuer else subject_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
        )
    if authority:
        builder = builder.add_extension(
            x509.KeyUsage(True, False, False, False, False, True, True, False, False), True
        )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    for extension in critical:
        builder = builder.add_extension(extension, critical=True)
    signer = issuer.key if issuer else key
    return Issued(builder.sign(signer, hashes.SHA256()), key, issuer)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@cache
def root() -> Issued:
    """Return the authority that tests trust."""
    return issue(subject="Test Root", names=(), days=(-100, 3650), authority=True)


@cache
def intermediate() -> Issued:
    """Return the authority below the root that issues the leaves."""
    return issue(
        subject="Test Intermediate", names=(), issuer=root(), days=(-50, 1000), authority=True
    )


def leaf(**changes: object) -> Issued:
    """Return a certificate for NAME, localhost and both loopback addresses, but for `changes`."""
    settings = {"names": (NAME, "localhost", "127.0.0.1", "::1"), "issuer": intermediate()}
    return issue(**(settings | changes))  # type: ignore[arg-type]


def write_chain(
    folder: Path, name: str, issued: Issued, *, with_intermediate: bool = True
) -> tuple[Path, Path]:
    """Write what a server presents and its key; return both paths."""
    chain, key = folder / f"{name}.pem", folder / f"{name}.key"
    above = issued.issuer if with_intermediate and issued.issuer is not root() else None
    chain.write_bytes(issued.pem() + (above.pem() if above else b""))
    key.write_bytes(issued.key_pem())
    return chain, key


def write_root(folder: Path) -> Path:
    """Write the trusted root; return its path."""
    path = folder / "root.pem"
    path.write_bytes(root().pem())
    return path
