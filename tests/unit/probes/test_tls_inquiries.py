"""What a check of type tls asks beside its handshake: of whom, and for how long."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind as Kind
from monitor.net.certificates import read_chain
from monitor.net.errors import NetError
from monitor.net.ocsp import Standing
from monitor.net.policy import AddressClass
from monitor.net.tls import TlsFacts
from monitor.net.trace import Trace
from monitor.probes.tls.inquiries import Inquiries
from monitor.probes.tls.spec import TlsSpec
from tests.certificates import NAME, intermediate, leaf

WHERE = x509.UniformResourceIdentifier("http://ocsp.test/")
ACCESS = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, WHERE)
LEAF = leaf(label="asked", extensions=(x509.AuthorityInformationAccess([ACCESS]),))
CHAIN = read_chain((LEAF.der(), intermediate().der()))
NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Network:
    """Answers nobody, and keeps what it was asked for."""

    def __init__(self):
        self.fetched = []

    async def fetch(self, request, **how):
        self.fetched.append((request, how))
        raise NetError(Kind.CONNECT_REFUSED, "refused")

    async def connect(self, *_, **how):
        self.fetched.append((None, how))
        raise NetError(Kind.CONNECT_TIMEOUT, "no answer")


def inquiries(network, *, address="192.0.2.7", remembered=None, **keys):
    trace = Trace()
    trace.address = address
    context = ProbeContext(
        network=network,
        deadline=110.0,
        monotonic=lambda: 100.0,
        now=NOW,
        remembered=remembered or {},
    )
    tls = TlsFacts("TLSv1.3", None, CHAIN, CHAIN, (LEAF.der(), intermediate().der()))
    spec = TlsSpec.model_validate({"host": NAME, **keys})
    return Inquiries(spec, context, trace, CHAIN.leaf, tls)


@pytest.mark.parametrize(
    ("address", "pinned"),
    [
        ("93.184.216.34", AddressClass.PUBLIC),
        ("10.0.0.9", AddressClass.PRIVATE),
        ("127.0.0.1", AddressClass.LOOPBACK),
    ],
)
async def test_a_certificate_cannot_lead_inward(address, pinned):
    """A responder may lie as far inward as the server that named it, and no further."""
    network = Network()

    await inquiries(network, address=address, ocsp="responder").revocation({})

    [(_, how)] = network.fetched
    assert how["pinned"] is pinned


async def test_a_responder_gets_a_part_of_the_time():
    """What is left after a responder's silence suffices for the check's own verdict."""
    network = Network()

    status = await inquiries(network, ocsp="responder").revocation({})

    [(_, how)] = network.fetched
    assert 100.0 < how["deadline"] < 110.0
    assert (status.standing, status.detail) == (
        Standing.UNAVAILABLE,
        "http://ocsp.test/: refused",
    )


async def test_old_versions_are_asked_for_at_the_same_address():
    """All questions go to the address whose certificate was looked at, within the time."""
    network = Network()

    offers = await inquiries(network, expect={"minimum": "TLS1.2"}).offers()

    assert {how["resolve_to"] for _, how in network.fetched} == {"192.0.2.7"}
    assert all(how["deadline"] < 110.0 for _, how in network.fetched)
    assert offers.unknown[0] == "TLS1.1: no answer"


async def test_a_known_answer_is_not_asked_for_again():
    """Within the hour the authority hears nothing, and the answer stays remembered."""
    network, kept = Network(), {}
    mine = CHAIN.leaf.fingerprint
    answer = {"standing": "good", "since": 0.0, "until": None, "asked_at": NOW.timestamp()}

    status = await inquiries(
        network, ocsp="responder", remembered={"ocsp": {mine: answer}}
    ).revocation(kept)

    assert (status.standing, kept, network.fetched) == (Standing.GOOD, {mine: answer}, [])


async def test_nobody_is_asked_unless_configured():
    """Without its keys a check makes its one handshake and nothing else."""
    network = Network()
    asking = inquiries(network)

    assert await asking.offers() is None
    assert await asking.revocation({}) is None
    assert await asking.agreement() is None
    assert network.fetched == []
