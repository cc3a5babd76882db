"""Alertmanager: what a real one makes of our alerts, and what a dead one does to the others."""

import asyncio
import json
import threading
from collections.abc import Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from monitor.alerting.restater import Restater
from monitor.alerting.testmessage import send_test
from monitor.domain.alert import Alert, AlertType
from monitor.fields import Context
from monitor.locales import Language
from monitor.locales.messages_alertmanager import alertmanager_body, fingerprint
from monitor.locales.messages_native import Wording
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.notifiers.alertmanager import RECEIVER_TYPE, Alertmanager, AlertmanagerSpec
from monitor.ports import Undelivered
from monitor.receivertype import ReceiverContext
from tests import alertmanagers
from tests.collector import Collector, answers, hangs
from tests.daemon import eventually, quiet_port
from tests.fakes import FakeTelemetry, an_alert
from tests.integration.alerting.test_webhooks import WallClock

WORDING = Wording(
    receiver="am",
    external_url="https://pantau.example",
    language=Language.ID,
    zone=ZoneInfo("Asia/Makassar"),
)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def hook():
    """Take what Alertmanager tells people."""
    with Collector() as opened:
        yield opened


@pytest.fixture
def instance(tmp_path, hook):
    """Return a real Alertmanager that runs."""
    made = alertmanagers.Alertmanager(tmp_path / "am", hook.url).start()
    yield made
    made.stop()


def receiver(*urls: str, lifetime: timedelta = 4 * MINUTE, **keys) -> Alertmanager:
    """Return a receiver as alerts.yaml describes it; a sped-up one has a short `lifetime`."""
    folder = keys.pop("folder", None)
    spec = AlertmanagerSpec.model_validate(
        {"urls": urls, "timeout": "2s", **keys}, context=Context(folder=folder)
    )
    context = ReceiverContext(
        network=Network(resolver=Resolver()),
        external_url=WORDING.external_url,
        language="id",
        zone="Asia/Makassar",
        name="am",
    )
    return replace(RECEIVER_TYPE.connect(spec, context), lifetime=lifetime)


def outage(began: datetime, ended: datetime | None = None, name: str = "portal-http") -> Alert:
    """Return what is told of an outage of the portal."""
    alert = an_alert(AlertType.FIRING if ended is None else AlertType.RESOLVED)
    [check] = alert.checks
    assert alert.incident is not None
    return replace(
        alert,
        occurred_at=ended or began,
        incident=replace(alert.incident, started_at=began, ended_at=ended),
        checks=(replace(check, id=name, since=ended or began),),
    )


def now() -> datetime:
    return datetime.now(UTC)


async def tell(notifier: Alertmanager, alert: Alert) -> None:
    await notifier.notify("ROW1", notifier.payload("ROW1", alert), now())


def told(hook: Collector) -> list[dict]:
    """Return the bodies of what Alertmanager told people."""
    return [json.loads(each.body) for each in hook.received]


def statuses(hook: Collector) -> list[str]:
    return [body["status"] for body in told(hook)]


@asynccontextmanager
async def restating(notifier, standing: Callable[[], list[Alert]], period_seconds: float = 0.5):
    """Restate meanwhile, as the daemon does."""
    restater = Restater(
        {"am": notifier},
        lambda name: standing(),
        WallClock(),
        FakeTelemetry(),
        period_seconds=period_seconds,
    )
    task = asyncio.create_task(restater.run())
    try:
        yield restater
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def soon(condition: Callable[[], object], what: str, seconds: float = 15.0):
    return await asyncio.to_thread(eventually, condition, seconds, what)


@pytest.mark.peers
async def test_alert_is_there(instance):
    """An alert stands in Alertmanager with its real beginning, four minutes of life, our labels."""
    began = now() - 3 * MINUTE
    await tell(receiver(instance.url), outage(began))

    [alert] = await soon(instance.alerts, "the alert is there")
    ends_at = datetime.fromisoformat(alert["endsAt"])
    assert datetime.fromisoformat(alert["startsAt"]) == began.replace(
        microsecond=began.microsecond // 1000 * 1000
    )
    assert timedelta(minutes=3) < ends_at - now() <= timedelta(minutes=4)
    assert alert["labels"] == {
        "alertname": "PantauServiceDown",
        "check": "portal-http",
        "service": "portal",
        "owner": "diskominfo",
        "criticality": "sangat_kritis",
    }
    assert alert["fingerprint"] == fingerprint(alert["labels"])
    assert alert["annotations"]["summary"].startswith("GANGGUAN: Portal Resmi Kota Makassar")


