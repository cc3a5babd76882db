"""TLS: settings, the contexts that are made of them, and what a handshake shows."""

import os
import re
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from time import monotonic, time
from typing import Any
from weakref import WeakKeyDictionary

from monitor.domain.observation import Failure, FailureKind, UnknownCause
from monitor.net.certificates import Chain, read_chain
from monitor.net.errors import NetError
from monitor.net.trust import faults, merged

VERSIONS = {
    "TLS1.0": ssl.TLSVersion.TLSv1,
    "TLS1.1": ssl.TLSVersion.TLSv1_1,
    "TLS1.2": ssl.TLSVersion.TLSv1_2,
    "TLS1.3": ssl.TLSVersion.TLSv1_3,
}
_LOOK_AGAIN_SECONDS = 1.0  # at the files behind a context
_CONTEXTS = 64  # with the system's trust store each holds 0.8 MiB


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """How to make a handshake. Equal settings share a context, whatever name they ask for.

    `ca_file` (PEM) takes the place of the system's trust store; any certificate in it is an
    anchor, also one that is no root. `server_name` is sent (SNI) and must be in the
    certificate; None means the host that is dialled. Without `check_name` the chain is verified,
    but the name is left to the caller. `insecure` verifies nothing.

    `ca_pem`, `cert_pem` and `key_pem` hold what else a file would. `min_tls` and `max_tls` are
    TLS1.0 to TLS1.3; None as the newest means no limit. `ciphers` is a list as OpenSSL writes it,
    for versions before TLS 1.3; None means Python's own choice.
    """

    ca_file: Path | None = None
    ca_pem: str | None = None
    client_cert_file: Path | None = None
    client_key_file: Path | None = None
    cert_pem: str | None = field(default=None, repr=False)
    key_pem: str | None = field(default=None, repr=False)
    min_tls: str = "TLS1.2"
    max_tls: str | None = None
    ciphers: str | None = None
    insecure: bool = False
    check_name: bool = True
    alpn: tuple[str, ...] = ()
    server_name: str | None = field(default=None, compare=False)


@dataclass(slots=True)
class _Kept:
    """A context, what its files were like when it was made, and when that was last looked at."""

    context: ssl.SSLContext
    stamps: tuple[int, ...]
    seen_at: float


class Contexts:
    """The SSL contexts in use, one for each distinct setting. A changed file is read again."""

    def __init__(self, monotonic: Callable[[], float] = monotonic) -> None:
        self._kept: dict[TlsSettings, _Kept] = {}
        self._monotonic = monotonic

    def get(self, settings: TlsSettings) -> ssl.SSLContext:
        """Return the context for `settings`.

        A changed file is noticed within a second. Raises NetError of cause LOCAL when a file
        can't be read: the fault is on our side.
        """
        now = self._monotonic()
        kept = self._kept.get(settings)
        if kept is not None and now < kept.seen_at + _LOOK_AGAIN_SECONDS:
            return kept.context
        try:
            stamps = _stamps(settings)
            if kept is not None and kept.stamps == stamps:
                kept.seen_at = now
                return kept.context
            context = _context(settings)
        except (OSError, ssl.SSLError) as error:
            detail = f"TLS settings: {_files(settings)}: {error}"
            raise NetError(FailureKind.TLS_OTHER, detail, cause=UnknownCause.LOCAL) from None
        self._kept.pop(settings, None)
        self._kept[settings] = _Kept(context, stamps, now)
        if len(self._kept) > _CONTEXTS:
            del self._kept[next(iter(self._kept))]
        return context


def _stamps(settings: TlsSettings) -> tuple[int, ...]:
    """Return when the files behind `settings` changed last; it tells a renewed certificate.

    Among them is the system's trust store, where authorities come and go with an update.
    """
    files = [settings.ca_file, settings.client_cert_file, settings.client_key_file]
    if not settings.insecure and settings.ca_file is None and settings.ca_pem is None:
        files += system_anchors()
    return tuple(file.stat().st_mtime_ns for file in files if file)


def system_anchors() -> tuple[Path | None, Path | None]:
    """Return the file and the folder of the system's trust store, None for what is not there."""
    paths = ssl.get_default_verify_paths()
    file, folder = paths.cafile, paths.capath
    return Path(file) if file else None, Path(folder) if folder else None


