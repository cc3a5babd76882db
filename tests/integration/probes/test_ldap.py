"""Checks of type ldap against OpenLDAP, and against servers that are none, on loopback."""

import json
import time
from datetime import UTC, datetime

import pytest

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus as Status
from monitor.domain.observation import series
from monitor.net import ber, ldapwire
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes.ldap import LdapSpec, probe
from tests.certificates import NAME, leaf, write_chain, write_root
from tests.ldapservers import BASE, PASSWORD, PEOPLE, USER, directory
from tests.servers import dripping, serving

pytestmark = pytest.mark.xdist_group("ldap")

PEOPLE_OF = {"base": f"ou=pegawai,{BASE}", "scope": "one"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ldap")
    chain, key = write_chain(folder, "server", leaf(kind="rsa", label="ldap"))
    folder.chmod(0o755)
    return chain, key, write_root(folder)


@pytest.fixture(scope="module")
def server(files):
    with directory(*files[:2]) as ports:
        yield ports


def the_login(folder, password=PASSWORD, dn=USER):
    path = folder / "password.key"
    path.touch(mode=0o600)
    path.write_text(password)
    return {"dn": dn, "password": {"file": str(path)}}


async def checked(port, *, seconds=10.0, **written):
    context = ProbeContext(
        network=Network(resolver=Resolver()),
        deadline=time.monotonic() + seconds,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    spec = LdapSpec.model_validate({"host": "127.0.0.1", "port": port, **written})
    return await probe(spec, context)


async def over_tls(server, files, *, tls="starttls", **written):
    port = server.ldap if tls == "starttls" else server.ldaps
    return await checked(port, tls=tls, server_name=NAME, ca_file=str(files[2]), **written)


def told(outcome):
    return None if outcome.failure is None else outcome.failure.kind


@pytest.mark.peers
async def test_a_stranger(server):
    """Without a login a server tells which trees it holds."""
    outcome = await checked(server.ldap, expect={"naming_contexts": ["DC=makassar, dc=test"]})

    assert (outcome.status, outcome.failure) == (Status.OK, None)
    assert outcome.facts["naming_contexts"] == [BASE]
    assert outcome.facts["ldap_versions"] == ["3"]


@pytest.mark.peers
@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("require authc", "unwillingToPerform (53)"),
        ("security ssf=128", "confidentialityRequired (13)"),
        ('access to dn.base="" by * none', "its root DSE is not shown"),
    ],
)
async def test_a_server_that_tells_strangers_nothing(files, setting, reason):
    """A server that refuses properly is reachable; only who expects an answer minds."""
    with directory(*files[:2], setting) as ports:
        free = await checked(ports.ldap)
        bound = await checked(ports.ldap, expect={"naming_contexts": [BASE]})

    assert (free.status, told(bound)) == (Status.OK, Kind.STATUS)
    assert reason in free.facts["not_told"]
    assert reason in bound.failure.detail


@pytest.mark.peers
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_login_and_a_search_over_tls(*, server, files, tmp_path, tls):
    """A check logs in over TLS, and counts what it finds."""
    outcome = await over_tls(
        server,
        files,
        tls=tls,
        login=the_login(tmp_path),
        search=PEOPLE_OF,
        expect={"entries": {"exactly": PEOPLE}},
    )

    assert (outcome.status, outcome.failure) == (Status.OK, None)
    assert outcome.facts["login"] == "accepted"
    assert outcome.facts["tls"]["version"] == "TLSv1.3"
    assert outcome.measurements[series("pantau_ldap_entries")] == PEOPLE


@pytest.mark.peers
@pytest.mark.parametrize(
    ("dn", "reason"),
    [(USER, "invalidCredentials (49)"), ("pantau", "invalidDNSyntax (34): invalid DN")],
)
async def test_a_refused_login(*, server, files, tmp_path, dn, reason):
    """A refused login fails in the words of LDAP, and the password is shown nowhere."""
    login = the_login(tmp_path, "salah-sekali", dn)
    outcome = await over_tls(server, files, login=login)

    assert (outcome.status, told(outcome)) == (Status.FAILED, Kind.STATUS)
    assert outcome.failure.detail == f"ldap: login: {reason}"
    assert "salah" not in json.dumps([outcome.facts, outcome.failure.detail])


