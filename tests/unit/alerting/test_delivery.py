"""Whatever a receiver does, its messages arrive: in order, unchanged, or somebody else hears."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from monitor.domain.alert import AlertType
from monitor.ports import DeliveryState, Undelivered
from tests.fakes import NOON, Delivery, RecordingNotifier, an_own_alert, refusal
from tests.unit.alerting.world import World

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DELIVERED, DEAD, PENDING = DeliveryState.DELIVERED, DeliveryState.DEAD, DeliveryState.PENDING


def bodies(attempts: list[Delivery]) -> set[bytes]:
    return {attempt.body for attempt in attempts}


async def test_delivered_and_settled():
    """A message that the receiver took is settled as delivered and counted."""
    oncall = RecordingNotifier()
    world = World(oncall=oncall)
    row = world.fires("A")

    await world.settles()

    assert [attempt.row_id for attempt in oncall.delivered] == [row]
    assert world.outbox.state(row) is DELIVERED
    assert world.telemetry.of("notified") == [{"receiver": "oncall"}]
    assert world.telemetry.of("outbox")[-1] == {"pending": 0, "oldest_age_seconds": 0.0}


async def test_same_id_and_body_at_every_attempt():
    """Every attempt at a message has the same id and byte-identical body, also after a restart."""
    oncall = RecordingNotifier(*[refusal()] * 6)
    world = World(oncall=oncall)
    world.fires("A")

    await world.passes(20)
    oncall.payload = lambda row_id, alert: b"as a newer release would say it"
    world.restart()
    await world.passes(HOUR)

    assert len(oncall.attempts) == 7
    assert len(bodies(oncall.attempts)) == 1
    assert {attempt.row_id for attempt in oncall.attempts} == set(world.outbox.rows)


async def test_body_is_stored_before_the_first_attempt():
    """The body stands in the outbox before the receiver can have seen it."""
    world = World()

    class Peeking(RecordingNotifier):
        async def notify(self, row_id, body, now):
            assert world.outbox.rows[row_id].body == body
            await super().notify(row_id, body, now)

    world.notifiers = {"oncall": Peeking()}
    world.restart()
    row = world.fires("A")
    await world.settles()

    assert world.outbox.state(row) is DELIVERED


async def test_settled_only_after_the_answer():
    """A message is not settled before the receiver has answered: a crash repeats, never loses."""
    world = World()

    class Crashing(RecordingNotifier):
        async def notify(self, row_id, body, now):
            assert world.outbox.settled == {}
            raise SystemExit

    world.notifiers = {"oncall": Crashing()}
    world.restart()
    row = world.fires("A")
    with pytest.raises(SystemExit):
        await world.settles()
    world.notifiers = {"oncall": RecordingNotifier()}
    world.restart()
    await world.settles()

    assert world.outbox.state(row) is DELIVERED


async def test_in_order():
    """While the oldest message does not get through, those behind it wait."""
    oncall = RecordingNotifier(refusal(), refusal())
    world = World(oncall=oncall)
    rows = [world.fires(incident) for incident in "ABC"]

    await world.passes(MINUTE)

    assert [attempt.row_id for attempt in oncall.attempts] == [rows[0], rows[0], *rows]


async def test_down_for_six_hours():
    """A receiver that is down for six hours sees 40 attempts at most, hears of all 200 changes in
    order within a minute of its first success, and delays no other receiver; restarts or not.
    """
    oncall, other = RecordingNotifier(failing=refusal()), RecordingNotifier()
    world = World(oncall=oncall, other=other)
    healthy_delays = []
    for number in range(200):
        change = world.fires if number < 120 or number % 2 == 0 else world.resolves
        pair = number if number < 120 else number - number % 2
        before = world.clock.now()
        change(f"I{pair:03}")
        await world.passes(0)
        healthy_delays.append((other.delivered[-1].at - before).total_seconds())
        await world.passes(6 * HOUR / 200)
        if number % 10 == 0:
            world.restart()
    failed = len(oncall.attempts)
    oncall.failing = None
    back_at = world.clock.now()
    await world.passes(HOUR)

    first = oncall.delivered[0].at
    told = [attempt for attempt in oncall.delivered if b"self.undelivered" not in attempt.body]
    order = [
        next(row.number for row in world.outbox.rows.values() if row.id == one.row_id)
        for one in told
    ]
    silent = [
        row.id
        for row in world.outbox.rows.values()
        if row.receiver == "oncall"
        and world.outbox.state(row.id) not in {DELIVERED, DeliveryState.SUPERSEDED}
    ]
    assert failed <= 40
    assert first - back_at <= timedelta(minutes=15)
    assert max(attempt.at for attempt in told) - first <= MINUTE
    assert order == sorted(order)
    assert silent == []
    assert len(told) == 160  # 120 outages, and 40 that fired and recovered meanwhile
    assert sum(b"firing undelivered" in one.body for one in told) == 40
    assert sorted(healthy_delays)[197] <= 5


async def test_superseded_points_to_its_carrier():
    """A message that another one stands for is settled with that one's id."""
    oncall = RecordingNotifier()
    world = World(oncall=oncall)
    firing, resolved = world.fires("A"), world.resolves("A")

    await world.settles()

    assert world.outbox.settled[firing][-1].detail == resolved
    assert world.outbox.state(firing) is DeliveryState.SUPERSEDED
    assert [attempt.body for attempt in oncall.delivered] == [
        f"{resolved} alert.resolved (firing undelivered) ".encode()
    ]