def _files(settings: TlsSettings) -> str:
    files = (settings.ca_file, settings.client_cert_file, settings.client_key_file)
    named = [str(file) for file in files if file]
    inline = {"ca": settings.ca_pem, "cert": settings.cert_pem, "key": settings.key_pem}
    named += [f"inline {name}" for name, text in inline.items() if text is not None]
    if settings.ciphers is not None:
        named.append(f"ciphers {settings.ciphers}")
    return ", ".join(named) or "the system's trust store"


def _context(settings: TlsSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _set_versions(context, settings)
    context.options |= ssl.OP_NO_TICKET  # a check never resumes; tickets are bytes for nothing
    context.hostname_checks_common_name = False  # RFC 9525; browsers stopped it long ago
    if settings.alpn:
        context.set_alpn_protocols(list(settings.alpn))
    context.check_hostname = settings.check_name and not settings.insecure
    _set_anchors(context, settings)
    if settings.client_cert_file:
        context.load_cert_chain(
            settings.client_cert_file, settings.client_key_file, password=no_passphrase
        )
    elif settings.cert_pem is not None:
        with _as_file(f"{settings.key_pem or ''}\n{settings.cert_pem}\n") as path:
            context.load_cert_chain(path, password=no_passphrase)
    return context


def _set_versions(context: ssl.SSLContext, settings: TlsSettings) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are asked for on purpose
        context.minimum_version = oldest = VERSIONS[settings.min_tls]
        if settings.max_tls is not None:
            context.maximum_version = VERSIONS[settings.max_tls]
    # Without the level OpenSSL 3 refuses what the operator asked for.
    level = ":@SECLEVEL=0" if oldest < ssl.TLSVersion.TLSv1_2 else ""
    if level or settings.ciphers is not None:
        context.set_ciphers((settings.ciphers or "DEFAULT") + level)


@lru_cache(maxsize=_CONTEXTS)
def _level(oldest: str, ciphers: str | None) -> int:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _set_versions(context, TlsSettings(min_tls=oldest, ciphers=ciphers))
    return context.security_level


def security_level(settings: TlsSettings) -> int:
    """Return OpenSSL's security level in the context of `settings`, which certificates must reach.

    Raises ssl.SSLError for `ciphers` that OpenSSL does not understand.
    """
    return _level(settings.min_tls, settings.ciphers)


def _set_anchors(context: ssl.SSLContext, settings: TlsSettings) -> None:
    if settings.insecure:
        context.verify_mode = ssl.CERT_NONE
        return
    if settings.ca_file or settings.ca_pem is not None:
        context.load_verify_locations(settings.ca_file, cadata=settings.ca_pem)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    else:
        context.load_default_certs()


@contextmanager
def _as_file(text: str) -> Iterator[str]:
    """Yield a path to `text` that no disk holds and no other user reads."""
    descriptor = os.memfd_create("certificate")
    try:
        os.write(descriptor, text.encode())
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def no_passphrase() -> str:
    """Raise OSError; else OpenSSL asks at the terminal, and the loop waits for the answer."""
    raise OSError("the key has a passphrase, for which nobody can be asked: keep it without one")


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What a handshake agreed on and what was presented, as far as it came.

    `version` is as TLS libraries write it (TLSv1.3), `cipher` has its IANA name; both are None
    after a failed handshake. `verified` is the chain that was built up to a trust anchor, the
    anchor last, None where nothing was verified. `pair` is then the target's own certificate and
    its issuer's (DER).
    """

    version: str | None
    cipher: str | None
    chain: Chain
    verified: Chain | None = None
    pair: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def verified_expiry(self) -> float | None:
        """When the first certificate of the verified chain expires (Unix seconds)."""
        return None if self.verified is None else self.verified.earliest_expiry


def tls_facts(tls: ssl.SSLSocket, *, verified: bool) -> TlsFacts:
    """Return the facts of a handshake that ended well (`verified` or not checked) or badly."""
    presented = presented_chain(tls)
    chain = read_chain(presented)
    built = _verified(tls, chain) if verified else None
    version = tls.version()
    cipher = tls.cipher() if version else None
    return TlsFacts(
        version,
        cipher and iana_cipher(cipher[0]),
        chain,
        None if built is None else built.chain or chain,
        () if built is None else (*presented[:1], *built.issuer),
    )


@dataclass(frozen=True, slots=True)
class _Built:
    """A verified chain, and the certificate (DER) behind its first, if there is one.

    None stands for the chain that was presented: it is kept no longer than anybody else keeps it.
    """

    chain: Chain | None
    issuer: tuple[bytes, ...]


# A context that is no longer in use goes with all that was remembered of it, and so does a chain:
# a trusted target may send along what it likes, large and new every time.
_verified_chains: WeakKeyDictionary[ssl.SSLContext, WeakKeyDictionary[Chain, _Built]] = (
    WeakKeyDictionary()
)


def _verified(tls: ssl.SSLSocket, presented: Chain) -> _Built | None:
    """Return the verified chain, None where it can't be read.

    The same certificates lead to the same anchor in the same context, until one of them expires.
    """
    remembered = _verified_chains.setdefault(tls.context, WeakKeyDictionary())
    known = remembered.get(presented)
    if known is not None and time() < ((known.chain or presented).earliest_expiry or 0.0):
        return known
    encoded = verified_chain(tls)
    chain = read_chain(encoded)
    if not chain.certificates:
        return None
    built = remembered[presented] = _Built(None if chain is presented else chain, encoded[1:2])
    return built


def presented_chain(tls: ssl.SSLSocket) -> tuple[bytes, ...]:
    """Return the certificates (DER) that the target sent, also after a failed verification."""
    public: Any = getattr(tls, "get_unverified_chain", None)  # from Python 3.13 on
    if public is not None:
        return tuple(public() or ())
    return _der(tls._sslobj.get_unverified_chain())  # type: ignore[attr-defined]  # noqa: SLF001


def verified_chain(tls: ssl.SSLSocket) -> tuple[bytes, ...]:
    """Return the certificates (DER) up to the trust anchor, the anchor last."""
    public: Any = getattr(tls, "get_verified_chain", None)
    if public is not None:
        return tuple(public() or ())
    return _der(tls._sslobj.get_verified_chain())  # type: ignore[attr-defined]  # noqa: SLF001


def _der(chain: Any) -> tuple[bytes, ...]:
    encoding = 2  # _ssl.ENCODING_DER
    return tuple(certificate.public_bytes(encoding) for certificate in chain or ())


def handshake_error(error: ssl.SSLError, facts: TlsFacts, host: str | None) -> NetError:
    """Return what a failed handshake means, with every fault of the certificate in its detail.

    `host` is the name that must be in the certificate, None where that is not looked at.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        failure = merged(
            faults(
                facts.chain,
                host,
                time(),  # as OpenSSL does
                verify_code=error.verify_code,
                message=error.verify_message,
            )
        )
        assert failure is not None, "a refused certificate has a fault"  # noqa: S101
        return NetError(failure.kind, failure.detail, answered=True)
    return session_error(error, "TLS handshake")


def session_error(error: ssl.SSLError, action: str = "TLS") -> NetError:
    """Return what a TLS error means that is about no certificate of the target's."""
    failure = _protocol_failure(error, action)
    return NetError(failure.kind, failure.detail, answered=True)


def _protocol_failure(error: ssl.SSLError, action: str) -> Failure:
    if isinstance(error, ssl.SSLEOFError):
        return Failure(FailureKind.TLS_PROTOCOL, f"{action}: the target closed the connection")
    reason = error.reason or type(error).__name__
    if "CERTIFICATE" in reason or "UNKNOWN_CA" in reason:  # an alert about ours
        return Failure(FailureKind.TLS_OTHER, f"{action}: {_words(reason)}")
    return Failure(FailureKind.TLS_PROTOCOL, f"{action}: {_words(reason)}")


def _words(reason: str) -> str:
    return reason.replace("_", " ").lower()


_ENCRYPTION = re.compile(r"(?:^|-)(AES\d+|CHACHA20|CAMELLIA\d+|ARIA\d+|DES-CBC3)(.*)$")


@cache
def iana_cipher(name: str) -> str:
    """Return the IANA name of a cipher suite that OpenSSL names in its own way.

    ECDHE-RSA-AES128-GCM-SHA256 is TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256. A name of TLS 1.3, or
    of an unknown form, comes back as it is.
    """
    match = _ENCRYPTION.search(name)
    if match is None or name.startswith("TLS_"):
        return name
    exchange = name[: match.start()].replace("-", "_") or "RSA"
    return f"TLS_{exchange}_WITH_{_encryption(match[1], match[2].strip('-').split('-'))}"


def _encryption(cipher: str, rest: list[str]) -> str:
    if cipher == "CHACHA20":
        return "CHACHA20_POLY1305_SHA256"
    if cipher == "DES-CBC3":
        return "3DES_EDE_CBC_SHA"
    spelled = re.sub(r"(\d+)$", r"_\1", cipher)
    modes = rest if rest[0] in {"GCM", "CCM", "CCM8"} else ["CBC", *rest]
    return "_".join([spelled, *modes]).replace("CCM8", "CCM_8")
