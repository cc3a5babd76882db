"""Slack, Teams, PagerDuty, ntfy and Gotify over real sockets, by what their documents say."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.alerting.testmessage import send_test
from monitor.domain.alert import AlertType
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.ports import Undelivered
from tests.chatservices import (
    KINDS,
    SECRETS,
    SLACK_PATH,
    TOKENS,
    PagerDuty,
    asks,
    gotify,
    ntfy,
    receiver,
    slack,
    teams,
)
from tests.collector import Collector, answers, hangs
from tests.fakes import FakeClock, an_alert
from tests.unit.alerting.samples import BACK, COMPANIONS

SERVICES = {"slack": slack, "teams": teams, "ntfy": ntfy, "gotify": gotify}


class WallClock(FakeClock):
    """The real time."""

    def now(self):
        return datetime.now(UTC)

    def monotonic(self):
        return time.monotonic()


@pytest.fixture
def collector():
    with Collector() as opened:
        yield opened


@pytest.fixture
def made(collector, tmp_path):
    """Return a function that makes a receiver of a kind whose service is `collector`."""

    def make(kind, **keys):
        base = f"http://127.0.0.1:{collector.port}"
        network = Network(resolver=Resolver())
        return receiver(kind, tmp_path, base, network=network, timeout="2s", **keys)

    return make


async def attempt(notifier, alert=None, row_id="ROW1") -> Undelivered | None:
    """Return why one attempt failed; None: it did not."""
    body = notifier.payload(row_id, alert or an_alert())
    try:
        await notifier.notify(row_id, body, datetime.now(UTC))
    except Undelivered as error:
        return error
    return None


@pytest.mark.parametrize("kind", KINDS)
async def test_messages_are_taken(kind, collector, made):
    """A firing, its resolution and a test message are taken by each service."""
    asks(collector, SERVICES.get(kind) or PagerDuty())
    notifier = made(kind)

    assert await attempt(notifier, an_alert(companions=COMPANIONS)) is None
    assert await attempt(notifier, an_alert(AlertType.RESOLVED), "ROW2") is None
    assert (await send_test(notifier, kind, WallClock())).detail == ""


async def test_user_and_password(collector, made, tmp_path):
    """An ntfy server that knows users takes a name and a password as well."""
    asks(collector, ntfy)
    (tmp_path / "password").touch(mode=0o600)
    (tmp_path / "password").write_text("geheimgeheim")
    keys = {"username": "kota", "password": {"file": "password"}}

    assert await attempt(made("ntfy", token=None, basic_auth=keys)) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [400, 403, 404, 410])
async def test_refusals(status, kind, collector, made):
    """A refusal is told with the service's words; only one of the message itself is final."""
    collector.otherwise = answers(status, {}, b"because_of_this")

    error = await attempt(made(kind))

    assert str(error) == f"status {status}: because_of_this"
    assert (error.permanent, error.gone) == (status == 400, status == 410)


@pytest.mark.parametrize("kind", KINDS)
async def test_asked_to_wait(kind, collector, made):
    """A service that has had enough says for how long, and is not thought to refuse the message."""
    collector.otherwise = answers(429, {"Retry-After": "30"}, b"rate_limited")

    error = await attempt(made(kind))

    assert (error.retry_after, error.permanent) == (30.0, False)


@pytest.mark.parametrize("kind", KINDS)
async def test_redirects_are_not_followed(kind, collector, made):
    """A redirect is a failure: the secret goes nowhere else."""
    with Collector() as trap:
        collector.otherwise = answers(307, {"Location": trap.url})

        assert (await attempt(made(kind))).reason == "redirect"
        assert trap.accepted == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_silent_service(kind, collector, made):
    """A service that never answers costs an attempt its time and no more."""
    collector.otherwise = hangs()
    began = time.monotonic()

    assert (await attempt(made(kind))).reason == "timeout"
    assert time.monotonic() - began < 7


