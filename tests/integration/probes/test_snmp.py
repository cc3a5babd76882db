"""Checks of type snmp: with Net-SNMP's agent, and with agents that lie, stay silent or send rubbish."""

import socket
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus, series
from monitor.fields import Secret
from monitor.net import ber
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.net.snmpusm import Engine, User, content_of, keys_of, question, read_message
from monitor.net.snmpwire import GET, REPORT, RESPONSE
from monitor.probes.snmp import SnmpSpec, probe
from tests.servers import free_port
from tests.snmpagents import AUTH, COMMUNITY, PRIVACY, a_response, snmpd, ticks
from tests.timeservers import responding

UPTIME = series("pantau_snmp_uptime_seconds")
LINK = {"lo": {"oid": "ifOperStatus.1", "equals": "up"}, "nama": "sysName"}
ENGINE_ID = b"\x80\0\0\0\1engine"


@pytest.fixture(scope="module")
def agent():
    """Return the port of Net-SNMP's agent, on both families."""
    with snmpd() as port:
        yield port


def secret(text):
    return Secret(("env", text), text)


def a_user(name, hash_name=None, auth=AUTH, privacy=None):
    user = {"name": name}
    if hash_name is not None:
        user["auth"] = {"protocol": hash_name, "password": secret(auth)}
    if privacy is not None:
        user["privacy"] = {"password": secret(privacy)}
    return {"version": 3, "user": user}


async def checked(port, *, host="127.0.0.1", seconds=20.0, **keys):
    now = time.monotonic()
    context = ProbeContext(
        network=Network(resolver=Resolver()),
        deadline=now + seconds,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    if "user" not in keys:
        keys = {"community": secret(COMMUNITY), **keys}
    return await probe(SnmpSpec.model_validate({"host": host, "port": port, **keys}), context)


@pytest.mark.peers
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_version_2c(agent, host):
    """An agent tells the states of its links and its texts over both families."""
    outcome = await checked(agent, host=host, get=LINK)

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert outcome.facts["values"] == {"lo": "up (1)", "nama": "'saklar-inti'"}
    assert outcome.measurements["pantau_snmp_value", (("name", "lo"),)] == 1.0
    assert outcome.measurements[UPTIME] >= 0
    assert outcome.answered


@pytest.mark.peers
@pytest.mark.parametrize(
    ("keys", "level"),
    [
        (a_user("terbuka"), "noAuthNoPriv"),
        (a_user("sha1", "sha1"), "authNoPriv"),
        (a_user("sha224", "sha224"), "authNoPriv"),
        (a_user("sha256", "sha256", privacy=PRIVACY), "authPriv"),
        (a_user("sha384", "sha384", privacy=PRIVACY), "authPriv"),
        (a_user("sha512", "sha512", privacy=PRIVACY), "authPriv"),
    ],
)
async def test_version_3(agent, keys, level):
    """A user is answered at each level of security, with every hash."""
    outcome = await checked(agent, get=LINK, **keys)

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert outcome.facts["values"]["nama"] == "'saklar-inti'"
    assert (outcome.facts["security"], outcome.facts["engine_boots"]) == (level, 1)


@pytest.mark.peers
@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (a_user("siapa", "sha1"), "knows no user 'siapa' (authNoPriv)"),
        (a_user("sha1", "sha1", "sandi-yang-salah"), "finds the signature of user 'sha1'"),
        (a_user("sha1", "sha256"), "finds the signature of user 'sha1'"),
        (a_user("sha1", "sha1", privacy=PRIVACY), "does not let user 'sha1' (authPriv) ask"),
        (a_user("sha256", "sha256"), "the agent answers authorizationError"),
    ],
)
async def test_an_agent_that_refuses_a_user(agent, keys, told):
    """Why a user is refused is told in words that say what to correct."""
    outcome = await checked(agent, **keys)

    assert (outcome.status, outcome.failure.kind) == (OutcomeStatus.FAILED, Kind.STATUS)
    assert told in outcome.failure.detail
    assert outcome.answered


@pytest.mark.peers
async def test_a_wrong_password_of_privacy(agent):
    """An agent is silent on what it can't decrypt, but it has told its engine: it is there."""
    keys = a_user("sha256", "sha256", privacy="sandi-yang-salah")
    outcome = await checked(agent, seconds=0.6, **keys)

    assert (outcome.failure.kind, outcome.answered) == (Kind.TIMEOUT, True)
    assert "where the password of privacy is wrong" in outcome.failure.detail


