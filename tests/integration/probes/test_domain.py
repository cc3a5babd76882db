"""Checks of type domain against RDAP servers on loopback, over TLS."""

import asyncio
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus as Status
from monitor.domain.observation import UnknownCause, series
from monitor.domain.state import CheckState, advance
from monitor.engine.runner import observe
from monitor.engine.timetable import Due
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes.domain import CHECK_TYPE, DomainSpec, probe
from tests.certificates import leaf, write_chain, write_root
from tests.fakes import FakeClock, a_check
from tests.registries import NAME, REGISTRAR, SERVERS, Registry, a_domain, an_error, octets
from tests.servers import free_port, server_context, serving

HOUR = timedelta(hours=1)


@pytest.fixture
def serve(tmp_path):
    """Return what serves a registry's answers over TLS until the test ends."""
    context = server_context(*write_chain(tmp_path, "rdap", leaf()))
    with ExitStack() as stack:

        def start(*answers):
            registry = Registry(*answers)
            port = stack.enter_context(serving(registry, tls=context))
            return registry, f"https://127.0.0.1:{port}/rdap/"

        yield start


@pytest.fixture
def trust(tmp_path):
    return str(write_root(tmp_path))


def a_context(now=None, remembered=None, seconds=10.0):
    return ProbeContext(
        network=Network(resolver=Resolver()),
        deadline=time.monotonic() + seconds,
        monotonic=time.monotonic,
        now=now or datetime.now(UTC),
        remembered=remembered or {},
    )


async def checked(server, trust, *, domain=NAME, now=None, remembered=None, seconds=10.0, **keys):
    keys = {"domain": domain, "rdap_server": server, "ca_file": trust, **keys}
    spec = DomainSpec.model_validate(keys)
    return await probe(spec, a_context(now, remembered, seconds))


async def test_a_domain_in_order(serve, trust):
    """A domain that is registered for long is up, and what its registry says is told."""
    registry, server = serve(octets(a_domain()))
    expect = {
        "nameservers": [*SERVERS],
        "statuses": ["clientTransferProhibited"],
        "registrar": "contoh",
    }
    outcome = await checked(server, trust, expect=expect)

    assert (outcome.status, outcome.failure) == (Status.OK, None)
    assert outcome.answered
    assert outcome.facts["registrar"] == REGISTRAR
    assert outcome.facts["statuses"] == ["client transfer prohibited", "active"]
    left = outcome.measurements[series("pantau_domain_expiry_timestamp_seconds")] - time.time()
    assert left / 86_400 == pytest.approx(200, abs=0.1)
    [head] = registry.asked
    assert head.startswith(f"GET /rdap/domain/{NAME} HTTP/1.1\r\n".encode())
    assert b"\r\nAccept: application/rdap+json\r\n" in head