@pytest.mark.peers
@pytest.mark.parametrize(
    ("search", "entries", "kind", "reason"),
    [
        ({"filter": "(cn=pegawai \\28nomor 3\\29)"}, {"exactly": 1}, None, ""),
        (
            {"filter": "(&(sn=peg*ai)(!(cn=*2*))(|(createTimestamp>=20200101000000Z)(sn=x)))"},
            {"exactly": 4},
            None,
            "",
        ),
        ({"filter": "(cn~=pegawai)"}, {"min": 0}, None, ""),
        ({"scope": "base"}, {"exactly": 1}, None, ""),
        ({"scope": "sub"}, {"exactly": PEOPLE + 1}, None, ""),
        ({}, None, None, ""),
        ({}, {"min": PEOPLE + 1}, Kind.ANSWER, "entries: 5, expected at least 6"),
        ({}, {"max": 3}, Kind.ANSWER, "entries: over 3, expected at most 3"),
        ({}, {"exactly": 9}, Kind.ANSWER, "entries: 5, expected 9"),
        ({"filter": "(cn=x)"}, None, Kind.ANSWER, "entries: 0, expected at least 1"),
        ({"base": f"ou=x,{BASE}"}, None, Kind.STATUS, "ldap: search: noSuchObject (32)"),
    ],
)
async def test_what_a_search_finds(*, server, files, tmp_path, search, entries, kind, reason):
    """Filters mean to a server what they say, and a number that is not as expected is told."""
    outcome = await over_tls(
        server,
        files,
        login=the_login(tmp_path),
        search=PEOPLE_OF | search,
        expect={} if entries is None else {"entries": entries},
    )

    assert told(outcome) is kind
    assert ((outcome.failure and outcome.failure.detail) or "") == reason


@pytest.mark.peers
async def test_a_server_that_cuts_a_search_short(files, tmp_path):
    """A count that the server's own limit cuts short proves no more than a least number."""
    keys = {"login": the_login(tmp_path), "search": PEOPLE_OF}
    with directory(*files[:2], "sizelimit 2") as ports:
        enough = await over_tls(ports, files, **keys, expect={"entries": {"min": 2}})
        unknown = await over_tls(ports, files, **keys, expect={"entries": {"exactly": 5}})

    assert (enough.status, told(unknown)) == (Status.OK, Kind.STATUS)
    assert unknown.failure.detail == (
        "the server stops after 2 entries (sizeLimitExceeded), expected 5"
    )


async def test_a_server_without_starttls():
    """A server that does not grant STARTTLS fails the check in its own words."""
    with serving(answering_all(result(ldapwire.EXTENDED_RESPONSE, 2, b"unsupported"))) as port:
        outcome = await checked(port, tls="starttls")

    assert told(outcome) is Kind.STARTTLS
    assert outcome.failure.detail == "ldap: StartTLS: protocolError (2): unsupported"


def result(tag, code, text=b"", number=1):
    """Return a message that ends an operation."""
    parts = (ber.integer(code, ber.ENUMERATED), ber.octet_string(b""), ber.octet_string(text))
    return ber.sequence((ber.integer(number), ber.sequence(parts, tag)))


def answering_all(*answers):
    """Return a server that gives these answers, one a request, and closes."""

    def handle(connection):
        for answer in answers:
            connection.recv(4096)
            connection.sendall(answer)

    return handle


@pytest.mark.parametrize("code", [51, 52])
async def test_a_server_that_does_not_serve(code):
    """A server that says that it serves nobody now is down."""
    with serving(answering_all(result(ldapwire.SEARCH_DONE, code))) as port:
        outcome = await checked(port)

    assert (outcome.status, told(outcome)) == (Status.FAILED, Kind.STATUS)


BOUND = result(ldapwire.BIND_RESPONSE, 0)


