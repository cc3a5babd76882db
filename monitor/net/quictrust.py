"""Who vouches for a certificate that came over QUIC: the same verdicts as over TCP.

QUIC libraries bring their own, other ways to verify. What the target presented is given to OpenSSL
here instead, with the trust store, the flags and the texts of every other check. What OpenSSL can't
be asked for through pyOpenSSL, its security level, is in `monitor.net.securitylevel`.
"""

from functools import lru_cache
from pathlib import Path
from time import time

from cryptography import x509
from OpenSSL import crypto

from monitor.domain.observation import Failure, FailureKind, UnknownCause
from monitor.domain.text import visible_text
from monitor.net.certificates import Certificate, covers, read_chain
from monitor.net.errors import NetError
from monitor.net.securitylevel import WEAK_KEY, has_weak_key, weakness
from monitor.net.tls import TlsFacts, TlsSettings, security_level, system_anchors
from monitor.net.trust import faults, merged, wrong_name

_STORES = 16

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
    code, message, path = _verdict(presented, settings)
    host = server_name if settings.check_name else None
    if code:
        failure = merged(faults(facts.chain, host, time(), verify_code=code, message=message))
    else:
        failure = _unnamed(facts.chain.leaf, host)
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


def _verdict(presented: Certificates, settings: TlsSettings) -> tuple[int, str, Certificates]:
    """Return OpenSSL's error code and message, 0 for none, and the chain that it built."""
    store, level = _trusted(settings)
    if has_weak_key(presented[0], level):
        return *WEAK_KEY, ()
    leaf, *rest = (crypto.X509.from_cryptography(one) for one in presented)
    context = crypto.X509StoreContext(store, leaf, rest)
    try:
        path = tuple(one.to_cryptography() for one in context.get_verified_chain())
    except crypto.X509StoreContextError as error:
        code, _, message = error.errors
        return int(code), str(message), ()
    weak = weakness(path, level)
    return (0, "", path) if weak is None else (*weak, ())


def _unnamed(leaf: Certificate | None, host: str | None) -> Failure | None:
    """Return what is wrong with the name in a certificate that is trusted."""
    if host is None:
        return None
    if leaf is None:  # OpenSSL understood it, but our parser did not: nobody looked for the name
        return Failure(FailureKind.TLS_OTHER, "the certificate can't be read")
    if covers(leaf, host):
        return None
    return Failure(FailureKind.TLS_HOSTNAME, visible_text(wrong_name(leaf, host)))


def _trusted(settings: TlsSettings) -> tuple[crypto.X509Store, int]:
    """Return the anchors, and the security level that a chain must reach. Raises NetError."""
    owned = settings.ca_file is not None or settings.ca_pem is not None
    file, folder = (settings.ca_file, None) if owned else system_anchors()
    try:
        stamps = tuple(one.stat().st_mtime_ns for one in (file, folder) if one is not None)
        store = _store(file, folder, settings.ca_pem, owned, stamps)
        return store, security_level(settings)
    except (OSError, ValueError, crypto.Error) as error:  # ssl.SSLError is an OSError
        detail = f"TLS settings: {file or 'ca'}: {error}"
        raise NetError(FailureKind.TLS_OTHER, detail, cause=UnknownCause.LOCAL) from None


@lru_cache(maxsize=_STORES)
def _store(
    file: Path | None,
    folder: Path | None,
    pem: str | None,
    owned: bool,  # noqa: FBT001 - a cached function takes its key by position
    stamps: tuple[int, ...],  # noqa: ARG001 - a changed file is another store
) -> crypto.X509Store:
    store = crypto.X509Store()
    _for_servers(store)
    if owned:
        store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    if file is not None or folder is not None:
        store.load_locations(file and str(file), folder and str(folder))
    for certificate in x509.load_pem_x509_certificates(pem.encode()) if pem else ():
        store.add_cert(crypto.X509.from_cryptography(certificate))
    return store


def _for_servers(store: crypto.X509Store) -> None:
    """Let every certificate of a chain be meant for servers, as ssl does; pyOpenSSL has no word."""
    from OpenSSL._util import lib

    set_purpose = getattr(lib, "X509_STORE_set_purpose", None)
    if set_purpose is None or set_purpose(store._store, lib.X509_PURPOSE_SSL_SERVER) != 1:  # noqa: SLF001
        raise ValueError("this pyOpenSSL can't ask for certificates of servers")


def _der(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)
