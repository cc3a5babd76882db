"""Contexts for handshakes: what settings make of them."""

import gc
import os
import ssl
from weakref import ref

import pytest

from monitor.net import certificates
from monitor.net.certificates import read_chain
from monitor.net.errors import NetError
from monitor.net.tls import Contexts, TlsSettings, tls_facts
from tests.certificates import intermediate, issue, leaf, root

CLIENT = leaf(label="client")


def context(**settings):
    return Contexts().get(TlsSettings(**settings))


@pytest.mark.parametrize(
    ("oldest", "newest"),
    [("TLS1.2", "TLS1.2"), ("TLS1.0", "TLS1.1"), ("TLS1.3", "TLS1.3"), ("TLS1.0", "TLS1.3")],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_versions_have_two_ends(oldest, newest):
    """No version older than `min_tls` or newer than `max_tls` is offered."""
    made = context(min_tls=oldest, max_tls=newest, insecure=True)

    assert made.minimum_version.name == f"TLSv{oldest[3:]}".replace(".", "_").removesuffix("_0")
    assert made.maximum_version.name == f"TLSv{newest[3:]}".replace(".", "_").removesuffix("_0")


def test_ciphers_are_chosen():
    """A list of ciphers as OpenSSL writes it replaces the usual one."""
    made = context(ciphers="ECDHE+AESGCM", insecure=True)
    names = [one["name"] for one in made.get_ciphers() if one["protocol"] != "TLSv1.3"]

    assert names
    assert all("GCM" in name for name in names)


def test_an_authority_can_stand_in_the_settings():
    """A PEM text is trusted as a file of the same would be, and replaces the system's store."""
    made = context(ca_pem=root().pem().decode())

    assert len(made.get_ca_certs()) == 1


def test_a_certificate_of_ours_can_stand_in_the_settings():
    """Certificate and key as texts are loaded without ever reaching a disk."""
    made = context(cert_pem=CLIENT.pem().decode(), key_pem=CLIENT.key_pem().decode())

    assert isinstance(made, ssl.SSLContext)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"ca_pem": "no certificate"}, "inline ca"),
        ({"cert_pem": CLIENT.pem().decode(), "key_pem": "no key"}, "inline cert, inline key"),
        (
            {"cert_pem": CLIENT.pem().decode(), "key_pem": root().key_pem().decode()},
            "inline cert, inline key",
        ),
        ({"ciphers": "NONSENSE"}, "ciphers NONSENSE"),
    ],
)
def test_what_cannot_be_loaded_is_our_own_fault(settings, told):
    """The failure names what could not be used, and never repeats a key."""
    with pytest.raises(NetError) as caught:
        context(**settings)

    assert caught.value.cause is not None
    assert told in caught.value.failure.detail
    assert "PRIVATE" not in caught.value.failure.detail


def test_a_key_is_not_shown():
    """Settings that land in a log hold no key."""
    assert "secret" not in repr(TlsSettings(key_pem="secret", cert_pem="secret"))


def test_a_passphrase_is_not_asked_for():
    """A locked key in the settings is told as such; nobody is asked at the terminal."""
    locked = CLIENT.key_pem(b"open sesame").decode()

    with pytest.raises(NetError, match="passphrase"):
        context(cert_pem=CLIENT.pem().decode(), key_pem=locked)


def test_equal_settings_share_a_context():
    """The name that is asked for makes no other context."""
    contexts = Contexts()
    one = contexts.get(TlsSettings(ca_pem=root().pem().decode(), server_name="a.test"))

    assert contexts.get(TlsSettings(ca_pem=root().pem().decode(), server_name="b.test")) is one
    assert contexts.get(TlsSettings(ca_pem=issue().pem().decode())) is not one


def test_what_revocation_needs_to_know():
    """Responders, the issuer's organisation and the demand for stapling are read."""
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID as Access

    where = x509.UniformResourceIdentifier("http://ocsp.test/")
    ca = x509.UniformResourceIdentifier("http://ca.test/ca.crt")
    extensions = (
        x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(Access.CA_ISSUERS, ca),
                x509.AccessDescription(Access.OCSP, where),
            ]
        ),
        x509.TLSFeature([x509.TLSFeatureType.status_request]),
    )
    [plain, full] = read_chain((leaf().der(), leaf(extensions=extensions).der())).certificates

    assert (plain.ocsp, plain.must_staple, plain.organisation) == ((), False, "Kota Makassar")
    assert (full.ocsp, full.must_staple) == (("http://ocsp.test/",), True)


class Ticks:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.mark.parametrize(
    ("settings", "renewed"),
    [({}, True), ({"insecure": True}, False), ({"ca_pem": root().pem().decode()}, False)],
    ids=["trusting the system", "trusting anybody", "trusting its own"],
)
def test_an_update_of_the_trust_store_is_noticed(settings, renewed, tmp_path, monkeypatch):
    """Authorities that the system trusts from now on, or no more, count without a restart."""
    store = tmp_path / "system.pem"
    store.write_bytes(root().pem())
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    ticks = Ticks()
    contexts = Contexts(ticks)
    before = contexts.get(TlsSettings(**settings))

    store.write_bytes(issue(subject="New Root", names=(), authority=True).pem())
    os.utime(store, (1, 1))
    ticks.seconds = 2.0
    after = contexts.get(TlsSettings(**settings))

    assert (after is not before) is renewed
    if renewed:
        assert ("commonName", "New Root") in after.get_ca_certs()[0]["subject"][-1]


class Shaken:
    """A connection whose handshake ended well."""

    def __init__(self, context, presented, verified):
        self.context, self._presented, self._verified = context, presented, verified

    def get_unverified_chain(self):
        return tuple(one.der() for one in self._presented)

    def get_verified_chain(self):
        return tuple(one.der() for one in self._verified)

    def version(self):
        return "TLSv1.3"

    def cipher(self):
        return ("TLS_AES_128_GCM_SHA256", "TLSv1.3", 128)


JUNK = tuple(issue(subject=f"Junk {number}", names=()) for number in range(3))
WHOLE = (leaf(label="whole"), intermediate(), root())


@pytest.mark.parametrize("sent", [WHOLE, WHOLE[:2], (*WHOLE[:2], *JUNK)])
def test_a_verified_chain_keeps_no_presented_one_alive(sent, monkeypatch):
    """What a trusted target sends along is forgotten with the chain that came of it."""
    tls = Shaken(context(insecure=True), sent, WHOLE)
    with monkeypatch.context() as patch:
        patch.setattr(certificates, "_chains", certificates.RememberedChains(10**6))
        facts = tls_facts(tls, verified=True)
        again = tls_facts(tls, verified=True)

    same = again.verified is facts.verified
    subjects = [one.subject for one in facts.verified.certificates]
    gone = ref(facts.chain)
    del again
    del facts
    gc.collect()

    assert subjects == [read_chain((one.der(),)).leaf.subject for one in WHOLE]
    assert same
    assert gone() is None
