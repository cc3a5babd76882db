"""Checks of type ntp: with chrony, and with servers that lie, stay silent or send rubbish."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus, series
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes.ntp import NtpSpec, probe
from tests.servers import free_port
from tests.timeservers import an_answer, chrony, responding

OFFSET, DELAY, STRATUM = (
    series(f"pantau_ntp_{name}") for name in ("offset_seconds", "delay_seconds", "stratum")
)


async def checked(port, *, host="127.0.0.1", seconds=20.0, **keys):
    now = time.monotonic()
    context = ProbeContext(
        network=Network(resolver=Resolver()),
        deadline=now + seconds,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    return await probe(NtpSpec.model_validate({"host": host, "port": port, **keys}), context)


@pytest.mark.peers
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_chrony_on_this_machine(host):
    """A server with our own clock is no further from it than the packets take."""
    with chrony("local stratum 8", host=host) as port:
        outcome = await checked(port, host=host)

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert outcome.measurements[STRATUM] == 8
    assert abs(outcome.measurements[OFFSET]) <= outcome.measurements[DELAY] / 2 + 0.001
    assert outcome.facts["leap"] == "none"
    assert outcome.facts["ntp_version"] == 4
    print(f"offset {outcome.measurements[OFFSET] * 1e6:.0f} µs")


@pytest.mark.peers
async def test_chrony_that_follows_nobody():
    """A server that has no time from anywhere says so, and is down."""
    with chrony() as port:
        outcome = await checked(port)

    assert (outcome.status, outcome.failure.kind) == (OutcomeStatus.FAILED, Kind.STATUS)
    assert outcome.failure.detail == "the server's clock is not set (leap 3, stratum 0)"
    assert OFFSET not in outcome.measurements
    assert outcome.answered


@pytest.mark.peers
async def test_chrony_with_a_stratum_too_high():
    """Over `max_stratum` a server is down."""
    with chrony("local stratum 8") as port:
        outcome = await checked(port, expect={"max_stratum": 7})

    assert outcome.failure.detail == "stratum 8, expected at most 7"


@pytest.mark.parametrize(
    ("ahead", "word"), [(2.0, "ahead of"), (-3.0, "behind"), (400_000_000.0, "ahead of")]
)
async def test_clocks_that_are_apart(ahead, word):
    """How far the server's clock is ahead is measured, also past the end of the era in 2036."""
    with responding(lambda asked: [an_answer(asked, ahead=ahead)]) as port:
        outcome = await checked(port)

    assert (outcome.status, outcome.failure.kind) == (OutcomeStatus.FAILED, Kind.ANSWER)
    assert outcome.measurements[OFFSET] == pytest.approx(ahead, abs=0.4)
    assert word in outcome.failure.detail


@pytest.mark.parametrize(
    ("reference", "status"), [(b"RATE", OutcomeStatus.DEGRADED), (b"DENY", OutcomeStatus.FAILED)]
)
async def test_a_kiss_of_death(reference, status):
    """Who asks too often is told so; who may not ask at all has no server."""
    packet = {"first": 0xE4, "stratum": 0, "reference": reference}
    with responding(lambda asked: [an_answer(asked, **packet)]) as port:
        outcome = await checked(port)

    assert (outcome.status, outcome.failure.kind) == (status, Kind.STATUS)
    assert reference.decode() in outcome.failure.detail


async def test_what_does_not_answer_our_question_is_passed_over():
    """Forged and broken packets cost the right answer nothing."""

    def answers(asked):
        return [
            b"",
            asked,
            an_answer(asked)[:47],
            an_answer(asked, first=0x25, ahead=9),
            an_answer(asked, nonce=0, ahead=9),
            an_answer(asked, nonce=1, ahead=9),
            an_answer(asked),
            an_answer(asked, ahead=9),
        ]

    with responding(answers) as port:
        outcome = await checked(port)

    assert outcome.status is OutcomeStatus.OK, outcome.failure


@pytest.mark.parametrize("broken", ["no time", "sent before it came"])
async def test_an_answer_that_cannot_be(broken):
    """An answer to our question without a time, or with times that run backwards, is refused."""

    def answers(asked):
        if broken == "no time":
            return [an_answer(asked)[:40] + bytes(8)]
        return [an_answer(asked, takes=-1.0)]

    with responding(answers) as port:
        outcome = await checked(port)

    assert outcome.failure.kind is Kind.PROTOCOL
    assert outcome.answered


async def test_a_question_is_asked_again():
    """A packet that is lost does not make a server down."""
    questions = []

    def answers(asked):
        questions.append(asked)
        return [an_answer(asked)] if len(questions) == 2 else []

    with responding(answers) as port:
        outcome = await checked(port, seconds=3.0)

    assert outcome.status is OutcomeStatus.OK
    assert len(set(questions)) == 2, "each question has a nonce of its own"


async def test_a_late_answer_counts_by_its_own_question():
    """An answer to an earlier question is measured from when that was sent."""

    def answers(asked):
        questions.append(asked)
        return [an_answer(questions[0])] if len(questions) == 2 else []

    questions = []
    with responding(answers) as port:
        outcome = await checked(port, seconds=3.0)

    assert outcome.measurements[DELAY] >= 0.9


async def test_a_slow_way_is_no_offset():
    """What the way there takes is seen as half an offset, which is all that it can be."""

    def answers(asked):
        time.sleep(0.4)
        return [an_answer(asked)]

    with responding(answers) as port:
        outcome = await checked(port, expect={"max_offset": "100ms"})

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert outcome.measurements[DELAY] >= 0.39
    assert outcome.measurements[OFFSET] <= outcome.measurements[DELAY] / 2 + 0.001


async def test_a_server_that_is_silent():
    """Without an answer time runs out, after three questions."""
    questions = []
    with responding(lambda asked: questions.append(asked) or []) as port:
        outcome = await checked(port, seconds=0.6)

    assert (outcome.failure.kind, outcome.answered) == (Kind.TIMEOUT, False)
    assert len(questions) == 3


async def test_nobody_there():
    """A closed port is refused by its host, which is an answer."""
    outcome = await checked(free_port())

    assert outcome.failure.kind is Kind.CONNECT_REFUSED
    assert outcome.answered


async def test_a_busy_loop_moves_no_clock():
    """The kernel tells when an answer came in, so that our own lateness is no offset."""
    with responding(lambda asked: [an_answer(asked)]) as port:
        asyncio.get_running_loop().call_soon(time.sleep, 1.5)
        outcome = await checked(port, expect={"max_offset": "300ms"})

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert outcome.measurements[DELAY] < 1.0


async def test_every_address():
    """With `addresses: all` each is told by itself."""
    with responding(lambda asked: [an_answer(asked)]) as port:
        outcome = await checked(port, addresses="all")

    assert [one["status"] for one in outcome.facts["addresses"]] == ["ok"]
