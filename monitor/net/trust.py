"""Why a certificate is not accepted. OpenSSL stops at its first reason; people need them all."""

from datetime import UTC, datetime

from monitor.domain.observation import Failure, FailureKind
from monitor.domain.text import visible_text
from monitor.net.certificates import Certificate, Chain, covers

# Numbers of X509_V_ERR_… (openssl/x509_vfy.h), a stable interface.
_NOT_YET_VALID = 9
_EXPIRED = 10
_SELF_SIGNED_LEAF = 18
_REVOKED = 23
_NAME_MISMATCHES = {62, 64}  # host name, IP address
_NO_PATH = {2, 19, 20, 21, 27, 33}  # 19: the presented root is not trusted

_SHOWN_NAMES = 5

# Which kind speaks for a certificate with several faults: a date is the surest thing to tell and
# the most common thing to mend; then who vouches for it; then for whom.
ORDER = (
    FailureKind.TLS_REVOKED,
    FailureKind.TLS_EXPIRED,
    FailureKind.TLS_NOT_YET_VALID,
    FailureKind.TLS_SELF_SIGNED,
    FailureKind.TLS_UNTRUSTED,
    FailureKind.TLS_HOSTNAME,
    FailureKind.TLS_OTHER,
)


def faults(
    chain: Chain, host: str | None, now: float, *, verify_code: int = 0, message: str = ""
) -> tuple[Failure, ...]:
    """Return every fault of a presented chain, gravest first (ORDER).

    `host` None leaves the names out. `now` is in Unix seconds. `verify_code` and `message` are
    OpenSSL's verdict, 0 when it did not verify.
    """
    found = dict(_dates(chain, now, verify_code))
    found |= dict(_vouching(chain, verify_code))
    leaf = chain.leaf
    if host is not None and (verify_code in _NAME_MISMATCHES or not _covered(leaf, host)):
        found[FailureKind.TLS_HOSTNAME] = wrong_name(leaf, host)
    if verify_code == _REVOKED:
        found[FailureKind.TLS_REVOKED] = "certificate revoked"
    if verify_code and not _explained(verify_code, found):
        kind = _OPENSSL_KINDS.get(verify_code, FailureKind.TLS_OTHER)
        found[kind] = f"certificate refused: {message} (OpenSSL verify error {verify_code})"
    return tuple(Failure(kind, visible_text(found[kind])) for kind in ORDER if kind in found)


def _covered(leaf: Certificate | None, host: str) -> bool:
    return leaf is None or covers(leaf, host)


def merged(failures: tuple[Failure, ...]) -> Failure | None:
    """Return one failure of the gravest kind whose detail tells all of them; None without any."""
    if not failures:
        return None
    return Failure(failures[0].kind, visible_text("; ".join(one.detail for one in failures)))


_OPENSSL_KINDS = {
    _EXPIRED: FailureKind.TLS_EXPIRED,
    _NOT_YET_VALID: FailureKind.TLS_NOT_YET_VALID,
    _SELF_SIGNED_LEAF: FailureKind.TLS_SELF_SIGNED,
    **dict.fromkeys(_NO_PATH, FailureKind.TLS_UNTRUSTED),
}


def _explained(verify_code: int, found: dict[FailureKind, str]) -> bool:
    if verify_code in _NAME_MISMATCHES or verify_code == _REVOKED:
        return True
    return _OPENSSL_KINDS.get(verify_code) in found


def _dates(chain: Chain, now: float, verify_code: int) -> list[tuple[FailureKind, str]]:
    found: list[tuple[FailureKind, str]] = []
    # An issuer's date counts where OpenSSL met one: of what a target sends, an old cross-signed
    # root for example, not everything is needed.
    counting = (
        chain.certificates if verify_code in {_EXPIRED, _NOT_YET_VALID} else chain.certificates[:1]
    )
    # The target's own certificate last, so that its text wins over an intermediate's.
    for certificate in reversed(counting):
        whose = "certificate" if certificate is chain.leaf else f"issuer {certificate.subject}"
        if certificate.not_after < now:
            text = f"{whose} expired on {_date(certificate.not_after)}"
            found.append((FailureKind.TLS_EXPIRED, text))
        if certificate.not_before > now:
            text = f"{whose} not valid before {_date(certificate.not_before)}"
            found.append((FailureKind.TLS_NOT_YET_VALID, text))
    return found


def _vouching(chain: Chain, verify_code: int) -> list[tuple[FailureKind, str]]:
    leaf = chain.leaf
    if leaf is None:
        return []
    if verify_code == _SELF_SIGNED_LEAF:
        text = f"certificate signed by itself: {leaf.subject or 'no subject'}"
        return [(FailureKind.TLS_SELF_SIGNED, text)]
    if verify_code in _NO_PATH:
        return [(FailureKind.TLS_UNTRUSTED, _no_path(chain.certificates[-1]))]
    return []


def _no_path(last: Certificate) -> str:
    if last.self_issued:
        return f"certificate not trusted: its root is not in the trust store: {last.subject}"
    return (
        f"certificate not trusted: {last.subject or 'it'} was issued by {last.issuer}, which was "
        "not sent and is not in the trust store (is the intermediate missing?)"
    )


def wrong_name(leaf: Certificate | None, host: str) -> str:
    """Return the detail of a certificate that does not bear `host`."""
    names = () if leaf is None else leaf.names + leaf.addresses
    shown = ", ".join(names[:_SHOWN_NAMES]) or "no name at all"
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    return f"certificate not for {host} but for {shown}{more}"


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
