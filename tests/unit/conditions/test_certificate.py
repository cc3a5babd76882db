"""What must be true of a certificate and its server: which faults fail, and which degrade."""

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from monitor.conditions.authorities import Agreement
from monitor.conditions.certificate import CertificateConditions, Presented, judge, worth
from monitor.domain.observation import FailureKind as Kind
from monitor.fields import Pattern
from monitor.net.caa import Caa
from monitor.net.certificates import Chain, read_chain
from monitor.net.chainorder import ChainOrder, chain_order
from monitor.net.ocsp import OcspStatus, Standing, unavailable
from monitor.net.tlsversions import Offers
from tests.certificates import NAME, intermediate, issue, leaf, root

MUST_STAPLE = (x509.TLSFeature([x509.TLSFeatureType.status_request]),)


def chain(*issued):
    return read_chain(tuple(one.der() for one in issued))


LEAF = leaf(label="conditions")
CHAIN = chain(LEAF, intermediate())
STAPLED = chain(leaf(extensions=MUST_STAPLE), intermediate())
FINGERPRINT = CHAIN.leaf.fingerprint


def presented(found=CHAIN, *, days=90.0, **seen):
    return Presented(chain=found, days_left=days, **({"order": chain_order(found, None)} | seen))


def verdict(conditions, **seen):
    finding = judge(CertificateConditions(**conditions), presented(**seen))
    return finding and (finding.failure.kind, finding.degrades)


REVOKED = OcspStatus(standing=Standing.REVOKED, detail="keyCompromise", revoked_at=0.0)
GOOD = OcspStatus(standing=Standing.GOOD)
UNKNOWN = OcspStatus(standing=Standing.UNKNOWN)
SILENT = unavailable("no answer")
MISSING = ChainOrder(missing=("CN=Middle",))
DISAGREES = Agreement(agrees=False, caa=Caa(at="a.test", issuers=("x.test",)), issuer="Y")


@pytest.mark.parametrize(
    ("conditions", "seen", "expected"),
    [
        ({}, {}, None),
        ({"name": "other.test"}, {}, (Kind.TLS_HOSTNAME, False)),
        ({"issuer": "test INTERMEDIATE"}, {}, None),
        ({"issuer": "Let's Encrypt"}, {}, (Kind.TLS_UNTRUSTED, False)),
        ({"issuer_matches": Pattern("^CN=Test ")}, {}, None),
        ({"issuer_matches": Pattern("^CN=R")}, {}, (Kind.TLS_UNTRUSTED, False)),
        ({"fingerprints": ("0" * 64, FINGERPRINT)}, {}, None),
        ({"fingerprints": ("0" * 64,)}, {}, (Kind.CHANGED, False)),
        ({"min_key_bits": 3072}, {}, None),
        ({"min_key_bits": 4096}, {}, (Kind.TLS_OTHER, False)),
        ({"min_days": 14}, {"days": 13.9}, (Kind.EXPIRES_SOON, True)),
        ({"min_days": 14, "critical_days": 3}, {"days": 3.0}, (Kind.EXPIRES_SOON, True)),
        ({"min_days": 14, "critical_days": 3}, {"days": 2.9}, (Kind.EXPIRES_SOON, False)),
        ({}, {"order": MISSING}, None),
        ({"complete_chain": True}, {}, None),
        ({"complete_chain": True}, {"order": MISSING}, (Kind.TLS_UNTRUSTED, False)),
        ({"complete_chain": True}, {"order": ChainOrder(extra=("CN=X",))}, None),
        (
            {"complete_chain": True},
            {"order": ChainOrder(misplaced=True)},
            (Kind.TLS_UNTRUSTED, False),
        ),
        ({}, {"offers": Offers(versions=("TLS1.0",))}, (Kind.TLS_PROTOCOL, False)),
        ({}, {"offers": Offers(ciphers=("RC4",))}, (Kind.TLS_PROTOCOL, False)),
        ({}, {"offers": Offers(unknown=("TLS1.0: no answer",))}, None),
        ({}, {"ocsp": GOOD}, None),
        ({}, {"ocsp": REVOKED}, (Kind.TLS_REVOKED, False)),
        ({}, {"ocsp": UNKNOWN}, None),
        ({}, {"ocsp": SILENT}, None),
        ({"ocsp_required": True}, {"ocsp": GOOD}, None),
        ({"ocsp_required": True}, {"ocsp": UNKNOWN}, (Kind.TLS_OTHER, True)),
        ({"ocsp_required": True}, {"ocsp": SILENT}, (Kind.TLS_OTHER, True)),
        ({"stapled": True}, {"ocsp": SILENT}, None),
        ({"stapled": True}, {"found": STAPLED, "ocsp": SILENT}, (Kind.TLS_OTHER, False)),
        ({"stapled": True}, {"found": STAPLED, "ocsp": GOOD}, None),
        ({}, {"found": STAPLED, "ocsp": SILENT}, None),
        ({}, {"agreement": DISAGREES}, (Kind.TLS_UNTRUSTED, True)),
        ({}, {"agreement": Agreement(agrees=None)}, None),
        ({}, {"agreement": Agreement(agrees=True)}, None),
    ],
)
def test_conditions(conditions, seen, expected):
    """Whatever is expected and not so fails the check; ageing and doubt only degrade it."""
    assert verdict(conditions, **seen) == expected


