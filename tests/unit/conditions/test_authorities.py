"""Whether the DNS allows the authority that issued a certificate."""

import pytest

from monitor.conditions.authorities import Agreement, agreement, asked_name, authority_domains
from monitor.net.caa import Caa
from monitor.net.certificates import read_chain
from tests.certificates import issue, leaf, root


def by(organisation):
    authority = issue(
        subject="CA", names=(), issuer=root(), authority=True, organisation=organisation
    )
    return read_chain((leaf(issuer=authority).der(),)).leaf


LETS_ENCRYPT, PRIVATE = by("Let's Encrypt"), by("Diskominfo Makassar")
ONLY_LE = Caa(at="a.test", issuers=("letsencrypt.org",))


@pytest.mark.parametrize(
    ("organisation", "domain"),
    [
        ("Let's Encrypt", "letsencrypt.org"),
        ("DigiCert Inc", "digicert.com"),
        ("Google Trust Services LLC", "pki.goog"),
        ("Sectigo Limited", "sectigo.com"),
        ("GlobalSign nv-sa", "globalsign.com"),
        ("GoDaddy.com, Inc.", "godaddy.com"),
        ("Amazon", "amazon.com"),
        ("ZeroSSL", "sectigo.com"),
    ],
)
def test_well_known_authorities_have_their_domains(organisation, domain):
    """The name in a certificate is joined with the domain that its authority uses in CAA."""
    assert domain in authority_domains(by(organisation))


@pytest.mark.parametrize(
    ("caa", "certificate", "more", "agrees"),
    [
        (Caa(), LETS_ENCRYPT, (), True),
        (ONLY_LE, LETS_ENCRYPT, (), True),
        (ONLY_LE, by("DigiCert Inc"), (), False),
        (ONLY_LE, PRIVATE, (), None),
        (ONLY_LE, PRIVATE, ("ca.makassar.test",), False),
        (Caa(at="a.test", issuers=("ca.makassar.test",)), PRIVATE, ("ca.makassar.test",), True),
        (Caa(at="a.test", issuers=()), PRIVATE, (), False),
        (Caa(at="a.test", issuers=()), LETS_ENCRYPT, (), False),
    ],
)
def test_agreement(caa, certificate, more, agrees):
    """Of an authority that nobody knows nothing is concluded, unless nobody at all may issue."""
    assert agreement(caa, certificate, more).agrees is agrees


@pytest.mark.parametrize(
    ("names", "host", "expected"),
    [
        (("www.a.test",), "www.a.test", ("www.a.test", False)),
        (("*.a.test",), "WWW.a.test.", ("a.test", True)),
        (("*.a.test", "www.a.test"), "www.a.test", ("www.a.test", False)),
        (("*.b.test",), "www.a.test", ("www.a.test", False)),
    ],
)
def test_a_wildcard_was_issued_for_the_name_above(names, host, expected):
    """CAA of a wildcard stands at the name below which it holds (RFC 8659, 4.3)."""
    certificate = read_chain((leaf(names=names).der(),)).leaf

    assert asked_name(certificate, host) == expected


def test_what_is_told():
    """The words name what the DNS allows, and who issued."""
    disagrees = agreement(ONLY_LE, by("DigiCert Inc"))

    assert disagrees.text() == (
        "CAA at a.test allows only letsencrypt.org, but the certificate is by DigiCert Inc"
    )
    assert agreement(Caa(), LETS_ENCRYPT).text() == "CAA allows every authority"
    assert "which may be the issuer or not" in agreement(ONLY_LE, PRIVATE).text()
    assert Agreement(agrees=None, problem="time was up").text().endswith("time was up")
    assert "only nobody" in agreement(Caa(at="a.test", issuers=()), PRIVATE).text()