@pytest.mark.parametrize(
    ("answer", "keys", "status", "kind", "detail"),
    [
        (octets(a_domain(expires=(20,))), {}, Status.DEGRADED, Kind.EXPIRES_SOON, "expires "),
        (octets(a_domain(expires=(5,))), {"critical_days": 7}, Status.FAILED, Kind.EXPIRES_SOON, "expires "),
        (octets(a_domain(expires=(-1,))), {}, Status.FAILED, Kind.EXPIRES_SOON, "expired "),
        (octets(a_domain(status=["client hold"])), {}, Status.FAILED, Kind.ANSWER, "status: client hold"),
        (octets(an_error(), "404 Not Found"), {}, Status.FAILED, Kind.ANSWER, "the registry knows no such"),
        (octets(a_domain(expires=())), {}, Status.UNKNOWN, Kind.ANSWER, "cannot decide: the registry gives no date"),
        (octets(a_domain(expires=())), {"expires_on": "2199-01-01"}, Status.OK, None, ""),
        (octets(a_domain(expires=())), {"expires_on": "2020-01-01"}, Status.FAILED, Kind.EXPIRES_SOON, "expired "),
        (octets(a_domain()), {"expires_on": "2020-01-01"}, Status.DEGRADED, Kind.CHANGED, "the registry says"),
        (octets(a_domain(expires=(9, 400))), {}, Status.UNKNOWN, Kind.ANSWER, "cannot decide: the registry gives several"),
        (octets(a_domain(expires=(-950,))), {"min_days": 0}, Status.UNKNOWN, Kind.ANSWER, "cannot decide: the registry's dates contradict"),
        (octets(a_domain(nameservers=[])), {"expect": {"nameservers": ["ns1.test"]}}, Status.FAILED, Kind.ANSWER, "name servers: none"),
        (octets(a_domain(objectClassName="entity")), {}, Status.UNKNOWN, Kind.ANSWER, "cannot decide: the registry has told nothing yet: the answer is about entity"),
        (octets(a_domain(ldhName="lain.test")), {}, Status.UNKNOWN, Kind.ANSWER, "cannot decide: "),
        (octets(b"<html>"), {}, Status.UNKNOWN, Kind.ANSWER, "cannot decide: "),
        (octets(b"no such page", "404 Not Found"), {}, Status.UNKNOWN, Kind.ANSWER, "cannot decide: "),
        (octets(b"[" * 300_000), {}, Status.UNKNOWN, Kind.ANSWER, "cannot decide: the registry has told nothing yet: body"),
        (octets(b"[" * 200_000), {}, Status.UNKNOWN, Kind.ANSWER, "cannot decide: "),
        (octets(a_domain())[:-40], {}, Status.UNKNOWN, Kind.ANSWER, "cannot decide: "),
        (b"220 mail.test ESMTP\r\n", {}, Status.UNKNOWN, Kind.ANSWER, "cannot decide: "),
        (octets(b"", "429 Too Many Requests"), {}, Status.UNKNOWN, Kind.ANSWER, "cannot decide: "),
    ],
)  # fmt: skip
async def test_what_a_registry_may_say(*, serve, trust, answer, keys, status, kind, detail):
    """Each answer leads to the status that the page promises; what proves nothing is never up."""
    outcome = await checked(serve(answer)[1], trust, **keys)

    assert (outcome.status, outcome.failure and outcome.failure.kind) == (status, kind)
    assert (outcome.failure.detail if outcome.failure else "").startswith(detail)
    assert outcome.cause is (UnknownCause.NO_DATA if status is Status.UNKNOWN else None)


async def test_an_international_name(serve, trust):
    """A name in its own script is asked for, and recognised, in ASCII."""
    registry, server = serve(
        octets(a_domain(ldhName="xn--bcher-kva.test", unicodeName="bücher.test"))
    )
    outcome = await checked(server, trust, domain="Bücher.test")

    assert outcome.status is Status.OK
    assert registry.asked[0].startswith(b"GET /rdap/domain/xn--bcher-kva.test ")


async def test_redirects_lead_on(serve, trust):
    """A registry may point to another server, which is asked in the same words."""
    registry, server = serve(octets(a_domain()))
    there = f"{server}domain/{NAME}"
    _, first = serve(octets(b"", "302 Found", f"Location: {there}"))
    outcome = await checked(first, trust)

    assert outcome.status is Status.OK
    assert b"\r\nAccept: application/rdap+json\r\n" in registry.asked[0]


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.1:1/", "https://169.254.169.254/", "gopher://a.test/", "/rdap/domain/x"],
)
async def test_redirects_that_lead_astray(serve, trust, location):
    """A redirect into the clear, to a forbidden address or in a circle decides nothing."""
    registry, server = serve(octets(b"", "302 Found", f"Location: {location}"))
    outcome = await checked(server, trust)

    assert (outcome.status, outcome.cause) == (Status.UNKNOWN, UnknownCause.NO_DATA)
    assert "the registry could not be asked" in outcome.failure.detail
    assert len(registry.asked) <= 6


async def test_who_is_not_trusted_is_not_believed(serve):
    """A server whose certificate is not trusted tells nothing, however good its answer is."""
    registry, server = serve(octets(a_domain()))
    outcome = await probe(
        DomainSpec.model_validate({"domain": NAME, "rdap_server": server}), a_context()
    )

    assert (outcome.status, outcome.cause) == (Status.UNKNOWN, UnknownCause.NO_DATA)
    assert "certificate" in outcome.failure.detail
    assert registry.asked == []


async def test_it_is_asked_once_a_day(serve, trust):
    """However often the check runs, the registry is asked once in `refresh`; days run on."""
    registry, server = serve(octets(a_domain(expires=(30.52,))))
    now = datetime.now(UTC)
    first = await checked(server, trust, now=now)
    memory, statuses = first.remember, []
    for hour in range(1, 24):
        again = await checked(server, trust, now=now + hour * HOUR, remembered=memory)
        assert again.remember is None
        assert not again.answered
        statuses.append(again.status)

    assert len(registry.asked) == 1
    assert statuses == [Status.OK] * 12 + [Status.DEGRADED] * 11
    assert again.facts["learned"].endswith(" 23h ago")

    await checked(server, trust, now=now + 24 * HOUR, remembered=memory)
    assert len(registry.asked) == 2