def test_all_faults_are_told_at_once():
    """The gravest gives the kind, and the detail tells every one of the same weight."""
    conditions = CertificateConditions(
        name="other.test", issuer="R11", min_days=14, critical_days=3, min_key_bits=4096
    )
    seen = presented(days=1.0, ocsp=REVOKED, offers=Offers(versions=("TLS1.0",)))

    finding = judge(conditions, seen)

    assert finding.failure.kind is Kind.TLS_HOSTNAME
    told = finding.failure.detail.split("; ")
    assert told == [
        f"certificate not for other.test but for {NAME}, localhost, 127.0.0.1, ::1",
        "issuer: CN=Test Intermediate,O=Kota Makassar,C=ID, expected 'R11' in it",
        "certificate revoked on 1970-01-01 00:00:00 UTC (keyCompromise)",
        "key: ECDSA 256 bits (worth 3072), expected at least 4096 bits",
        "the server accepts TLS1.0, expected nothing older than None",
        "certificate expires in 1.0 days, expected at least 3",
    ]


@pytest.mark.parametrize(
    ("signatures", "expected"),
    [
        (("ecdsa-with-SHA1", "ecdsa-with-SHA256"), (Kind.TLS_OTHER, False)),
        (("ecdsa-with-SHA256", "sha1WithRSAEncryption"), (Kind.TLS_OTHER, False)),
        (("ecdsa-with-SHA256", "md5WithRSAEncryption"), (Kind.TLS_OTHER, False)),
        (("ecdsa-with-SHA256", "sha512WithRSAEncryption", "sha1WithRSAEncryption"), None),
    ],
)
def test_a_signature_that_can_be_forged(signatures, expected):
    """MD5 and SHA-1 sign nothing any more; a root's own signature protects nothing in any case."""
    sent = chain(LEAF, intermediate(), root()).certificates
    signed = (replace(one, signature=name) for one, name in zip(sent, signatures, strict=False))
    found = Chain(tuple(signed))

    assert verdict({}, found=found) == expected
    assert verdict({"strong_signature": False}, found=found) is None


@pytest.mark.parametrize(
    ("weak", "expected"),
    [
        ("CN=Test Intermediate,O=Kota Makassar,C=ID", (Kind.TLS_OTHER, False)),
        ("CN=Test Root,O=Kota Makassar,C=ID", None),
        ("CN=Old,O=Kota Makassar,C=ID", None),
    ],
)
def test_only_signatures_that_are_relied_on_count(weak, expected):
    """An anchor is trusted by itself, and what is sent without need vouches for nobody."""
    old = issue(subject="Old", names=(), issuer=root(), authority=True)

    def signed(*issued):
        return Chain(
            tuple(
                replace(one, signature="ecdsa-with-SHA1") if one.subject == weak else one
                for one in chain(*issued).certificates
            )
        )

    found = signed(LEAF, intermediate(), old)
    verified = signed(LEAF, intermediate(), root())

    assert verdict({}, found=found, verified=verified) == expected


def test_what_a_target_wrote_steers_no_terminal():
    """Names of certificates come out on one line, without control characters, and not in full."""
    hostile = replace(CHAIN.leaf, names=("\x1b[2J\n" * 2000,))
    finding = judge(CertificateConditions(name="a.test"), presented(Chain((hostile,))))

    assert "\x1b" not in finding.failure.detail
    assert len(finding.failure.detail) <= 1024


@pytest.mark.parametrize(("kind", "bits"), [("rsa", 2048), ("ecdsa", 3072)])
def test_keys_are_compared_by_what_they_are_worth(kind, bits):
    """A short key on an elliptic curve withstands what a long one of RSA does."""
    assert worth(chain(leaf(kind=kind, label="worth")).leaf) == bits


@pytest.mark.parametrize(
    ("key", "bits"),
    [
        (ec.generate_private_key(ec.SECP384R1()), 7680),
        (ec.generate_private_key(ec.SECP521R1()), 15360),
        (ed25519.Ed25519PrivateKey.generate(), 3072),
    ],
)
def test_what_other_curves_are_worth(key, bits):
    """P-384, P-521 and Ed25519 have their known equivalents (NIST SP 800-57)."""
    base = LEAF.certificate
    builder = x509.CertificateBuilder(
        issuer_name=base.issuer,
        subject_name=base.subject,
        public_key=key.public_key(),
        serial_number=7,
        not_valid_before=base.not_valid_before_utc,
        not_valid_after=base.not_valid_after_utc,
    )
    signed = builder.sign(intermediate().key, hashes.SHA256())
    encoded = signed.public_bytes(Encoding.DER)

    assert worth(read_chain((encoded,)).leaf) == bits


def test_a_certificate_that_nobody_can_read_is_a_failure():
    """Trusted by OpenSSL but unreadable to us is told, not passed over."""
    empty = read_chain(())

    assert verdict({}, found=empty, days=None) == (Kind.TLS_OTHER, False)