@pytest.mark.peers
async def test_every_sample_is_taken(instance):
    """Alertmanager refuses no message of ours, whatever its type."""
    from tests.unit.alerting.samples import SAMPLES

    for alert in SAMPLES.values():
        await tell(receiver(instance.url), alert)


@pytest.mark.peers
async def test_end_is_the_real_one(instance, hook):
    """When it is over, people are told so at once, with the time when it really ended."""
    began, ended = now() - 3 * MINUTE, now() - MINUTE
    notifier = receiver(instance.url)
    await tell(notifier, outage(began))
    await soon(lambda: statuses(hook) == ["firing"], "people are told of the outage")
    await tell(notifier, outage(began, ended))
    await soon(lambda: len(hook.received) == 2, "people are told of its end")

    last = told(hook)[-1]
    assert last["status"] == "resolved"
    [alert] = last["alerts"]
    found = datetime.fromisoformat(alert["endsAt"])
    assert abs(found - ended) < timedelta(milliseconds=1)


@pytest.mark.peers
async def test_our_restart_is_no_end(instance, hook):
    """While we restart, and long after one life of an alert, nobody hears that it is over."""
    began = now() - 3 * MINUTE
    life = timedelta(seconds=4)
    standing = [outage(began)]
    async with restating(receiver(instance.url, lifetime=life), lambda: standing):
        await soon(lambda: statuses(hook) == ["firing"], "people are told of the outage")
    await asyncio.sleep(1.5)
    async with restating(receiver(instance.url, lifetime=life), lambda: standing):
        await asyncio.sleep(6.0)
        before = statuses(hook)
        standing[:] = [outage(began, now())]
        await soon(lambda: "resolved" in statuses(hook), "people are told of its end")

    assert before == ["firing"]
    assert statuses(hook) == ["firing", "resolved"]


@pytest.mark.peers
async def test_silence_ends_an_alert(instance, hook):
    """What is not restated ends when its life is over: the test before this one proves something."""
    await tell(receiver(instance.url, lifetime=timedelta(seconds=2)), outage(now() - MINUTE))

    await soon(lambda: statuses(hook) == ["firing", "resolved"], "Alertmanager took it for over")


@pytest.mark.peers
async def test_its_restart_loses_nothing(instance, hook):
    """An Alertmanager that was stopped has the alert again soon after, and tells of no end."""
    standing = [outage(now() - 3 * MINUTE)]
    async with restating(receiver(instance.url), lambda: standing):
        await soon(lambda: statuses(hook) == ["firing"], "people are told of the outage")
        await asyncio.to_thread(instance.stop)
        await asyncio.to_thread(instance.start)
        await soon(instance.alerts, "the alert is there again")
        await asyncio.sleep(2.0)

    assert "resolved" not in statuses(hook)


@pytest.mark.peers
async def test_end_while_it_was_away(instance, hook):
    """An end that came while Alertmanager was stopped is told once it is back, as it really was."""
    began = now() - 3 * MINUTE
    standing = [outage(began)]
    async with restating(receiver(instance.url), lambda: standing):
        await soon(lambda: statuses(hook) == ["firing"], "people are told of the outage")
        await asyncio.to_thread(instance.stop)
        ended = now()
        standing[:] = [outage(began, ended)]
        await asyncio.to_thread(instance.start)
        await soon(lambda: "resolved" in statuses(hook), "people are told of its end")

    [alert] = told(hook)[-1]["alerts"]
    assert abs(datetime.fromisoformat(alert["endsAt"]) - ended) < timedelta(milliseconds=1)