@pytest.mark.peers
async def test_a_wrong_community(agent):
    """An agent is silent on a community that it does not know."""
    outcome = await checked(agent, seconds=0.6, community=secret("salah-sekali"))

    assert (outcome.failure.kind, outcome.answered) == (Kind.TIMEOUT, False)
    assert "where the community or the asker's address is wrong" in outcome.failure.detail
    assert "salah-sekali" not in repr(outcome)


@pytest.mark.peers
@pytest.mark.parametrize(
    ("oid", "why"),
    [("upsBatteryStatus", "noSuchObject"), ("ifOperStatus.99999", "noSuchInstance")],
)
async def test_an_object_that_is_not_there(agent, oid, why):
    """What an agent does not have is no value that could be well."""
    outcome = await checked(agent, get={"x": oid})

    assert outcome.failure.kind is Kind.ANSWER
    assert outcome.failure.detail == f"x: the agent has no {oid} ({why})"


@pytest.mark.peers
async def test_an_agent_that_has_just_started(agent):
    """A restart is noticed by the uptime, and when it was is remembered."""
    outcome = await checked(agent, min_uptime="30d")

    assert outcome.status is OutcomeStatus.DEGRADED
    assert time.time() - outcome.remember["began"] < 3600


async def test_what_does_not_answer_our_question_is_passed_over():
    """Forged and broken packets cost the right answer nothing."""

    def answers(asked):
        good, bad = ticks(100), ticks(999_900)
        return [
            b"",
            b"\x30\x84\xff\xff\xff\xff",
            asked,
            a_response(asked, good)[:-1],
            a_response(asked, bad, number=1),
            a_response(asked, bad, version=0),
            a_response(asked, bad, tag=0xA1),
            a_response(asked, bad, community=b"public"),
            a_response(asked, good),
            a_response(asked, bad),
        ]

    with responding(answers) as port:
        outcome = await checked(port)

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert outcome.measurements[UPTIME] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (lambda asked: a_response(asked, b"\x02\0"), Kind.PROTOCOL),
        (a_response, Kind.PROTOCOL),
        (lambda asked: a_response(asked, ticks(1), error=5, index=1), Kind.STATUS),
    ],
)
async def test_an_answer_that_cannot_be(made, kind):
    """An answer to our question with a broken value, other objects or an error is told at once."""
    with responding(lambda asked: [made(asked)]) as port:
        outcome = await checked(port)

    assert (outcome.failure.kind, outcome.answered) == (kind, True)


async def test_a_lost_packet_is_sent_again():
    """A packet that is lost does not make a device down; the same question is asked again."""
    questions = []

    def answers(asked):
        questions.append(asked)
        return [a_response(asked, ticks(1))] if len(questions) == 2 else []

    with responding(answers) as port:
        outcome = await checked(port, seconds=3.0)

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert questions[0] == questions[1]


async def test_a_silent_device():
    """Without an answer time runs out, after `retries` more packets."""
    questions = []
    with responding(lambda asked: questions.append(asked) or []) as port:
        outcome = await checked(port, seconds=0.6, retries=2)

    assert (outcome.failure.kind, outcome.answered) == (Kind.TIMEOUT, False)
    assert len(questions) == 3


async def test_rubbish_alone_is_told():
    """Where no answer comes, what came in its place is told, and proves that we are online."""
    with responding(lambda _: [b"halo"]) as port:
        outcome = await checked(port, seconds=0.4, retries=0)

    assert (outcome.failure.kind, outcome.answered) == (Kind.TIMEOUT, True)
    assert "packets passed over: 1" in outcome.failure.detail


async def test_nobody_there():
    """A closed port is refused by its host, which is an answer."""
    outcome = await checked(free_port())

    assert outcome.failure.kind is Kind.CONNECT_REFUSED
    assert outcome.answered


async def test_a_community_that_comes_back():
    """A community that an agent repeats in a value is shown nowhere."""
    text = ber.octet_string(f"saya tahu {COMMUNITY}".encode())
    with responding(lambda asked: [a_response(asked, text, ticks(1))]) as port:
        outcome = await checked(port, get={"x": {"oid": "sysDescr", "equals": "y"}})

    assert COMMUNITY not in repr(outcome)
    assert "saya tahu ***" in outcome.failure.detail


