"""Who vouches for a certificate that came over QUIC: the same verdicts as over TCP.

QUIC libraries bring their own, other ways to verify. What the target presented is given to OpenSSL
here instead, with the trust store, the flags and the texts of every other check.
"""

import ssl
from functools import lru_cache
from pathlib import Path
from time import time

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import crypto

from monitor.domain.observation import Failure, FailureKind, UnknownCause
from monitor.net.certificates import read_chain
from monitor.net.errors import NetError
from monitor.net.tls import TlsFacts, TlsSettings
from monitor.net.trust import faults, merged

_STORES = 16
_SERVER_USES = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}

Certificates = tuple[x509.Certificate, ...]


def facts_of(presented: Certificates, cipher: str | None) -> TlsFacts:
    """Return what a handshake showed, nothing of it verified. `cipher` has its IANA name."""
    chain = read_chain(tuple(_der(certificate) for certificate in presented))
    return TlsFacts(version="TLSv1.3" if cipher else None, cipher=cipher, chain=chain)


def verified(
    facts: TlsFacts, presented: Certificates, settings: TlsSettings, server_name: str
) -> TlsFacts:
    """Return the facts with the chain that was built up to a trust anchor.

    Raises NetError with every fault of the certificate, and of cause LOCAL when the trust store
    can't be read.
    """
    code, message, path = _verdict(presented, _trusted(settings))
    host = server_name if settings.check_name else None
    found = faults(facts.chain, host, time(), verify_code=code, message=message)
    failure = merged(found) or _misused(presented[0])
    if failure is not None:
        raise NetError(failure.kind, failure.detail, answered=True)
    pair = tuple(_der(certificate) for certificate in path[:2])
    return TlsFacts(
        version=facts.version,
        cipher=facts.cipher,
        chain=facts.chain,
        verified=read_chain(tuple(_der(certificate) for certificate in path)),
        pair=pair,
    )


def _verdict(presented: Certificates, store: crypto.X509Store) -> tuple[int, str, Certificates]:
    """Return OpenSSL's error code and message, 0 for none, and the chain that it built."""
    leaf, *rest = (crypto.X509.from_cryptography(one) for one in presented)
    context = crypto.X509StoreContext(store, leaf, rest)
    try:
        path = context.get_verified_chain()
    except crypto.X509StoreContextError as error:
        code, _, message = error.errors
        return int(code), str(message), ()
    return 0, "", tuple(one.to_cryptography() for one in path)


def _misused(leaf: x509.Certificate) -> Failure | None:
    try:
        uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    if _SERVER_USES.intersection(uses):
        return None
    return Failure(FailureKind.TLS_OTHER, "certificate refused: it is not for servers")


def _trusted(settings: TlsSettings) -> crypto.X509Store:
    default = ssl.get_default_verify_paths()
    owned = settings.ca_file is not None or settings.ca_pem is not None
    file, folder = (
        (settings.ca_file, None) if owned else (_path(default.cafile), _path(default.capath))
    )
    try:
        stamps = tuple(one.stat().st_mtime_ns for one in (file, folder) if one is not None)
        return _store(file, folder, settings.ca_pem, owned, stamps)
    except (OSError, ValueError, crypto.Error) as error:
        detail = f"TLS settings: {file or 'ca'}: {error}"
        raise NetError(FailureKind.TLS_OTHER, detail, cause=UnknownCause.LOCAL) from None


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


@lru_cache(maxsize=_STORES)
def _store(
    file: Path | None,
    folder: Path | None,
    pem: str | None,
    owned: bool,  # noqa: FBT001 - a cached function takes its key by position
    stamps: tuple[int, ...],  # noqa: ARG001 - a changed file is another store
) -> crypto.X509Store:
    store = crypto.X509Store()
    if owned:
        store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    if file is not None or folder is not None:
        store.load_locations(file and str(file), folder and str(folder))
    for certificate in x509.load_pem_x509_certificates(pem.encode()) if pem else ():
        store.add_cert(crypto.X509.from_cryptography(certificate))
    return store


def _der(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)
