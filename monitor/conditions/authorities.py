"""Does the DNS of a name allow the authority that issued its certificate? (CAA, RFC 8659)

A certificate names its authority in words, CAA by a domain. The table below joins the two for the
authorities that browsers trust, as each says in its practice statement; others are told apart by
nobody, so that nothing is concluded of them unless the operator gives their domains.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.domain.text import visible_text
from monitor.net.caa import Caa
from monitor.net.certificates import Certificate, covers

_DIGICERT = ("digicert.com", "symantec.com", "geotrust.com", "rapidssl.com", "thawte.com")
_SECTIGO = ("sectigo.com", "comodo.com", "comodoca.com", "usertrust.com", "trust-provider.com")
_AMAZON = ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")
_GODADDY = ("godaddy.com", "starfieldtech.com")

# The beginning of the organisation's name in the issuer, and the domains that stand for it.
_DOMAINS = {
    "actalis": ("actalis.it",),
    "amazon": _AMAZON,
    "apple": ("pki.apple.com",),
    "asseco data systems": ("certum.pl", "certum.eu"),
    "buypass": ("buypass.com", "buypass.no"),
    "certainly": ("certainly.com",),
    "cloudflare": ("digicert.com", "ssl.com", "cloudflare.com"),
    "comodo": _SECTIGO,
    "deutsche telekom": ("telesec.de",),
    "digicert": _DIGICERT,
    "emudhra": ("emsign.com",),
    "entrust": ("entrust.net", "affirmtrust.com"),
    "geant": ("sectigo.com", "harica.gr"),
    "geotrust": _DIGICERT,
    "globalsign": ("globalsign.com",),
    "godaddy": _GODADDY,
    "google trust services": ("pki.goog",),
    "hellenic academic": ("harica.gr",),
    "identrust": ("identrust.com",),
    "let's encrypt": ("letsencrypt.org",),
    "microsoft": ("microsoft.com",),
    "network solutions": ("networksolutions.com", *_SECTIGO),
    "quovadis": ("quovadisglobal.com", "digicert.com"),
    "sectigo": _SECTIGO,
    "ssl corp": ("ssl.com",),
    "starfield": _GODADDY,
    "swisssign": ("swisssign.com",),
    "taiwan-ca": ("twca.com.tw",),
    "thawte": _DIGICERT,
    "trustasia": ("trustasia.com",),
    "unizeto": ("certum.pl", "certum.eu"),
    "zerossl": _SECTIGO,
}


def authority_domains(certificate: Certificate, more: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the domains that CAA may name the issuer by: of the table, and `more`."""
    organisation = certificate.organisation.casefold()
    known = (domains for start, domains in _DOMAINS.items() if organisation.startswith(start))
    return (*next(known, ()), *more)


def asked_name(certificate: Certificate, host: str) -> tuple[str, bool]:
    """Return the name that CAA was asked for when the certificate was issued for `host`.

    The second value says that it was a wildcard; its star is left out of the name.
    """
    name = host.lower().removesuffix(".")
    listed = {one.lower().removesuffix(".") for one in certificate.names}
    if name not in listed and covers(certificate, host):
        return name.partition(".")[2], True
    return name, False


_NOTHING = Caa()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Whether CAA and issuer agree: None where nobody can tell. `problem`: it wasn't found out."""

    agrees: bool | None
    caa: Caa = _NOTHING
    issuer: str = ""
    problem: str = ""

    def text(self) -> str:
        """Return it in words, with the values."""
        if self.problem:
            return f"CAA could not be looked up: {self.problem}"
        if self.caa.issuers is None:
            return "CAA allows every authority"
        allowed = ", ".join(self.caa.issuers) or "nobody"
        told = f"CAA at {self.caa.at} allows only {allowed}"
        if self.agrees is None:
            told += ", which may be the issuer or not"
        elif not self.agrees:
            told += f", but the certificate is by {self.issuer}"
        return visible_text(told, 500)


def agreement(caa: Caa, certificate: Certificate, more: Sequence[str] = ()) -> Agreement:
    """Return whether the issuer is one of those that CAA allows."""
    issuer = visible_text(certificate.organisation or certificate.issuer, 200)
    if caa.issuers is None:
        return Agreement(agrees=True, caa=caa, issuer=issuer)
    domains = authority_domains(certificate, more)
    agrees: bool | None = any(domain in caa.issuers for domain in domains)
    # Of an authority that nobody knows only one thing is sure: where nobody may issue, nor may it.
    if not domains and caa.issuers:
        agrees = None
    return Agreement(agrees=agrees, caa=caa, issuer=issuer)
