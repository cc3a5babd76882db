"""Checks of type tls against real servers, an OCSP responder and name servers, on loopback."""

import time
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.util import find_spec
from queue import SimpleQueue

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus as Status
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes.tls import TlsSpec, probe
from tests import dnsservers
from tests.certificates import NAME, intermediate, issue, leaf, root, write_chain, write_root
from tests.opensslservers import OLD_AND_WEAK, ocsp_responder, s_server
from tests.servers import free_port, server_context, serving

pytestmark = pytest.mark.xdist_group("tls")


@pytest.fixture
def trust(tmp_path):
    return str(write_root(tmp_path))


@pytest.fixture
def serve(tmp_path):
    """Return what serves a certificate with `openssl s_server` until the test ends."""
    with ExitStack() as stack:

        def start(*options, issued=None, name="server", **where):
            chain, key = write_chain(tmp_path, name, issued or leaf())
            return stack.enter_context(s_server(tmp_path, chain, key, *options, **where))

        yield start


async def checked(port, *, network=None, seconds=10.0, remembered=None, **keys):
    keys = {"host": "127.0.0.1", "port": port, "server_name": NAME, **keys}
    context = ProbeContext(
        network=network or Network(resolver=Resolver()),
        deadline=time.monotonic() + seconds,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
        remembered=remembered or {},
    )
    return await probe(TlsSpec.model_validate(keys), context)


def waiting(connection):
    while connection.recv(4096):
        pass


@pytest.mark.peers
async def test_a_good_server(serve, trust):
    """A trusted certificate with the right name is up, and what it says is among the facts."""
    outcome = await checked(serve(), ca_file=trust)

    assert (outcome.status, outcome.failure) == (Status.OK, None)
    assert outcome.facts["certificate"]["key_type"] == "ECDSA"
    assert outcome.facts["certificate"]["signature"] == "ecdsa-with-SHA256"
    assert "chain_oddities" not in outcome.facts
    assert outcome.remember is None


@pytest.mark.peers
@pytest.mark.parametrize(
    ("options", "minimum", "kind", "accepts"),
    [
        (("-tls1_2",), "TLS1.2", None, "nothing older or weaker"),
        (OLD_AND_WEAK, "TLS1.2", Kind.TLS_PROTOCOL, ["TLS1.0", "TLS1.1"]),
        (OLD_AND_WEAK, "TLS1.1", Kind.TLS_PROTOCOL, ["TLS1.0"]),
        ((), "TLS1.3", Kind.TLS_PROTOCOL, ["TLS1.2"]),
        (("-tls1_3",), "TLS1.3", None, "nothing older or weaker"),
    ],
)
async def test_what_is_older_than_the_floor_is_found(
    *, serve, trust, options, minimum, kind, accepts
):
    """A server that also accepts older versions than the minimum fails, and they are named."""
    outcome = await checked(serve(*options), ca_file=trust, expect={"minimum": minimum})

    assert (outcome.failure and outcome.failure.kind) == kind
    assert outcome.facts["also_accepts"] == accepts


@pytest.mark.peers
async def test_weak_ciphers_are_found(serve, trust):
    """A server that agrees to no encryption, or to no authentication, fails."""
    strong = await checked(serve(), ca_file=trust, expect={"strong_ciphers": True})
    weak = await checked(serve(*OLD_AND_WEAK), ca_file=trust, expect={"strong_ciphers": True})

    assert strong.status is Status.OK
    assert weak.failure.detail == "the server accepts weak ciphers: no encryption, anonymous"


async def test_a_protocol_is_spoken_before_and_after_tls(trust, tmp_path):
    """Each question begins in the protocol's words, and the visit ends with its word of leave."""
    context = server_context(*write_chain(tmp_path, "server", leaf()))
    heard = SimpleQueue()

    def mail(connection):
        connection.sendall(b"220 mail.test ESMTP\r\n")
        connection.recv(4096)
        connection.sendall(b"250-mail.test\r\n250 STARTTLS\r\n")
        heard.put(connection.recv(4096))
        connection.sendall(b"220 go ahead\r\n")
        with context.wrap_socket(connection, server_side=True) as tls:
            heard.put(tls.recv(4096))

    with serving(mail) as port:
        outcome = await checked(port, ca_file=trust, starttls="smtp", expect={"minimum": "TLS1.2"})
        said = [heard.get(timeout=5) for _ in range(5)]

    assert (outcome.status, outcome.facts["banner"]) == (Status.OK, "mail.test ESMTP")
    assert outcome.facts["also_accepts"] == "nothing older or weaker"
    assert "not_learned" not in outcome.facts
    assert sorted(said) == [b"QUIT\r\n", *[b"STARTTLS\r\n"] * 4]


