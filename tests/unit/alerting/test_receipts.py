"""Later messages about an incident answer the first one, where a receiver can show that."""

from monitor.domain.alert import AlertType
from monitor.ports import LONGEST_RECEIPT, DeliveryState
from tests.fakes import Answering, RecordingNotifier, an_alert, refusal
from tests.unit.alerting.samples import companion
from tests.unit.alerting.world import World


def said(notifier: RecordingNotifier) -> list[str]:
    """Return what was delivered, without the ids of the rows."""
    return [each.body.decode().partition(" ")[2] for each in notifier.delivered]


async def test_later_messages_answer_the_first():
    """Every later message about an incident answers the first one that arrived."""
    world = World(oncall=Answering())
    world.fires("A")
    await world.settles()
    world.tells(an_alert(AlertType.UPDATED, incident="A", sequence=1))
    await world.settles()
    world.resolves("A")
    await world.settles()

    assert said(world.notifiers["oncall"]) == [
        "alert.firing ",
        "incident.updated  in answer to receipt 1",
        "alert.resolved  in answer to receipt 1",
    ]


async def test_messages_that_wait_together_answer_each_other():
    """Messages that were held up together are answers as well: each body is made in its turn."""
    oncall = Answering(refusal())
    world = World(oncall=oncall)
    world.fires("A")
    world.tells(an_alert(AlertType.UPDATED, incident="A", sequence=1))
    await world.passes(60)

    assert said(oncall) == ["alert.firing ", "incident.updated  in answer to receipt 2"]


async def test_receipts_outlive_a_restart():
    """After a restart the first message is still answered."""
    world = World(oncall=Answering())
    world.fires("A")
    await world.settles()
    world.restart()
    world.resolves("A")
    await world.settles()

    assert said(world.notifiers["oncall"])[-1] == "alert.resolved  in answer to receipt 1"


async def test_receipt_is_of_the_incident_and_the_receiver():
    """A message answers none about another incident, and none to another receiver."""
    world = World(oncall=Answering(), other=Answering())
    world.fires("A", "oncall")
    world.fires("B", "other")
    await world.settles()
    world.resolves("A", "other")
    world.resolves("B", "oncall")
    await world.settles()

    for notifier in world.notifiers.values():
        assert said(notifier)[-1] == "alert.resolved "


async def test_answers_a_message_about_several_incidents():
    """What was told together is answered by what is told of each incident."""
    world = World(oncall=Answering())
    group = (companion("pajak", "Pajak Daerah", an_alert()),)
    world.tells(an_alert(AlertType.FIRING, incident="A", companions=group))
    await world.settles()
    world.resolves("INC-pajak")
    await world.settles()

    assert said(world.notifiers["oncall"])[-1] == "alert.resolved  in answer to receipt 1"


async def test_body_is_the_same_at_every_attempt():
    """A body that answers a message is frozen like every other."""
    oncall = Answering()
    world = World(oncall=oncall)
    world.fires("A")
    await world.settles()
    oncall.failing = refusal()
    row = world.resolves("A")
    await world.passes(60)
    world.outbox.receipts.clear()
    world.restart()
    oncall.failing = None
    await world.passes(3600)

    assert world.outbox.state(row) is DeliveryState.DELIVERED
    assert len({each.body for each in oncall.attempts if each.row_id == row}) == 1


async def test_without_a_receipt_the_message_goes_out_all_the_same():
    """A receipt that is missing or cannot be read keeps nobody from being told."""

    class Forgetful(Answering):
        async def notify(self, row_id, body, now):
            await super().notify(row_id, body, now)
            world.outbox.broken = True

    world = World(oncall=Forgetful())
    world.fires("A")
    world.tells(an_alert(AlertType.UPDATED, incident="A", sequence=1))
    await world.settles()

    assert said(world.notifiers["oncall"]) == ["alert.firing ", "incident.updated "]


async def test_receipt_is_bounded():
    """What a receiver gives as a receipt is one short line."""

    class Verbose(Answering):
        async def notify(self, row_id, body, now):
            await super().notify(row_id, body, now)
            return "1\n" + "é" * 5000

    world = World(oncall=Verbose())
    row = world.fires("A")
    await world.settles()

    [settlement] = world.outbox.settled[row]
    assert len(settlement.detail.encode()) <= LONGEST_RECEIPT
    assert settlement.detail.isprintable()