@pytest.mark.parametrize("kind", KINDS)
async def test_secrets_stay_in(kind, collector, made):
    """A service that repeats what it was sent makes nothing of that known."""
    repeated = " ".join((SLACK_PATH, *SECRETS, *TOKENS.values()))
    own = {"slack": SECRETS[0], "teams": SECRETS[1], "pagerduty": SECRETS[2], **TOKENS}[kind]
    for behaviour in (answers(401, {}, repeated.encode()), hangs()):
        collector.otherwise = behaviour

        assert own not in str(await attempt(made(kind)))


@pytest.mark.parametrize("kind", KINDS)
async def test_secret_that_was_spoilt(kind, collector, made, tmp_path):
    """A secret that is replaced by what can't be one is a failure that ends with its mend."""
    asks(collector, SERVICES.get(kind) or PagerDuty())
    notifier = made(kind)
    good = (tmp_path / f"{kind}.secret").read_text()
    (tmp_path / f"{kind}.secret").write_text("tidak ada\n")

    error = await attempt(notifier)
    (tmp_path / f"{kind}.secret").write_text(good)

    assert (error.reason, error.permanent, collector.accepted) == ("secret", False, 0)
    assert await attempt(notifier) is None


async def test_wrong_paths_are_told(collector, made):
    """The words of a service about a wrong token or a webhook that is gone are told."""
    asks(collector, ntfy)
    assert str(await attempt(made("ntfy", token=None))) == "status 403: forbidden"
    asks(collector, gotify)
    error = await attempt(made("gotify", url=f"http://127.0.0.1:{collector.port}/push"))
    assert str(error) == "status 404: page not found; Not Found"


async def test_storm_goes_on_where_it_stopped(collector, made):
    """After a failure PagerDuty gets the events that it did not take, and each only once."""
    service = PagerDuty(limit=2)
    asks(collector, service)
    notifier, alert = made("pagerduty"), an_alert(companions=COMPANIONS)

    error = await attempt(notifier, alert)
    assert str(error) == "status 429: Too Many Requests: 2 of 3 events were taken"
    assert await attempt(notifier, alert) is None

    assert (list(service.open), service.events) == (["INC1", "INC-pajak", "INC-pbb"], 3)


async def test_restart_opens_nothing_twice(collector, made):
    """After a restart all events of a message are sent again, and open no second alert."""
    service = PagerDuty(limit=2)
    asks(collector, service)
    alert = an_alert(companions=COMPANIONS)

    await attempt(made("pagerduty"), alert)
    assert await attempt(made("pagerduty"), alert) is None

    assert sorted(service.opened) == ["INC-pajak", "INC-pbb", "INC1"]


async def test_refused_event_keeps_no_other_back(collector, made):
    """An event that PagerDuty refuses is told as refused, and the others arrive nevertheless."""
    service = PagerDuty(refuses="INC1")
    asks(collector, service)

    error = await attempt(made("pagerduty"), an_alert(companions=COMPANIONS))

    assert error.permanent
    assert "2 of 3 events were taken" in str(error)
    assert list(service.open) == ["INC-pajak", "INC-pbb"]


async def test_all_is_well_again(collector, made):
    """When all incidents of a message are over, PagerDuty has nothing open."""
    service = PagerDuty()
    asks(collector, service)
    notifier = made("pagerduty")
    over = replace(an_alert(AlertType.RESOLVED, sequence=2), companions=BACK)

    assert await attempt(notifier, an_alert(companions=COMPANIONS)) is None
    assert await attempt(notifier, over, "ROW2") is None

    assert (len(service.opened), service.open) == (3, {})


async def test_message_follows_its_topic(collector, made):
    """A message that waited goes to the topic that is configured when it is sent."""
    asks(collector, ntfy)
    body = made("ntfy", topic="lama").payload("ROW1", an_alert())

    await made("ntfy", topic="baru").notify("ROW1", body, datetime.now(UTC))

    assert json.loads(collector.received[0].body)["topic"] == "baru"