def revocable(port, label, *more):
    where = x509.UniformResourceIdentifier(f"http://127.0.0.1:{port}/")
    access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)
    extensions = (x509.AuthorityInformationAccess([access]), *more)
    return leaf(label=label, extensions=extensions)


@pytest.mark.peers
@pytest.mark.parametrize(
    ("label", "required", "status", "kind", "told"),
    [
        ("good", True, Status.OK, None, "good"),
        ("revoked", False, Status.FAILED, Kind.TLS_REVOKED, "revoked"),
        ("stranger", False, Status.OK, None, "unknown"),
        ("stranger", True, Status.DEGRADED, Kind.TLS_OTHER, "unknown"),
    ],
)
async def test_what_the_authority_says(
    *, serve, trust, tmp_path, label, required, status, kind, told
):
    """Revoked is down; an authority that does not know a certificate is shown, or degrades."""
    port = free_port()
    all_known = {one: revocable(port, one) for one in ("good", "revoked", "stranger")}
    known = {one: all_known[one] for one in ("good", "revoked")}
    with ocsp_responder(tmp_path, port, **known):
        outcome = await checked(
            serve(issued=all_known[label]),
            ca_file=trust,
            ocsp="responder",
            ocsp_required=required,
        )

    assert (outcome.status, outcome.failure and outcome.failure.kind) == (status, kind)
    assert outcome.facts["ocsp"]["status"] == told
    if kind is Kind.TLS_REVOKED:
        assert "(keyCompromise)" in outcome.failure.detail


@pytest.mark.peers
async def test_a_good_answer_is_remembered_and_a_silent_responder_is_soft(serve, trust, tmp_path):
    """A responder is asked once an hour; one that is gone afterwards changes nothing but facts."""
    port = free_port()
    issued = revocable(port, "good")
    server = serve(issued=issued)
    settings = {"ca_file": trust, "ocsp": "responder"}
    with ocsp_responder(tmp_path, port, good=issued):
        first = await checked(server, **settings)
    again = await checked(server, remembered=first.remember, **settings)
    fresh = await checked(server, **settings)
    strict = await checked(server, **settings, ocsp_required=True)

    assert again.facts["ocsp"]["status"] == "good"
    assert again.remember == first.remember
    assert (fresh.status, fresh.facts["ocsp"]["status"]) == (Status.OK, "unavailable")
    assert "refused" in fresh.facts["ocsp"]["detail"]
    assert (strict.status, strict.failure.kind) == (Status.DEGRADED, Kind.TLS_OTHER)


async def test_a_responder_that_hangs_makes_no_check_late(trust, tmp_path):
    """The responder gets a part of the time, so that the check ends with its own verdict."""
    with serving(waiting) as port:
        issued = revocable(port, "hanging")
        context = server_context(*write_chain(tmp_path, "server", issued))
        with serving(waiting, tls=context) as server:
            outcome = await checked(server, ca_file=trust, ocsp="responder", seconds=3.0)

    assert outcome.status is Status.OK
    assert "no answer" in outcome.facts["ocsp"]["detail"]


async def test_a_responder_may_not_lie_further_inward(trust, tmp_path):
    """A certificate cannot lead the monitor to an address deeper than its own server's."""
    where = x509.UniformResourceIdentifier("http://169.254.169.254/latest")
    access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)
    issued = leaf(label="in", extensions=(x509.AuthorityInformationAccess([access]),))
    context = server_context(*write_chain(tmp_path, "server", issued))
    with serving(waiting, tls=context) as server:
        outcome = await checked(server, ca_file=trust, ocsp="responder")

    assert "never dialled" in outcome.facts["ocsp"]["detail"]


def response(issued, status=ocsp.OCSPCertStatus.GOOD):
    now = datetime.now(UTC).replace(microsecond=0)
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        issued.certificate,
        intermediate().certificate,
        hashes.SHA1(),
        status,
        now,
        None,
        now if revoked else None,
        None,
    )
    signer = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, intermediate().certificate)
    return signer.sign(intermediate().key, hashes.SHA256()).public_bytes(Encoding.DER)


MUST = x509.TLSFeature([x509.TLSFeatureType.status_request])