@pytest.mark.parametrize(
    "answers",
    [(), (BOUND,), (BOUND, result(ldapwire.SEARCH_DONE, 0, number=2)), (BOUND[:5],)],
    ids=["at once", "after the login", "after the root DSE", "within a message"],
)
async def test_a_server_that_closes(tmp_path, answers):
    """A server that closes at any step fails the check with what was missing."""
    with serving(answering_all(*answers)) as port:
        outcome = await checked(
            port, login=the_login(tmp_path), insecure_login=True, search={"base": ""}
        )

    assert outcome.status is Status.FAILED
    assert told(outcome) in {Kind.PROTOCOL, Kind.CONNECT_RESET}


async def test_words_slipped_in_before_tls(tmp_path):
    """What comes in the clear behind the agreement to TLS fails the check, before any login."""
    agreed = result(ldapwire.EXTENDED_RESPONSE, 0)
    slipped_in = result(ldapwire.BIND_RESPONSE, 0, number=2)
    with serving(answering_all(agreed + slipped_in)) as port:
        outcome = await checked(port, tls="starttls", login=the_login(tmp_path))

    assert told(outcome) is Kind.STARTTLS
    assert "somebody may have slipped them in" in outcome.failure.detail


async def test_a_server_that_repeats_the_password(tmp_path):
    """A password that a server sends back is in no output."""
    said = result(ldapwire.BIND_RESPONSE, 49, f"not {PASSWORD}".encode())
    with serving(answering_all(said)) as port:
        outcome = await checked(port, login=the_login(tmp_path), insecure_login=True)

    assert outcome.failure.detail == "ldap: login: invalidCredentials (49): not ***"


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 400 no ", b"\x30\x30"], ids=len)
async def test_a_server_that_sends_back_whatever_it_hears(tmp_path, before):
    """What comes back of a login, as it was or within something else, shows no password."""

    def echoing(connection):
        connection.sendall(before + connection.recv(4096))

    with serving(echoing) as port:
        outcome = await checked(port, login=the_login(tmp_path), insecure_login=True)

    assert (outcome.status, told(outcome)) == (Status.FAILED, Kind.PROTOCOL)
    assert PASSWORD not in repr(outcome)


async def test_a_server_that_drips():
    """A server that sends a byte now and then is out of time at the deadline, no later."""
    with serving(dripping(b"\0", b"\x30\x82\x40\x00")) as port:
        began = time.monotonic()
        outcome = await checked(port, seconds=0.5)

    assert told(outcome) is Kind.TIMEOUT
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "tag 0x48 in place of 0x30"),
        (b"\x30\x84\x7f\xff\xff\xff", "an element of 2147483647 bytes"),
        (b"\x30\x80", "an indefinite length"),
        (b"\x30\x83\x02\x00\x00", "a message of 131077 bytes"),
        (result(ldapwire.SEARCH_DONE, 0, number=7), "message 7 with tag 0x65"),
        (BOUND, "message 1 with tag 0x61"),
        (result(ldapwire.SEARCH_DONE, 0)[:-3] + b"abc", "97 bytes are announced"),
    ],
)
async def test_a_server_that_is_none(said, reason):
    """What no LDAP server would say is told, and nothing is awaited for a false length."""
    with serving(answering_all(said)) as port:
        outcome = await checked(port)

    assert (outcome.status, told(outcome)) == (Status.FAILED, Kind.PROTOCOL)
    assert reason in outcome.failure.detail


async def test_a_server_that_hangs_up():
    """A notice of disconnection is told as the server words it (RFC 4511, 4.4.1)."""
    said = result(ldapwire.EXTENDED_RESPONSE, 52, b"shutting down", number=0)
    with serving(answering_all(said)) as port:
        outcome = await checked(port)

    assert told(outcome) is Kind.STATUS
    assert outcome.failure.detail == ("ldap: the server hangs up: unavailable (52): shutting down")


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        (ldapwire.SEARCH_ENTRY, "more than the 1 entries asked for"),
        (ldapwire.SEARCH_REFERENCE, "over 2000 messages and no end"),
    ],
)
async def test_a_server_without_an_end(tag, reason):
    """A server that sends entries or references for ever is left early."""
    entry = ber.sequence((ber.octet_string(b""), ber.sequence(())), tag)
    flood = ber.sequence((ber.integer(1), entry)) * 5000
    with serving(answering_all(flood)) as port:
        outcome = await checked(port)

    assert told(outcome) is Kind.PROTOCOL
    assert reason in outcome.failure.detail