async def test_retry_after_is_waited_for():
    """A receiver that asks for half an hour is left alone for half an hour."""
    oncall = RecordingNotifier(refusal(retry_after=1800.0))
    world = World(oncall=oncall)
    world.fires("A")

    await world.passes(HOUR)

    assert [attempt.at - NOON for attempt in oncall.attempts] == [0 * HOUR, 0.5 * HOUR]


async def test_gone_endpoint_is_stopped_and_told_of():
    """An endpoint that answers 410 is not asked again, and another receiver hears what it lost."""
    oncall, other = RecordingNotifier(refusal(gone=True)), RecordingNotifier()
    world = World(oncall=oncall, other=other)
    first = world.fires("A", "oncall")
    await world.passes(0)
    second = world.fires("B", "oncall")
    with capture_logs() as logs:
        await world.passes(HOUR)

    assert len(oncall.attempts) == 1
    assert [world.outbox.state(row) for row in (first, second)] == [DEAD, DEAD]
    assert all(b"self.undelivered oncall: gave up" in one.body for one in other.delivered)
    assert len(other.delivered) == 2
    assert {"receiver": "oncall", "reason": "unusable"} in world.telemetry.of("notification_failed")
    assert [one["log_level"] for one in logs if one["event"] == "notification.lost"] == ["error"]


async def test_gone_endpoint_comes_back_with_another_configuration():
    """A reload that changes the receiver ends the stop."""
    world = World(oncall=RecordingNotifier(refusal(gone=True)), other=RecordingNotifier())
    world.fires("A", "oncall")
    await world.passes(0)
    mended = RecordingNotifier()
    world.dispatcher.replace_notifiers({**world.notifiers, "oncall": mended})
    row = world.fires("B", "oncall")
    await world.passes(0)

    assert [attempt.row_id for attempt in mended.delivered] == [row]


async def test_given_up_after_three_days_and_told_of():
    """After 72 hours a message is given up: another receiver hears of it, and a counter counts."""
    oncall, other = RecordingNotifier(failing=refusal()), RecordingNotifier()
    world = World(oncall=oncall, other=other)
    row = world.fires("A", "oncall")

    await world.passes(71.7 * HOUR)
    before = world.outbox.state(row)
    await world.passes(0.7 * HOUR)

    assert (before, world.outbox.state(row)) == (PENDING, DEAD)
    assert b"gave up (given up: status 503); lost: alert.firing Portal" in other.delivered[-1].body
    assert {"receiver": "oncall", "reason": "given_up"} in world.telemetry.of("notification_failed")


async def test_young_messages_outlive_the_old():
    """Only messages that have waited for 72 hours are given up; younger ones are kept."""
    world = World(oncall=RecordingNotifier(failing=refusal()), other=RecordingNotifier())
    old = world.fires("A", "oncall")
    await world.passes(70 * HOUR)
    young = world.fires("B", "oncall")
    await world.passes(3 * HOUR)

    assert [world.outbox.state(row) for row in (old, young)] == [DEAD, PENDING]


async def test_refused_message_does_not_block_the_rest():
    """A message that a receiver refuses again and again is given up, and the next one goes."""
    oncall = RecordingNotifier(*[refusal(permanent=True, reason="status_4xx")] * 8)
    other = RecordingNotifier()
    world = World(oncall=oncall, other=other)
    refused, following = world.fires("A", "oncall"), world.fires("B", "oncall")

    await world.passes(HOUR)

    assert [world.outbox.state(row) for row in (refused, following)] == [DEAD, DELIVERED]
    assert b"gave up (refused 8 times: status 503)" in other.delivered[-1].body


async def test_misconfigured_receiver_loses_nothing():
    """Answers such as 401 and 404 are no end: the messages wait until the receiver is mended."""
    oncall = RecordingNotifier(failing=refusal(reason="status_4xx"))
    world = World(oncall=oncall)
    row = world.fires("A")
    await world.passes(48 * HOUR)
    oncall.failing = None
    await world.passes(HOUR)

    assert world.outbox.state(row) is DELIVERED