def a_report(asked, number, boots=1, at=100):
    """Return what an agent reports, unsigned, in place of an answer: a counter of usmStats."""
    message = read_message(asked)
    binding = ber.sequence((ber.oid(f"1.3.6.1.6.3.15.1.1.{number}.0"), ber.integer(1, 0x41)))
    zeros = (ber.integer(0), ber.integer(0), ber.integer(0))
    pdu = ber.sequence((*zeros, ber.sequence((binding,))), REPORT)
    head = map(ber.integer, (message.id, 65_507))
    security = (
        ber.octet_string(ENGINE_ID),
        ber.integer(boots),
        ber.integer(at),
        *(ber.octet_string(b"") for _ in range(3)),
    )
    return ber.sequence(
        (
            ber.integer(3),
            ber.sequence((*head, ber.octet_string(b"\0"), ber.integer(3))),
            ber.octet_string(ber.sequence(security)),
            ber.sequence((ber.octet_string(ENGINE_ID), ber.octet_string(b""), pdu)),
        )
    )


async def test_a_time_that_nobody_signed_is_not_believed():
    """That our time is wrong counts only when the agent signs it; else anybody could say so."""

    def answers(asked):
        return [a_report(asked, 4 if not read_message(asked).user else 2, at=9_999)]

    with responding(answers) as port:
        outcome = await checked(port, seconds=0.6, retries=0, **a_user("sha1", "sha1"))

    assert outcome.failure.kind is Kind.TIMEOUT
    assert "the last for a time that nobody signed" in outcome.failure.detail


SIGNING = User(name="sha1", hash_name="sha1", password=AUTH)
TRUE = {
    "user": SIGNING,
    "engine": Engine(id=ENGINE_ID, boots=1, time=100),
    "keys": keys_of(SIGNING, ENGINE_ID),
}


def signed(asked, number, later=0, **changes):
    """Return an agent's answer in version 3, with this uptime in hundredths of a second."""
    message = read_message(asked)
    content = content_of(message, None)
    content.octet_string(), content.octet_string()
    request_id = content.fields(GET).integer()
    binding = ber.sequence((ber.oid("1.3.6.1.2.1.1.3.0"), ticks(number)))
    numbers = map(ber.integer, (request_id, 0, 0))
    pdu = ber.sequence((*numbers, ber.sequence((binding,))), RESPONSE)
    more = {"context_name": "", "now": 0.0, "salt": b"", **TRUE, **changes}
    return question(message.id + later, pdu, **more)


@pytest.mark.parametrize(
    "forged",
    [
        {"later": 1},
        {"keys": keys_of(SIGNING, b"other engine")},
        {"keys": None, "user": User(name="sha1")},
        {"user": replace(SIGNING, name="sha2")},
        {"engine": replace(TRUE["engine"], id=b"other engine")},
        {"engine": replace(TRUE["engine"], boots=0, time=9_999)},
    ],
)
async def test_a_forged_answer_to_a_user_is_passed_over(forged):
    """An answer counts if it repeats the message's number, and is signed by that engine just now."""

    def answers(asked):
        if not read_message(asked).user:
            return [a_report(asked, 4)]
        return [signed(asked, 999_900, **forged), signed(asked, 100)]

    with responding(answers) as port:
        outcome = await checked(port, **a_user("sha1", "sha1"))

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert outcome.measurements[UPTIME] == pytest.approx(1.0)


@pytest.mark.peers
async def test_a_wrong_first_time_is_corrected(agent):
    """The first time of an engine is signed by nobody; a wrong one costs one more question."""
    seen = []

    def answers(asked):
        reply = _forwarded(agent, asked)
        message = read_message(reply)
        seen.append(message.is_authenticated)
        if message.is_authenticated:
            return [reply]
        engine = ber.octet_string(message.engine.id)
        true, wrong = (engine + ber.integer(message.engine.boots + late) for late in (0, 5))
        return [reply.replace(true, wrong)]

    with responding(answers) as port:
        outcome = await checked(port, **a_user("sha1", "sha1"))

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert seen == [False, True, True]


def _forwarded(port, packet):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.connect(("127.0.0.1", port))
        sock.send(packet)
        return sock.recv(65_535)
