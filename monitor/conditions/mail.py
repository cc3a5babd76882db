"""What must be true of a mail server. Pure: what was heard goes in, a failure comes out."""

from dataclasses import dataclass

from monitor.conditions.certificate import CertificateConditions, Searches
from monitor.conditions.duration import too_slow
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.text import visible_text
from monitor.net.mail import Heard, offers

_SHOWN = 300
_READABLE = ("PLAIN", "LOGIN")  # mechanisms that show the password to whoever listens


@dataclass(frozen=True, slots=True, kw_only=True)
class MailConditions:
    """What is expected. None, or an empty value, expects nothing.

    `offers` are words that the server must list, each with parameters or without. `certificate`
    is looked at where one was verified.
    """

    protocol: str
    banner_matches: Searches | None = None
    offers: tuple[str, ...] = ()
    no_clear_login: bool = False
    max_seconds: float | None = None
    certificate: CertificateConditions


def judge(conditions: MailConditions, heard: Heard, seconds: float) -> Failure | None:
    """Return why a visit that went well fails all the same, or None."""
    return (
        wrong_banner(conditions, heard)
        or _not_offered(conditions, heard)
        or _clear_login(conditions, heard)
        or too_slow(conditions.max_seconds, seconds)
    )


def wrong_banner(conditions: MailConditions, heard: Heard) -> Failure | None:
    """Return what is wrong with the greeting, None also where there was none."""
    pattern, banner = conditions.banner_matches, heard.banner
    if pattern is None or banner is None or pattern.search(banner):
        return None
    return Failure(FailureKind.BANNER, f"banner: {banner!r}, expected to match {pattern.text!r}")


def _not_offered(conditions: MailConditions, heard: Heard) -> Failure | None:
    offered = heard.offers or ()
    lacking = [each for each in conditions.offers if not offers(offered, each)]
    if not lacking:
        return None
    listed = visible_text(", ".join(offered), _SHOWN)
    return Failure(
        FailureKind.BANNER,
        f"the server offers {listed or 'nothing'}, expected {', '.join(lacking)}",
    )


def _clear_login(conditions: MailConditions, heard: Heard) -> Failure | None:
    if not conditions.no_clear_login or heard.in_the_clear is None:
        return None
    ways = clear_logins(conditions.protocol, heard.in_the_clear)
    if not ways:
        return None
    detail = f"before TLS the server offers a login with a readable password: {', '.join(ways)}"
    return Failure(FailureKind.BANNER, detail)


def clear_logins(protocol: str, offered: tuple[str, ...]) -> tuple[str, ...]:
    """Return which logins with a readable password a server offers (RFC 8314, 4.1)."""
    if protocol == "imap":
        ways = [f"AUTH={name}" for name in _READABLE]
        found = [way for way in ways if offers(offered, way)]
        return tuple(found if offers(offered, "LOGINDISABLED") else ["LOGIN", *found])
    word = "AUTH" if protocol == "smtp" else "SASL"
    found = [f"{word} {name}" for name in _READABLE if offers(offered, f"{word} {name}")]
    if protocol == "pop3" and (not offered or offers(offered, "USER")):
        found.insert(0, "USER")  # a server that lists nothing knows no other way
    return tuple(found)
