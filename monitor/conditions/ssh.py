"""What must be true of an SSH server, and which of its algorithms nobody should offer.

Pure: what was heard goes in, findings come out. One that fails the check speaks before one that
only degrades it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.conditions.certificate import Finding, Searches
from monitor.conditions.duration import too_slow
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.text import visible_text
from monitor.net.ssh import SshHeard
from monitor.net.sshwire import Algorithms

_SHOWN = 500
_LEAST_RSA_BITS = 2048
_LONGEST_NAME, _MOST_NAMES = 64, 50  # of a list, that are shown (RFC 4250, 4.6.1)

# What OpenSSH has turned off, or fails by rule (RFC 8758, RFC 9142). HMAC-SHA1 stays out: it is
# old, but nobody can forge it.
_WEAK_EXCHANGES = ("diffie-hellman-group1-", "gss-group1-", "rsa1024-")
_WEAK_KEYS = ("ssh-dss", "ssh-rsa", "x509v3-sign-rsa", "x509v3-sign-dss", "x509v3-ssh-")
_WEAK_CIPHERS = ("none", "arcfour", "des-", "3des-", "blowfish-", "cast128-", "idea-", "rc4")
_WEAK_MACS = ("none", "hmac-md5", "hmac-sha1-96", "hmac-ripemd", "umac-32")


@dataclass(frozen=True, slots=True, kw_only=True)
class SshConditions:
    """What is expected. None, or an empty value, expects nothing.

    `host_keys` are fingerprints as OpenSSH writes them, of which the server must prove one.
    """

    banner_matches: Searches | None = None
    host_keys: tuple[str, ...] = ()
    no_weak: bool = False
    max_seconds: float | None = None


def judge(conditions: SshConditions, heard: SshHeard, seconds: float) -> Finding | None:
    """Return what is wrong with a server that speaks SSH, or None."""
    failure = (
        _wrong_key(conditions, heard)
        or wrong_banner(conditions, heard)
        or too_slow(conditions.max_seconds, seconds)
    )
    if failure is not None:
        return Finding(failure)
    found = weak(heard) if conditions.no_weak else ()
    if not found:
        return None
    detail = visible_text(f"the server offers what is weak: {', '.join(found)}", _SHOWN)
    return Finding(Failure(FailureKind.BANNER, detail), degrades=True)


def wrong_banner(conditions: SshConditions, heard: SshHeard) -> Failure | None:
    """Return what is wrong with the banner, None also where there was none."""
    pattern, banner = conditions.banner_matches, heard.banner
    if pattern is None or banner is None or pattern.search(banner):
        return None
    return Failure(FailureKind.BANNER, f"banner: {banner!r}, expected to match {pattern.text!r}")


def _wrong_key(conditions: SshConditions, heard: SshHeard) -> Failure | None:
    if not conditions.host_keys:
        return None
    expected = " or ".join(conditions.host_keys)
    key = heard.host_key
    if key is None:
        return Failure(FailureKind.PROTOCOL, f"host key: {heard.no_key}, expected {expected}")
    if key.fingerprint in conditions.host_keys:
        return None
    detail = f"host key ({key.type}): {key.fingerprint}, expected {expected}"
    return Failure(FailureKind.CHANGED, visible_text(detail))


def weak(heard: SshHeard) -> tuple[str, ...]:
    """Return what a server offers that none should, each as it calls it, in its order."""
    found: list[str] = []
    if heard.banner is not None and heard.banner.startswith("SSH-1.99"):
        found.append("SSH 1")
    offers = heard.offers
    if offers is not None:
        found += _weak_names(offers)
        if is_terrapin(offers):
            found.append("no strict key exchange (CVE-2023-48795)")
    key = heard.host_key
    if key is not None and key.type == "ssh-rsa" and key.bits < _LEAST_RSA_BITS:
        found.append(f"RSA key of {key.bits} bits")
    return tuple(dict.fromkeys(found))


def _weak_names(offers: Algorithms) -> list[str]:
    ciphers = _both(offers.ciphers)
    return [
        *(n for n in offers.exchanges if n.startswith(_WEAK_EXCHANGES) or _on_sha1(n)),
        *(name for name in offers.host_keys if name.startswith(_WEAK_KEYS)),
        *(name for name in ciphers if name.startswith(_WEAK_CIPHERS) or "-cbc" in name),
        *(name for name in _both(offers.macs) if name.startswith(_WEAK_MACS)),
    ]


def _on_sha1(exchange: str) -> bool:
    return "-sha1" in exchange


def _both(directions: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in directions for name in names))


def is_terrapin(offers: Algorithms) -> bool:
    """Say whether somebody on the way could cut off the first messages unseen.

    It takes ChaCha20, or CBC with encrypt-then-MAC, and a server without the counter-measure.
    """
    if "kex-strict-s-v00@openssh.com" in offers.exchanges:
        return False
    ciphers, macs = _both(offers.ciphers), _both(offers.macs)
    cbc = any("-cbc" in name for name in ciphers) and any("-etm@" in name for name in macs)
    return cbc or "chacha20-poly1305@openssh.com" in ciphers


def offered(offers: Algorithms) -> dict[str, list[str]]:
    """Return what a server offers, fit to be shown: the first names of each list."""
    lists = {
        "key_exchanges": offers.exchanges,
        "host_keys": offers.host_keys,
        "ciphers": _both(offers.ciphers),
        "macs": _both(offers.macs),
        "compressions": _both(offers.compressions),
    }
    return {
        title: [visible_text(name, _LONGEST_NAME) for name in names[:_MOST_NAMES]]
        for title, names in lists.items()
    }