async def test_another_question_is_asked_at_once(serve, trust):
    """What was learned of another domain, or elsewhere, is not taken for an answer."""
    registry, server = serve(octets(a_domain()))
    memory = (await checked(server, trust)).remember
    await checked(server, trust, domain="other.test", remembered=memory)

    assert len(registry.asked) == 2


async def test_a_busy_registry_is_left_alone(serve, trust):
    """429 and Retry-After are respected, and what was known counts meanwhile."""
    busy = octets(b"", "429 Too Many Requests", "Retry-After: 172800")
    registry, server = serve(octets(a_domain()), busy, octets(a_domain()))
    now = datetime.now(UTC)
    memory = (await checked(server, trust, now=now)).remember
    refused = await checked(server, trust, now=now + 24 * HOUR, remembered=memory)
    memory = refused.remember
    meanwhile = await checked(server, trust, now=now + 71 * HOUR, remembered=memory)
    asked = len(registry.asked)
    after = await checked(server, trust, now=now + 72 * HOUR, remembered=memory)

    assert (refused.status, meanwhile.status, after.status) == (Status.OK,) * 3
    assert "left alone" in meanwhile.facts["last_try"]
    assert (asked, len(registry.asked)) == (2, 3)


async def test_a_registry_that_is_away_for_long(serve, trust):
    """Without a registry the last answer counts for seven days, then nothing is known."""
    _, server = serve(octets(a_domain()))
    now = datetime.now(UTC)
    memory = (await checked(server, trust, now=now)).remember
    memory = {**memory, "about": f"{NAME} https://127.0.0.1:{free_port()}/"}
    gone = memory["about"].partition(" ")[2]
    soon = await checked(gone, trust, now=now + 25 * HOUR, remembered=memory)
    late = await checked(gone, trust, now=now + 169 * HOUR, remembered=soon.remember)

    assert soon.status is Status.OK
    assert "refused" in soon.facts["last_try"]
    assert (late.status, late.cause) == (Status.UNKNOWN, UnknownCause.NO_DATA)
    assert "the registry last told something" in late.failure.detail


async def test_a_silent_registry_costs_no_more_than_the_timeout(serve, trust):
    """Who never answers is waited for until the deadline, and is not asked again at once."""
    never = threading.Event()
    with serving(lambda _: never.wait(30)) as port:
        loop = asyncio.get_running_loop()
        began = loop.time()
        outcome = await checked(f"http://127.0.0.1:{port}/", trust, seconds=0.5)
        spent = loop.time() - began
        never.set()

    assert outcome.status is Status.UNKNOWN
    assert outcome.remember["wait"] == 600
    assert spent < 5, f"{spent:.2f} s"


async def test_nobody_is_asked_without_rdap():
    """With `rdap: false` the stated date decides, and nothing is dialled or remembered."""
    spec = DomainSpec.model_validate(
        {"domain": "kota.invalid", "rdap": False, "expires_on": "2199-01-01"}
    )
    outcome = await probe(spec, replace(a_context(), network=None))

    assert (outcome.status, outcome.answered, outcome.remember) == (Status.OK, False, None)


async def test_the_daemon_remembers_also_what_told_nothing(serve, trust):
    """A registry without dates is asked once a day too, though the check is unknown each time."""
    registry, server = serve(octets(a_domain(expires=())))
    spec = DomainSpec.model_validate({"domain": NAME, "rdap_server": server, "ca_file": trust})
    check, clock, network = a_check(), FakeClock(), Network(resolver=Resolver())
    bound, state = _Bound(check, CHECK_TYPE, spec), CheckState()
    for _ in range(5):
        due = Due(check.id, int(clock.now().timestamp() * 1e6), 0, 0)
        seen = await observe(
            bound, due, _Real(clock), network, "balaikota", remembered=state.remembered
        )
        state = advance(state, seen, check).state
        clock.advance(HOUR)

    assert state.cause is UnknownCause.NO_DATA
    assert len(registry.asked) == 1


class _Bound:
    def __init__(self, check, kind, spec):
        self.check, self.kind, self.spec = check, kind, spec


class _Real:
    """A clock whose wall goes by the test, and whose seconds are real: sockets wait for them."""

    def __init__(self, clock):
        self.epoch, self._clock = 1, clock

    def now(self):
        return self._clock.now()

    def monotonic(self):
        return time.monotonic()