async def test_own_network_is_back():
    """When our own network recovers, every receiver is tried at once."""
    oncall = RecordingNotifier(failing=refusal())
    world = World(oncall=oncall)
    row = world.fires("A")
    await world.passes(3 * HOUR)
    oncall.failing = None
    world.dispatcher.network_recovered()
    await world.settles()

    assert world.outbox.state(row) is DELIVERED


async def test_restart_keeps_the_backoff():
    """Starting again gives a dead endpoint no fresh burst of attempts."""
    oncall = RecordingNotifier(failing=refusal())
    world = World(oncall=oncall)
    world.fires("A")
    await world.passes(3 * HOUR)
    before = len(oncall.attempts)
    for _ in range(20):
        world.restart()
        await world.passes(30)

    assert len(oncall.attempts) - before <= 1


async def test_receiver_taken_out():
    """Messages for a receiver that is no longer configured are given up, and another one hears."""
    other = RecordingNotifier()
    world = World(oncall=RecordingNotifier(failing=refusal()), other=other)
    waiting = world.fires("A", "oncall")
    await world.passes(0)
    world.dispatcher.replace_notifiers({"other": other})
    unheard = world.fires("B", "never-was")
    await world.passes(0)

    assert [world.outbox.state(row) for row in (waiting, unheard)] == [DEAD, DEAD]
    assert [one.body.split()[2] for one in other.delivered] == [b"oncall:", b"never-was:"]


async def test_nobody_left_to_tell():
    """Where there is no other receiver, a lost message is at least an error in the log."""
    world = World(oncall=RecordingNotifier(refusal(gone=True)))
    world.fires("A")
    with capture_logs() as logs:
        await world.passes(0)

    [lost] = [one for one in logs if one["event"] == "notification.lost"]
    assert (lost["log_level"], lost["told"]) == ("error", [])


async def test_trouble_is_told_to_another_receiver():
    """A receiver that has been failing for a quarter of an hour is an alert on another, once."""
    other = RecordingNotifier()
    world = World(oncall=RecordingNotifier(failing=refusal()), other=other)
    world.fires("A", "oncall")

    await world.passes(14 * MINUTE)
    early = len(other.delivered)
    await world.passes(6 * HOUR)

    assert early == 0
    [notice] = other.delivered
    assert b"oncall: failing since 2026-06-01T04:00Z (status 503)" in notice.body
    undelivered = world.outbox.rows[notice.row_id].alert.undelivered
    assert (undelivered.receiver, undelivered.failing_since) == ("oncall", NOON)
    [waiting] = undelivered.messages
    assert (waiting.service, waiting.at) == ("Portal Resmi Kota Makassar", NOON)


async def test_no_storm_when_all_receivers_fail():
    """When no receiver can be reached, they are not told of each other."""
    world = World(
        oncall=RecordingNotifier(failing=refusal()), other=RecordingNotifier(failing=refusal())
    )
    world.fires("A")
    await world.passes(6 * HOUR)

    assert len(world.outbox.rows) == 2


async def test_unspeakable_message():
    """A message that cannot be put into words is our bug: another receiver hears of it."""
    other = RecordingNotifier()

    class Speechless(RecordingNotifier):
        def payload(self, row_id, alert):
            if alert.incident.id == "A":
                raise KeyError("no such word")
            return super().payload(row_id, alert)

    world = World(oncall=Speechless(), other=other)
    bad, good = world.fires("A", "oncall"), world.fires("B", "oncall")
    with capture_logs() as logs:
        await world.passes(0)

    assert [world.outbox.state(row) for row in (bad, good)] == [DEAD, DELIVERED]
    assert b"cannot be put into words" in other.delivered[0].body
    assert any(one["event"] == "notification.unspeakable" and one["exc_info"] for one in logs)


async def test_crashing_notifier_is_tried_again():
    """A bug in a notifier loses nothing: the message is tried again."""
    oncall = RecordingNotifier(ZeroDivisionError(), Undelivered("reset", reason="connect_reset"))
    world = World(oncall=oncall)
    row = world.fires("A")
    await world.passes(MINUTE)

    assert world.outbox.state(row) is DELIVERED
    reasons = [one["reason"] for one in world.telemetry.of("notification_failed")]
    assert reasons == ["internal", "connect_reset"]


