"""Why a certificate is not accepted: every fault at once."""

import gc
import time
from weakref import ref

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from monitor.domain.observation import FailureKind as Kind
from monitor.net.certificates import Chain, RememberedChains, covers, name_text, read_chain
from monitor.net.report import facts, measurements
from monitor.net.tls import TlsFacts, iana_cipher
from monitor.net.trace import Trace
from monitor.net.trust import faults, merged
from tests.certificates import NAME, intermediate, issue, leaf, root

EXPIRED, NOT_YET, SELF_SIGNED, ROOT_UNKNOWN, NO_ISSUER, WRONG_NAME = 10, 9, 18, 19, 20, 62


def chain(*issued):
    return read_chain(tuple(one.der() for one in issued))


def kinds(*issued, host=NAME, code=0, message=""):
    found = faults(chain(*issued), host, time.time(), verify_code=code, message=message)
    return [fault.kind for fault in found]


def test_a_good_chain_has_no_fault():
    """A chain that OpenSSL accepts has no fault of ours either."""
    assert kinds(leaf(), intermediate()) == []


@pytest.mark.parametrize(
    ("issued", "host", "code", "expected"),
    [
        (leaf(days=(-90, -1)), NAME, EXPIRED, [Kind.TLS_EXPIRED]),
        (leaf(days=(1, 90)), NAME, NOT_YET, [Kind.TLS_NOT_YET_VALID]),
        (leaf(), "other.test", WRONG_NAME, [Kind.TLS_HOSTNAME]),
        (leaf(issuer=None), NAME, SELF_SIGNED, [Kind.TLS_SELF_SIGNED]),
        (leaf(), NAME, NO_ISSUER, [Kind.TLS_UNTRUSTED]),
        # OpenSSL stops at its first reason; the others are seen all the same.
        (
            leaf(issuer=None, days=(-90, -1)),
            "other.test",
            SELF_SIGNED,
            [Kind.TLS_EXPIRED, Kind.TLS_SELF_SIGNED, Kind.TLS_HOSTNAME],
        ),
        (
            leaf(days=(-9, -1)),
            "b.test",
            NO_ISSUER,
            [Kind.TLS_EXPIRED, Kind.TLS_UNTRUSTED, Kind.TLS_HOSTNAME],
        ),
        (leaf(days=(-9, -1)), "b.test", WRONG_NAME, [Kind.TLS_EXPIRED, Kind.TLS_HOSTNAME]),
        (leaf(), NAME, 23, [Kind.TLS_REVOKED]),
        (leaf(), NAME, 66, [Kind.TLS_OTHER]),
    ],
)
def test_all_faults_are_told_gravest_first(issued, host, code, expected):
    """Every fault of a certificate is found, in the documented order."""
    assert kinds(issued, host=host, code=code, message="key too small") == expected


def test_an_expired_intermediate_is_named():
    """When only an issuer has expired, the detail says so and which."""
    old = issue(subject="Old", names=(), issuer=root(), days=(-90, -1), authority=True)
    [fault] = faults(chain(leaf(issuer=old), old), NAME, time.time(), verify_code=EXPIRED)

    assert fault.kind is Kind.TLS_EXPIRED
    assert "issuer CN=Old" in fault.detail


@pytest.mark.parametrize("code", [WRONG_NAME, NO_ISSUER])
def test_the_date_of_what_is_not_needed_is_no_fault(code):
    """An old root that is sent along explains nothing when OpenSSL met no date that is past."""
    old = issue(subject="Old", names=(), days=(-90, -1), authority=True)

    assert Kind.TLS_EXPIRED not in kinds(leaf(), intermediate(), old, host="a.test", code=code)


def test_an_expiry_that_only_openssl_sees_is_told():
    """When OpenSSL's clock or anchor says expired, that verdict is kept."""
    assert kinds(leaf(), code=EXPIRED) == [Kind.TLS_EXPIRED]


def test_a_missing_intermediate_is_told_from_an_unknown_root():
    """The detail says whether a certificate is missing or a root is not trusted."""
    [missing] = faults(chain(leaf()), NAME, time.time(), verify_code=NO_ISSUER)
    [unknown] = faults(
        chain(leaf(), intermediate(), root()), NAME, time.time(), verify_code=ROOT_UNKNOWN
    )

    assert "intermediate missing" in missing.detail
    assert "root is not in the trust store: CN=Test Root" in unknown.detail