@pytest.mark.peers
@pytest.mark.skipif(find_spec("OpenSSL") is None, reason="the extra stapling is not installed")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize(
    ("staples", "extensions", "kind", "told"),
    [
        (ocsp.OCSPCertStatus.GOOD, (MUST,), None, "good"),
        (ocsp.OCSPCertStatus.REVOKED, (), Kind.TLS_REVOKED, "revoked"),
        (None, (), None, "unavailable"),
        (None, (MUST,), Kind.TLS_OTHER, "unavailable"),
    ],
)
async def test_what_a_server_staples(
    *, serve, trust, tmp_path, version, staples, extensions, kind, told
):
    """A stapled answer counts as the authority's own; a certificate may demand one."""
    issued = leaf(label="stapled", extensions=extensions)
    options = [version]
    if staples is not None:
        (tmp_path / "staple").write_bytes(response(issued, staples))
        options += ["-status_file", str(tmp_path / "staple")]

    outcome = await checked(serve(*options, issued=issued), ca_file=trust, ocsp="staple")

    assert (outcome.failure and outcome.failure.kind) == kind
    assert outcome.facts["ocsp"]["status"] == told


@pytest.mark.peers
@pytest.mark.skipif(find_spec("OpenSSL") is None, reason="the extra stapling is not installed")
async def test_a_server_that_wants_a_certificate_of_ours_staples_all_the_same(
    serve, trust, tmp_path
):
    """The second handshake shows no certificate of ours; what came before it failed counts."""
    issued = leaf(label="stapled", extensions=(MUST,))
    (tmp_path / "staple").write_bytes(response(issued))
    ours, key = write_chain(tmp_path, "client", leaf(label="client"))
    options = ["-tls1_2", "-status_file", str(tmp_path / "staple"), "-Verify", "2"]
    port = serve(*options, "-verify_return_error", "-CAfile", trust, issued=issued)

    mine = {"client_cert_file": str(ours), "client_key_file": str(key)}
    outcome = await checked(port, ca_file=trust, ocsp="staple", **mine)

    assert (outcome.status, outcome.facts["ocsp"]["status"]) == (Status.OK, "good")


UPPER = issue(subject="Upper", names=(), issuer=root(), authority=True)
LOWER = issue(subject="Lower", names=(), issuer=UPPER, authority=True)
STRANGER = issue(subject="Stranger", names=(), authority=True)


@pytest.mark.parametrize(
    ("sent", "oddity", "complete"),
    [
        ((LOWER, UPPER), None, True),
        ((UPPER, LOWER), "the certificates are in the wrong order", False),
        ((LOWER, UPPER, STRANGER), "sent, but not needed: CN=Stranger", True),
    ],
)
async def test_what_is_odd_about_a_chain_is_shown(trust, tmp_path, sent, oddity, complete):
    """A wrong order works here and elsewhere does not: shown, and a failure where asked for."""
    issued = leaf(issuer=LOWER, label="odd")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(b"".join(one.pem() for one in (issued, *sent)))
    key.write_bytes(issued.key_pem())
    with serving(waiting, tls=server_context(chain, key)) as port:
        lenient = await checked(port, ca_file=trust)
        strict = await checked(port, ca_file=trust, expect={"chain": "complete"})

    assert lenient.status is Status.OK
    assert [text.startswith(oddity) for text in lenient.facts.get("chain_oddities", ())] == (
        [] if oddity is None else [True]
    )
    assert (strict.status is Status.OK) is complete
    assert complete or strict.failure.kind is Kind.TLS_UNTRUSTED


async def test_a_missing_intermediate(tmp_path):
    """Whoever trusts the intermediate sees what others would lack; they see why it fails."""
    issued = leaf(label="missing")
    chain, key = write_chain(tmp_path, "server", issued, with_intermediate=False)
    both = tmp_path / "both.pem"
    both.write_bytes(intermediate().pem() + root().pem())
    with serving(waiting, tls=server_context(chain, key)) as port:
        knows = await checked(port, ca_file=str(both), expect={"chain": "complete"})
        lacks = await checked(port, ca_file=str(write_root(tmp_path)))

    assert knows.failure.detail.startswith("chain: not sent, but needed: CN=Test Intermediate")
    assert "is the intermediate missing?" in lacks.failure.detail


@pytest.mark.peers
async def test_every_address_shows_its_own_certificate(serve, trust, tmp_path):
    """All addresses of a name must pass, and the one that does not is named."""
    (tmp_path / "hosts").write_text("127.0.0.1 farm.test\n127.0.0.2 farm.test\n")
    farm = Network(resolver=Resolver(hosts_file=tmp_path / "hosts"))
    port = serve(name="good")
    serve(issued=leaf(label="old", days=(-9, -1)), name="old", host="127.0.0.2", port=port)
    settings = {"network": farm, "host": "farm.test", "ca_file": trust}

    first = await checked(port, **settings)
    every = await checked(port, addresses="all", **settings)

    assert first.status is Status.OK
    assert every.failure.kind is Kind.TLS_EXPIRED
    assert every.failure.detail.startswith("at 127.0.0.2: certificate expired on")
    assert [one["status"] for one in every.facts["addresses"]] == ["ok", "failed"]


