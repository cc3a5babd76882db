"""The same chain gets the same verdict over QUIC as over TCP. Both sides in memory, no sockets."""

import ssl
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import ExtendedKeyUsageOID

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.tls import Contexts, TlsSettings, handshake_error, tls_facts
from tests.certificates import NAME, intermediate, issue, leaf, root

pytest.importorskip("OpenSSL", reason="the extra http3 is not installed")

from monitor.net.quictrust import facts_of, verified


def using(*usages):
    return (x509.ExtendedKeyUsage(usages),)


def authority(label, **changes):
    return issue(**{"subject": label, "names": (), "issuer": root(), "authority": True, **changes})


def usage(**changes):
    flags = dict.fromkeys(
        (
            *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
            *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    return x509.KeyUsage(**{**flags, **changes})


CLIENTS = using(ExtendedKeyUsageOID.CLIENT_AUTH)
SERVERS = using(ExtendedKeyUsageOID.SERVER_AUTH)
ANYTHING = using(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
STRANGER = authority("Stranger", issuer=None)
TEST = x509.DNSName("else.test")
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\5\0")

BELOW = {
    "good": {},
    "for servers": {"extensions": SERVERS},
    "for clients": {"extensions": CLIENTS},
    "for anything": {"extensions": ANYTHING},
    "for nothing that TLS does": {"extensions": (usage(crl_sign=True),)},
    "RSA of 1024 bits": {"kind": "rsa1024"},
    "RSA of 1962 bits": {"kind": "rsa1962"},
    "RSA of 1963 bits": {"kind": "rsa1963"},
    "expired": {"days": (-90, -1)},
    "expired, weak": {"days": (-90, -1), "kind": "rsa1024"},
    "not yet valid": {"days": (1, 90)},
    "of another name": {"names": ("other.test",)},
    "of another name, for clients": {"names": ("other.test",), "extensions": CLIENTS},
    "by itself": {"issuer": None},
    "by itself, weak": {"issuer": None, "kind": "rsa1024"},
    "by a stranger": {"issuer": STRANGER},
    "unknown, uncritical": {"extensions": (UNKNOWN,)},
}
ABOVE = {
    "good": {},
    "for servers": {"extensions": SERVERS},
    "for clients": {"extensions": CLIENTS},
    "for anything": {"extensions": ANYTHING},
    "RSA of 1024 bits": {"kind": "rsa1024"},
    "RSA of 2048 bits": {"kind": "rsa2048"},
    "no authority": {"authority": False},
    "expired": {"days": (-90, -1)},
    "of other names": {"extensions": (x509.NameConstraints([TEST], None),)},
}
OF_RSA = authority("Of RSA", kind="rsa2048")
_RSA_WITH_SHA256, _RSA_WITH_SHA1 = (
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" + last for last in (b"\x0b", b"\x05")
)


def forgeable(issued):
    """Return a certificate of OF_RSA signed with SHA-1 instead, which no library does any more."""
    octets = issued.der().replace(_RSA_WITH_SHA256, _RSA_WITH_SHA1)
    signed = x509.load_der_x509_certificate(octets).tbs_certificate_bytes
    signature = OF_RSA.key.sign(signed, padding.PKCS1v15(), hashes.SHA1())
    certificate = x509.load_der_x509_certificate(octets[: -len(signature)] + signature)
    return replace(issued, certificate=certificate)


def unreadable(**changes):
    """Return a certificate with a feature of TLS that only OpenSSL takes."""
    feature = x509.TLSFeature([x509.TLSFeatureType.status_request])
    issued = leaf(issuer=OF_RSA, label="unreadable", extensions=(feature,), **changes)
    octets = issued.der().replace(b"\x30\x03\x02\x01\x05", b"\x30\x03\x02\x01\x21")
    signed = x509.load_der_x509_certificate(octets).tbs_certificate_bytes
    signature = OF_RSA.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    certificate = x509.load_der_x509_certificate(octets[: -len(signature)] + signature)
    return replace(issued, certificate=certificate)


OLD = authority("Old", issuer=None, days=(-90, -1))
LOWER = forgeable(authority("Lower", issuer=OF_RSA))
CHAINS = {
    **{f"server: {one}": (leaf(label=one, **how), intermediate()) for one, how in BELOW.items()},
    **{
        f"authority: {one}": (leaf(label=f"below {one}", issuer=above), above)
        for one, above in ((one, authority(one, **how)) for one, how in ABOVE.items())
    },
    "beside: expired": (leaf(label="beside"), intermediate(), OLD),
    "beside: expired, of another name": (
        *(leaf(label="beside", names=("other.test",)), intermediate(), OLD),
    ),
    "server: signed with SHA-256": (leaf(label="sha256", issuer=OF_RSA), OF_RSA),
    "server: signed with SHA-1": (forgeable(leaf(label="sha1", issuer=OF_RSA)), OF_RSA),
    "authority: signed with SHA-1": (leaf(label="below sha1", issuer=LOWER), LOWER, OF_RSA),
}


@pytest.fixture
def server(tmp_path):
    """Return what makes the context of a server that shows anything."""

    def make(chain):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        (tmp_path / "chain.pem").write_bytes(b"".join(one.pem() for one in chain))
        (tmp_path / "key.pem").write_bytes(chain[0].key_pem())
        context.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")
        return context

    return make


def over_tcp(server, chain, settings):
    """Return the failure of a handshake with `server`, and the chain that was built, if any."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = Contexts().get(settings).wrap_bio(to_client, to_server, server_hostname=NAME)
    other = server(chain).wrap_bio(to_server, to_client, server_side=True)
    for turn in range(10):
        try:
            (other if turn % 2 else client).do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLError as error:
            return handshake_error(error, tls_facts(client, verified=False), NAME).failure, None
        if not turn % 2:
            return None, tls_facts(client, verified=True)
    raise AssertionError("no end of the handshake")


def over_quic(chain, settings):
    certificates = tuple(one.certificate for one in chain)
    facts = facts_of(certificates, "TLS_AES_128_GCM_SHA256")
    try:
        return None, verified(facts, certificates, settings, NAME)
    except NetError as error:
        return error.failure, None


@pytest.mark.parametrize("oldest", ["TLS1.2", "TLS1.0"])
@pytest.mark.parametrize("case", CHAINS)
def test_a_chain_is_judged_as_over_tcp(case, oldest, server):
    """Kind, reason and the chain that was built are those of OpenSSL's own handshake."""
    settings = TlsSettings(ca_pem=root().pem().decode(), min_tls=oldest)
    chain = CHAINS[case]

    (expected, agreed), (found, facts) = (
        over_tcp(server, chain, settings),
        over_quic(chain, settings),
    )

    assert found == expected
    assert (facts and facts.pair) == (agreed and agreed.pair)


def test_what_is_refused():
    """Of the chains above the weak ones, and those that are not for servers, are really bad."""
    settings = TlsSettings(ca_pem=root().pem().decode())
    passing = {case for case in CHAINS if over_quic(CHAINS[case], settings)[0] is None}

    assert passing == {
        *("server: good", "server: for servers", "server: RSA of 1963 bits"),
        *("server: signed with SHA-256", "server: unknown, uncritical"),
        "beside: expired",
        *("authority: good", "authority: for servers", "authority: RSA of 2048 bits"),
    }


@pytest.mark.parametrize("names", [(NAME,), ("other.test",)])
def test_a_name_that_nobody_could_read_is_no_match(names, server):
    """A certificate that OpenSSL takes and our parser does not is refused: its name is unknown."""
    settings = TlsSettings(ca_pem=root().pem().decode())
    chain = (unreadable(names=names), OF_RSA)

    failure, _ = over_quic(chain, settings)

    assert (over_tcp(server, chain, settings)[0] is None) is (names == (NAME,))
    assert (failure.kind, failure.detail) == (Kind.TLS_OTHER, "the certificate can't be read")