def test_one_failure_speaks_for_all():
    """The kind is the gravest one's; the detail tells every fault, with dates and names."""
    whole = merged(
        faults(chain(leaf(days=(-9, -1))), "b.test", time.time(), verify_code=WRONG_NAME)
    )

    assert whole.kind is Kind.TLS_EXPIRED
    assert "expired on 20" in whole.detail
    assert f"not for b.test but for {NAME}, localhost" in whole.detail


@pytest.mark.parametrize(
    ("names", "host", "expected"),
    [
        (("a.test",), "a.test", True),
        (("a.test",), "A.Test.", True),
        (("a.test",), "b.a.test", False),
        (("*.a.test",), "b.a.test", True),
        (("*.a.test",), "a.test", False),
        (("*.a.test",), "c.b.a.test", False),
        (("*.test",), "a.test", False),
        (("w*.a.test",), "www.a.test", False),
        (("*.a.test",), ".a.test", False),
        (("127.0.0.1",), "127.0.0.1", True),
        (("127.0.0.1",), "127.0.0.2", False),
        (("2001:db8::1",), "2001:db8:0::1", True),
        ((), NAME, False),
    ],
)
def test_which_names_a_certificate_covers(names, host, expected):
    """A wildcard is one whole first label; the common name counts for nothing (RFC 9525)."""
    [certificate] = chain(issue(names=names)).certificates

    assert covers(certificate, host) is expected


def test_facts_of_a_certificate():
    """Subject, issuer, names, dates, key and fingerprint are read from what was presented."""
    issued = leaf(kind="rsa", label="facts")
    certificate = chain(issued, intermediate()).leaf

    assert certificate.subject == f"CN={NAME},O=Kota Makassar,C=ID"
    assert certificate.issuer == "CN=Test Intermediate,O=Kota Makassar,C=ID"
    assert certificate.names == (NAME, "localhost")
    assert certificate.addresses == ("127.0.0.1", "::1")
    assert (certificate.key_type, certificate.key_bits) == ("RSA", 2048)
    assert certificate.not_after == issued.certificate.not_valid_after_utc.timestamp()
    assert int(certificate.serial, 16) == issued.certificate.serial_number
    assert len(certificate.serial) % 2 == 0