@pytest.mark.peers
async def test_a_change_is_told_with_what_was_before(serve, trust):
    """A certificate that was not seen before degrades the check until its window is over."""
    settings = {"ca_file": trust, "on_change": "degraded"}
    before = await checked(serve(name="before"), **settings)
    renewed = serve(name="after", issued=leaf(label="renewed"))

    after = await checked(renewed, remembered=before.remember, **settings)
    expected = await checked(
        renewed,
        remembered=before.remember,
        expect={"issuer": "Test Intermediate"},
        **settings,
    )

    assert (before.status, expected.status) == (Status.OK, Status.OK)
    assert (after.status, after.failure.kind) == (Status.DEGRADED, Kind.CHANGED)
    assert before.facts["certificate"]["fingerprint"][:16] in after.failure.detail


@pytest.mark.peers
@pytest.mark.parametrize(
    ("organisation", "domains", "status"),
    [
        ("Let's Encrypt", [], Status.OK),
        ("DigiCert Inc", [], Status.DEGRADED),
        ("Kota Makassar", [], Status.OK),
        ("Kota Makassar", ["ca.makassar.test"], Status.DEGRADED),
    ],
)
async def test_the_dns_has_a_say_in_who_issues(trust, tmp_path, organisation, domains, status):
    """CAA of a real zone allows the issuer or does not; of unknown ones nothing is concluded."""
    authority = issue(
        subject="CA", names=(), issuer=root(), authority=True, organisation=organisation
    )
    issued = leaf(names=("www.example.id",), issuer=authority, label="caa")
    context = server_context(*write_chain(tmp_path, "server", issued))
    (tmp_path / "hosts").write_text("127.0.0.1 www.example.id\n")
    (tmp_path / "knot").mkdir()
    with (
        dnsservers.knot(tmp_path / "knot") as server,
        serving(waiting, tls=context) as port,
    ):
        network = Network(resolver=Resolver([server], hosts_file=tmp_path / "hosts"))
        outcome = await checked(
            port,
            network=network,
            host="www.example.id",
            server_name=None,
            ca_file=trust,
            caa=True,
            caa_domains=domains,
        )

    assert outcome.status is status
    assert outcome.facts["caa"].startswith("CAA at example.id allows only letsencrypt.org")


async def test_a_dns_that_is_silent_about_caa_is_soft(trust, tmp_path):
    """Where nobody answers for CAA the check says so, and stays as it is."""
    issued = leaf(names=("www.example.id",), label="caa")
    context = server_context(*write_chain(tmp_path, "server", issued))
    (tmp_path / "hosts").write_text("127.0.0.1 www.example.id\n")
    nobody = dnsservers.NameServer("127.0.0.1", free_port())
    with serving(waiting, tls=context) as port:
        network = Network(
            resolver=Resolver([nobody], hosts_file=tmp_path / "hosts", timeout_seconds=0.2)
        )
        outcome = await checked(
            port, network=network, host="www.example.id", server_name=None, ca_file=trust, caa=True
        )

    assert outcome.status is Status.OK
    assert outcome.facts["caa"].startswith("CAA could not be looked up")


async def test_stages_of_days(trust, tmp_path):
    """Below `min_days` a check is degraded, below `critical_days` it is down."""
    context = server_context(*write_chain(tmp_path, "server", leaf(days=(-9, 5.5), label="soon")))
    with serving(waiting, tls=context) as port:
        soon = await checked(port, ca_file=trust, critical_days=3)
        now = await checked(port, ca_file=trust, critical_days=6)

    assert (soon.status, now.status) == (Status.DEGRADED, Status.FAILED)
    assert soon.failure.kind is now.failure.kind is Kind.EXPIRES_SOON


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_the_newest_version_can_be_held_down(trust, tmp_path):
    """`max_tls` shows what a visitor of that age would meet."""
    context = server_context(*write_chain(tmp_path, "server", leaf()))
    with serving(waiting, tls=context) as port:
        outcome = await checked(port, ca_file=trust, max_tls="TLS1.2")

    assert outcome.facts["tls"]["version"] == "TLSv1.2"