@pytest.mark.peers
async def test_webhook_format_has_the_same_shape(instance, hook):
    """Our `format: alertmanager` has the keys and the types that Alertmanager itself sends."""
    began = now() - 3 * MINUTE
    await tell(receiver(instance.url), outage(began))
    await soon(lambda: hook.received, "people are told of the outage")

    theirs = told(hook)[0]
    ours = json.loads(alertmanager_body(outage(began), WORDING))
    assert shape(ours) == shape(theirs)
    for key in ("labels", "annotations", "fingerprint", "generatorURL", "status", "endsAt"):
        expected = theirs["alerts"][0][key]
        assert key == "endsAt" or ours["alerts"][0][key] == expected
    assert ours["groupKey"] == theirs["groupKey"]


def shape(value: object) -> object:
    """Return the keys and types of a JSON value; of maps of texts only that they are such."""
    if isinstance(value, dict):
        if all(isinstance(each, str) for each in value.values()) and "fingerprint" not in value:
            return "texts"
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return type(value).__name__


@pytest.mark.peers
async def test_bad_alert_holds_up_no_other(instance):
    """Of a batch with an alert that is refused, all others arrive; the refusal is permanent."""
    notifier = receiver(instance.url)
    names = [f"check-{number}" for number in range(5)]
    bodies = [
        json.loads(notifier.payload("ROW1", outage(now() - MINUTE, name=name))) for name in names
    ]
    entries = [each for body in bodies for each in body["alerts"]]
    entries[2]["labels"]["no-label"] = "x"
    with pytest.raises(Undelivered) as caught:
        await notifier.notify("ROW1", json.dumps({"alerts": entries}).encode(), now())

    assert caught.value.permanent
    assert "no-label" in str(caught.value)
    assert {each["labels"]["check"] for each in instance.alerts()} == {*names} - {"check-2"}


async def test_batch_is_split():
    """A batch that is refused is posted again in halves, until only what is bad is missing."""
    with Collector() as server:
        server.plays(answers(400), answers(200), answers(400, body=b"bad\x1b[2J"), answers(200))
        server.otherwise = answers(400, body=b"bad\x1b[2J")
        notifier = receiver(f"http://127.0.0.1:{server.port}")
        entries = [
            each
            for name in "abcd"
            for each in json.loads(notifier.payload("R", outage(now(), name=name)))["alerts"]
        ]
        with pytest.raises(Undelivered, match="bad") as caught:
            await notifier.notify("R", json.dumps({"alerts": entries}).encode(), now())

    posted = [[e["labels"]["check"] for e in json.loads(r.body)] for r in server.received]
    assert posted == [["a", "b", "c", "d"], ["a", "b"], ["c", "d"], ["c"], ["d"]]
    assert "\x1b" not in str(caught.value)
    assert {each.path for each in server.received} == {"/api/v2/alerts"}


@pytest.mark.parametrize(
    "trouble", [hangs(), answers(503), answers(307, {"Location": "/"}), answers(410), None]
)
async def test_dead_instance_blocks_no_other(trouble):
    """Whatever one instance does, the others have the news at once, and it counts as arrived."""
    with Collector() as well, Collector() as ill:
        port = quiet_port() if trouble is None else ill.port
        ill.otherwise = trouble or answers(200)
        notifier = receiver(
            f"http://127.0.0.1:{port}", f"http://127.0.0.1:{well.port}", timeout="10s"
        )
        began = asyncio.get_running_loop().time()
        with capture_logs() as logs:
            await tell(notifier, outage(now()))
        seconds = asyncio.get_running_loop().time() - began

    assert len(well.received) == 1
    assert seconds < 6.0
    assert [each["event"] for each in logs] == ["alertmanager.missed"]


async def test_nobody_took_it():
    """With no instance that takes it, a message has not arrived, and is tried again."""
    with Collector() as one, Collector() as other:
        one.otherwise, other.otherwise = answers(503), answers(400)
        urls = [f"http://127.0.0.1:{each.port}" for each in (one, other)]
        with pytest.raises(Undelivered) as caught:
            await tell(receiver(*urls), outage(now()))

    assert not caught.value.permanent
    assert "503" in str(caught.value)
    assert "400" in str(caught.value)