@pytest.mark.parametrize(
    ("digest", "told"),
    [(0x01, "rsassaPss with SHA256"), (0x1A, "rsassaPss with an unknown hash")],
)
def test_the_hash_of_a_pss_signature_is_told(digest, told):
    """The name of RSA-PSS alone does not say what was hashed with, which may be SHA-1."""
    issuer = issue(kind="rsa", authority=True, label="pss")
    builder = (
        x509.CertificateBuilder()
        .subject_name(issuer.certificate.subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(issuer.key.public_key())
        .serial_number(1)
        .not_valid_before(issuer.certificate.not_valid_before_utc)
        .not_valid_after(issuer.certificate.not_valid_after_utc)
    )
    made = builder.sign(
        issuer.key,
        hashes.SHA256(),
        rsa_padding=padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
    ).public_bytes(Encoding.DER)
    sha256 = b"\x60\x86\x48\x01\x65\x03\x04\x02"

    read = read_chain((made.replace(sha256 + b"\x01", sha256 + bytes([digest])),))

    assert read.leaf.signature == told


def test_the_earliest_expiry_is_that_of_any_certificate():
    """An intermediate that expires first makes the chain expire first."""
    soon = issue(subject="Soon", names=(), issuer=root(), days=(-9, 3), authority=True)
    presented = chain(leaf(issuer=soon), soon)

    assert presented.earliest_expiry == soon.certificate.not_valid_after_utc.timestamp()


def test_a_chain_is_parsed_once():
    """The same bytes give the same object, so that each check costs one hash."""
    encoded = (leaf().der(), intermediate().der())

    assert read_chain(encoded) is read_chain(tuple(map(bytes, encoded)))


def test_chains_of_the_same_bytes_are_told_apart():
    """Where one certificate ends and the next begins is a part of the chain."""
    whole = leaf().der()
    read_chain((whole,))

    assert read_chain((whole[:9], whole[9:])).certificates == ()


def test_chains_are_remembered_within_a_bound():
    """However large the chains that targets show, and however new: the oldest make room."""
    kept = RememberedChains(100_000)
    shown = [chain(leaf(names=tuple(f"n{name}.test" for name in range(500)))) for _ in range(5)]
    for number, one in enumerate(shown):
        kept.put(bytes([number]), one, 10_000)

    found = [kept.get(bytes([number])) for number in range(5)]

    assert found == [None, None, None, *shown[3:]]


def test_what_is_said_of_a_chain_goes_with_it():
    """No report keeps a chain alive that nobody else remembers."""
    shown = Chain(chain(leaf(label="gone"), intermediate()).certificates)
    trace = Trace()
    trace.tls = TlsFacts("TLSv1.3", "TLS_AES_128_GCM_SHA256", shown)

    facts(trace), facts(trace), measurements(trace)
    gone = ref(shown)
    del shown, trace
    gc.collect()

    assert gone() is None


@pytest.mark.parametrize("octets", [b"", b"\x30\x03abc", b"x" * 70_000])
def test_what_no_parser_reads_is_left_out(octets):
    """Garbage in place of a certificate raises nothing, and ends what is looked at."""
    presented = read_chain((octets, leaf().der()))

    assert (presented.certificates, presented.left_out) == ((), 2)


def test_certificates_beyond_the_limit_are_left_out():
    """Of a huge chain no more than 64 KB is parsed; the target's own certificate comes first."""
    presented = read_chain((leaf().der(), *[intermediate().der()] * 500))

    assert presented.leaf is not None
    assert 0 < len(presented.certificates) < 200


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        (
            [
                (NameOID.COUNTRY_NAME, "US"),
                (NameOID.ORGANIZATION_NAME, "Let's Encrypt"),
                (NameOID.COMMON_NAME, "R11"),
            ],
            "CN=R11,O=Let's Encrypt,C=US",
        ),
        (
            [
                (NameOID.COMMON_NAME, "a"),
                (NameOID.LOCALITY_NAME, "M"),
                (NameOID.STATE_OR_PROVINCE_NAME, "S"),
            ],
            "CN=a,ST=S,L=M",
        ),
        (
            [(NameOID.ORGANIZATIONAL_UNIT_NAME, "A"), (NameOID.ORGANIZATIONAL_UNIT_NAME, "B")],
            "OU=A+OU=B",
        ),
        ([(NameOID.ORGANIZATION_NAME, 'a,b+"c" ')], 'O=a\\,b\\+\\"c\\"\\ '),
        (
            [(NameOID.EMAIL_ADDRESS, "a@b"), (NameOID.COMMON_NAME, "x")],
            "CN=x,1.2.840.113549.1.9.1=#0c03614062",
        ),
        ([(ObjectIdentifier("1.2.3"), "x")], "1.2.3=#130178"),
    ],
)
def test_names_are_written_as_go_writes_them(pairs, expected):
    """Labels compare equal to those that blackbox_exporter gives."""
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs])

    assert name_text(name) == expected


@pytest.mark.parametrize(
    ("openssl", "iana"),
    [
        ("TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
        ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
        ("DHE-RSA-AES256-SHA256", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
        ("AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"),
        ("ECDHE-ECDSA-AES128-CCM8", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"),
        ("DES-CBC3-SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
        ("SOMETHING-NEW", "SOMETHING-NEW"),
    ],
)
def test_cipher_suites_have_their_iana_names(openssl, iana):
    """Dashboards know cipher suites by the names that Go and IANA give them."""
    assert iana_cipher(openssl) == iana


def with_version(octet: int) -> bytes:
    der = bytearray(leaf().der())
    der[der.index(bytes.fromhex("a003020102")) + 4] = octet
    return bytes(der)


def with_name_of_kind(octet: int) -> bytes:
    der = bytearray(leaf().der())
    der[der.index(b"localhost") - 2] = octet
    return bytes(der)


def with_feature(octet: int) -> bytes:
    issued = leaf(extensions=(x509.TLSFeature([x509.TLSFeatureType.status_request]),))
    der = bytearray(issued.der())
    der[der.index(bytes.fromhex("3003020105")) + 4] = octet
    return bytes(der)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"0",
        leaf().der()[:-1],
        *map(with_version, (3, 127)),
        *map(with_name_of_kind, (163, 165)),
        with_feature(33),
    ],
)
def test_what_only_our_parser_refuses_is_left_out(octets):
    """A certificate of a version or with a kind of name that nobody knows is a hole in the chain."""
    read = read_chain((octets, intermediate().der()))

    assert (read.certificates, read.left_out) == ((), 2)