async def test_store_that_fails_keeps_nobody_from_being_told():
    """A store that fails after a message was read delays no message, and none is sent twice."""
    oncall = RecordingNotifier()
    world = World(oncall=oncall)
    row = world.fires("A")
    await world.dispatcher.take_in()
    world.outbox.broken = True
    await world.passes(MINUTE)
    told = len(oncall.delivered)
    world.outbox.broken = False
    await world.passes(MINUTE)

    assert (told, len(oncall.attempts)) == (1, 1)
    assert world.outbox.state(row) is DELIVERED


async def test_nothing_is_given_up_unless_others_are_told():
    """While the store can't take the notice, the message that it tells of stays."""
    other = RecordingNotifier()
    world = World(oncall=RecordingNotifier(refusal(gone=True)), other=other)
    row = world.fires("A", "oncall")
    await world.dispatcher.take_in()
    world.outbox.broken = True
    await world.passes(10)
    before = world.outbox.state(row)
    world.outbox.broken = False
    await world.passes(10)

    assert (before, world.outbox.state(row), len(other.delivered)) == (PENDING, DEAD, 1)


async def test_reload_without_a_change_keeps_the_backoff():
    """A reload gives an unchanged receiver that is dead no further attempts."""
    oncall = RecordingNotifier(failing=refusal())
    world = World(oncall=oncall)
    world.fires("A")
    await world.passes(HOUR)
    before = len(oncall.attempts)
    for _ in range(50):
        world.dispatcher.replace_notifiers(world.notifiers)
        await world.passes(1)

    assert len(oncall.attempts) - before <= 1


async def test_stale_heartbeats_are_not_sent():
    """After an outage of the receiver only the newest heartbeat is sent."""
    beacon = RecordingNotifier(failing=refusal())
    world = World(beacon=beacon)
    for sequence in range(60):
        world.tells(an_own_alert(AlertType.HEARTBEAT, sequence=sequence))
        await world.passes(MINUTE)
    beacon.failing = None
    await world.passes(HOUR)

    assert len(beacon.delivered) == 2  # the one that was attempted, and the newest


async def test_store_that_fails_brings_no_attempts():
    """While the store can't take the notice of a refused message, its receiver is not hammered."""
    oncall = RecordingNotifier(failing=refusal(permanent=True))
    world = World(oncall=oncall, other=RecordingNotifier())
    row = world.fires("A", "oncall")
    await world.passes(400)
    world.outbox.broken = True
    before = len(oncall.attempts)
    await world.passes(HOUR)
    meanwhile = len(oncall.attempts) - before
    world.outbox.broken = False
    await world.passes(16 * MINUTE)

    assert meanwhile <= 5
    assert world.outbox.state(row) is DEAD


async def test_what_was_given_up_is_sent_after_all():
    """A message that was given up goes out once somebody wants that: the same id, the same body,
    also to an endpoint that wanted no more.
    """
    oncall = RecordingNotifier(refusal(gone=True))
    world = World(oncall=oncall, other=RecordingNotifier())
    row = world.fires("A", "oncall")
    await world.settles()
    assert world.outbox.state(row) is DEAD
    world.dispatcher.reopen({"oncall", "nobody"})
    world.outbox.retry(row, world.clock.now())

    await world.settles()

    assert world.outbox.state(row) is DELIVERED
    assert [attempt.row_id for attempt in oncall.attempts] == [row, row]
    assert len(bodies(oncall.attempts)) == 1
    await world.dispatcher.take_in()
    assert world.telemetry.of("dead_letters")[-1] == {"counts": {}}


async def test_given_up_again_is_told_again():
    """Who is told that a message was given up is told again when it is given up once more."""
    other = RecordingNotifier()
    world = World(oncall=RecordingNotifier(failing=refusal(gone=True)), other=other)
    row = world.fires("A", "oncall")
    await world.settles()
    await world.passes(MINUTE)
    world.dispatcher.reopen({"oncall"})
    world.outbox.retry(row, world.clock.now())

    await world.settles()

    assert world.outbox.state(row) is DEAD
    assert len({attempt.row_id for attempt in other.delivered}) == 2
    await world.dispatcher.take_in()
    assert world.telemetry.of("dead_letters")[-1] == {"counts": {"oncall": 1}}


async def test_retried_message_is_kept_as_long_as_a_new_one():
    """A message that was given up after three days is tried for three more days once retried."""
    oncall = RecordingNotifier(failing=refusal())
    world = World(oncall=oncall)
    row = world.fires("A")
    await world.passes(73 * HOUR)
    assert world.outbox.state(row) is DEAD
    world.dispatcher.reopen({"oncall"})
    world.outbox.retry(row, world.clock.now())

    await world.passes(71 * HOUR)
    assert world.outbox.state(row) is PENDING
    oncall.failing = None
    await world.passes(HOUR)

    assert world.outbox.state(row) is DELIVERED
    assert len(bodies(oncall.attempts)) == 1
