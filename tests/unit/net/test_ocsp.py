"""Was it revoked? Only what the authority itself says, and lately, counts."""

import datetime as dt
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.ocsp import Standing, ask_responder, read_response
from tests.certificates import intermediate, issue, leaf, root

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
HOUR = dt.timedelta(hours=1)
LEAF, OTHER = leaf(label="ocsp"), leaf(label="other")
CHAIN = (LEAF.der(), intermediate().der(), root().der())
URL = "http://ocsp.test/"


def delegate(*usages, issuer=None, days=(-1, 90)):
    extensions = (x509.ExtendedKeyUsage(usages),) if usages else ()
    return issue(
        subject="Responder",
        names=(),
        issuer=issuer or intermediate(),
        days=days,
        extensions=extensions,
    )


def response(
    *,
    status=ocsp.OCSPCertStatus.GOOD,
    of=LEAF,
    issuer=None,
    signer=None,
    sent_along=(),
    since=NOW - HOUR,
    until=NOW + HOUR,
):
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    signer = signer or intermediate()
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=of.certificate,
        issuer=(issuer or intermediate()).certificate,
        algorithm=hashes.SHA1(),
        cert_status=status,
        this_update=since,
        next_update=until,
        revocation_time=NOW - 5 * HOUR if revoked else None,
        revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
    if sent_along:
        builder = builder.certificates([one.certificate for one in sent_along])
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def standing(octets, chain=CHAIN):
    return read_response(octets, chain, NOW).standing


def test_a_good_certificate():
    """An answer that the issuer signed counts, with its dates."""
    status = read_response(response(), CHAIN, NOW)

    assert status.standing is Standing.GOOD
    assert (status.since, status.until) == (
        (NOW - HOUR).timestamp(),
        (NOW + HOUR).timestamp(),
    )


def test_a_revoked_certificate():
    """When and why it was revoked is told."""
    status = read_response(response(status=ocsp.OCSPCertStatus.REVOKED), CHAIN, NOW)

    assert status.standing is Standing.REVOKED
    assert status.detail == "keyCompromise"
    assert status.revoked_at == (NOW - 5 * HOUR).timestamp()


def test_a_certificate_that_its_authority_does_not_know():
    """`unknown` is what the authority said, and neither good nor revoked."""
    assert standing(response(status=ocsp.OCSPCertStatus.UNKNOWN)) is Standing.UNKNOWN


SIGNING = ExtendedKeyUsageOID.OCSP_SIGNING


@pytest.mark.parametrize(
    ("signer", "expected"),
    [
        (delegate(SIGNING), Standing.GOOD),
        (delegate(), Standing.UNAVAILABLE),
        (delegate(ExtendedKeyUsageOID.SERVER_AUTH), Standing.UNAVAILABLE),
        (delegate(SIGNING, issuer=root()), Standing.UNAVAILABLE),
        (delegate(SIGNING, days=(-9, -1)), Standing.UNAVAILABLE),
        (issue(subject="Test Intermediate", names=(), label="forger"), Standing.UNAVAILABLE),
        (LEAF, Standing.UNAVAILABLE),
    ],
    ids=["certified", "no-usage", "other-usage", "other-issuer", "expired", "forged", "itself"],
)
def test_who_may_answer_for_the_issuer(signer, expected):
    """Only whom the issuer itself certified for OCSP, and who still is, may sign in its place."""
    octets = response(signer=signer, sent_along=(signer,))

    assert standing(octets) is expected


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        (NOW - 9 * HOUR, NOW - HOUR, "out of date since"),
        (NOW + HOUR, NOW + 2 * HOUR, "from the future"),
    ],
)
def test_an_old_answer_could_be_a_replay(since, until, told):
    """Dates bound how old an answer may be, since no nonce is sent."""
    status = read_response(response(since=since, until=until), CHAIN, NOW)

    assert status.standing is Standing.UNAVAILABLE
    assert told in status.detail


@pytest.mark.parametrize(
    ("age", "counts"), [(HOUR, True), (23 * HOUR, True), (25 * HOUR, False), (9999 * HOUR, False)]
)
@pytest.mark.parametrize("status", [ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED])
def test_an_answer_that_announces_no_newer_one_holds_for_a_day(age, counts, status):
    """Without a next update newer word could be had at any time, so that old word counts no more."""
    told = standing(response(since=NOW - age, until=None, status=status))

    assert (told is not Standing.UNAVAILABLE) is counts


@pytest.mark.parametrize(
    "octets",
    [
        response(of=OTHER),
        response(issuer=root()),
        b"",
        b"<html>",
        response()[:-3],
        ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(
            Encoding.DER
        ),
    ],
    ids=["other-serial", "other-issuer", "empty", "html", "cut", "try-later"],
)
def test_what_is_no_answer(octets):
    """An answer about another certificate, a refusal and garbage tell nothing."""
    assert standing(octets) is Standing.UNAVAILABLE


@pytest.mark.parametrize("chain", [(), CHAIN[:1], (b"x", b"y")])
def test_without_an_issuer_nobody_can_be_asked(chain):
    """A certificate that is an anchor itself has nobody who could have revoked it."""
    assert standing(response(), chain) is Standing.UNAVAILABLE


async def asked(reply, responders=(URL,)):
    requests = []

    async def post(request):
        requests.append(request)
        if isinstance(reply, Exception):
            raise reply
        return SimpleNamespace(response=reply)

    return await ask_responder(post, CHAIN, responders, NOW), requests


def http(body, *, status=200, failure=None):
    return SimpleNamespace(status=status, body=body, failure=failure)


async def test_the_question_is_about_the_certificate():
    """The responder gets the certificate's serial by POST, with the right types."""
    status, [request] = await asked(http(response()))

    assert status.standing is Standing.GOOD
    assert (request.method, request.target.authority) == ("POST", "ocsp.test")
    assert ("Content-Type", "application/ocsp-request") in request.fields
    question = ocsp.load_der_ocsp_request(request.body)
    assert question.serial_number == LEAF.certificate.serial_number


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (http(b"", status=503), "http://ocsp.test/: status 503"),
        (http(b"x"), "no response of OCSP"),
        (http(b"", failure=NetError(Kind.TOO_LARGE, "too much")), "too much"),
        (NetError(Kind.CONNECT_REFUSED, "refused"), "http://ocsp.test/: refused"),
    ],
)
async def test_a_responder_that_fails_is_soft(reply, told):
    """Whatever goes wrong with a responder is told, and raises nothing."""
    status, _ = await asked(reply)

    assert status.standing is Standing.UNAVAILABLE
    assert told in status.detail


async def test_responders_that_cannot_be_asked():
    """A certificate may name no responder, or one at an address of another kind."""
    assert "no responder" in (await asked(http(b""), ()))[0].detail
    assert "no address" in (await asked(http(b""), ("ldap://x/",)))[0].detail