async def test_restatement_reaches_the_living():
    """A dead instance keeps a restatement from no other one; it is logged once, not each time."""
    telemetry = FakeTelemetry()
    with Collector() as well:
        notifier = receiver(f"http://127.0.0.1:{quiet_port()}", f"http://127.0.0.1:{well.port}")
        restater = Restater({"am": notifier}, lambda name: [outage(now())], WallClock(), telemetry)
        with capture_logs() as logs:
            for _ in range(3):
                await restater.restate()

    assert len(well.received) == 3
    assert [each["event"] for each in logs] == ["restatement.failed"]
    assert len(telemetry.of("notification_failed")) == 3


async def test_what_is_older_never_follows():
    """A restatement that waits for its turn posts what is so then, not what was so before."""
    began, standing = now() - MINUTE, [outage(now() - MINUTE)]
    with Collector() as server:
        notifier = receiver(f"http://127.0.0.1:{server.port}")
        lock = notifier._locks.setdefault(notifier.spec.urls[0], asyncio.Lock())
        async with lock:
            waiting = asyncio.create_task(notifier.restate(lambda: standing, now()))
            await asyncio.sleep(0.1)
            standing[:] = [outage(began, now())]
        await waiting

    [entry] = json.loads(server.received[0].body)
    assert datetime.fromisoformat(entry["endsAt"]) <= now()


class _WatchedAlerts(list):
    """Alerts that know in which thread they were read."""

    def __init__(self, alerts) -> None:
        super().__init__(alerts)
        self.readers: set[int] = set()

    def __iter__(self):
        self.readers.add(threading.get_ident())
        return super().__iter__()


async def test_wording_what_stands_holds_up_nobody():
    """What stands is put into words beside the loop: thousands of alerts would hold up the probes."""
    standing = _WatchedAlerts([outage(now())])
    with Collector() as server:
        await receiver(f"http://127.0.0.1:{server.port}").restate(lambda: standing, now())

    assert len(server.received) == 1
    assert standing.readers.isdisjoint({threading.get_ident()})


async def test_many_are_posted_in_batches():
    """Of a thousand alerts no request holds more than 64."""
    standing = [outage(now(), name=f"c{number}") for number in range(1000)]
    with Collector() as server:
        await receiver(f"http://127.0.0.1:{server.port}").restate(lambda: standing, now())

    sizes = [len(json.loads(each.body)) for each in server.received]
    assert (sum(sizes), max(sizes)) == (1000, 64)


@pytest.mark.parametrize("way", ["bearer", "basic_auth"])
async def test_credentials(way, tmp_path):
    """Credentials go into the header alone: not into a body, a log or an error."""
    (tmp_path / "key").write_text("geheim-123")
    (tmp_path / "key").chmod(0o600)
    secret = {"file": "key"}
    keys = {way: secret if way == "bearer" else {"username": "pantau", "password": secret}}
    with Collector() as server, capture_logs() as logs:
        server.plays(answers(200), answers(401))
        notifier = receiver(f"http://127.0.0.1:{server.port}", folder=tmp_path, **keys)
        await tell(notifier, outage(now()))
        with pytest.raises(Undelivered) as caught:
            await tell(notifier, outage(now()))

    expected = {"bearer": "Bearer geheim-123", "basic_auth": "Basic cGFudGF1OmdlaGVpbS0xMjM="}
    assert {each.headers["authorization"] for each in server.received} == {expected[way]}
    shown = f"{caught.value} {logs} {notifier!r} {[each.body for each in server.received]}"
    assert "geheim" not in shown
    assert "cGFudGF1" not in shown


async def test_trial():
    """`pantau notify test` posts an alert that ends by itself."""
    with Collector() as server:
        result = await send_test(receiver(f"http://127.0.0.1:{server.port}"), "am", WallClock())

    [entry] = json.loads(server.received[0].body)
    assert result.delivered
    assert entry["labels"]["alertname"] == "PantauTest"
    assert "endsAt" in entry
