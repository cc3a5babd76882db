"""Messages that were given up: which are sent after all, and what becomes known of the others."""

from dataclasses import replace

import pytest

from monitor.app.deadletters import DeadLetters
from monitor.domain.deadletter import DeadLetter, LettersSought
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline, Plan
from monitor.ports import Change
from tests.fakes import NOON, FakeClock, an_alert


class Store:
    """Keeps dead letters; `overtaken` are those that it finds later news of when it writes."""

    def __init__(self, *ids: str, overtaken: tuple[str, ...] = ()) -> None:
        self.letters = {each: a_letter(each) for each in ids}
        self.overtaken = overtaken
        self.recorded: list[Change] = []
        self.events: list[str] = []

    async def dead_letters(self, sought):
        return [
            each for each in self.letters.values() if sought.ids is None or each.id in sought.ids
        ]

    def record(self, change):
        self.recorded.append(change)

    async def drain(self):
        for change in self.recorded:
            for retry in change.retries:
                self.events.append(f"retried {retry.row_id} for {retry.by}")
                if retry.row_id not in self.overtaken:
                    del self.letters[retry.row_id]
        self.recorded.clear()


def a_letter(name):
    return DeadLetter(
        id=name,
        receiver="oncall",
        alert=an_alert(),
        created_at=NOON,
        given_up_at=NOON,
        attempts=8,
        detail="gone",
    )


def dead_letters(store):
    board = Board()
    pipeline = Pipeline(board, store, "balaikota")
    plan = Plan(services=(), checks=(), routes=(), receivers=("oncall",))
    pipeline.watch(plan, NOON, {})
    return DeadLetters(
        pipeline,
        store,
        FakeClock(),
        store,
        lambda names: store.events.append(f"reopened {', '.join(sorted(names))}"),
    )


async def test_receivers_are_tried_first():
    """A receiver is tried again before messages to it wait, or they would be given up at once."""
    store = Store("N1", "N2")

    result = await dead_letters(store).retry(["N1"], "Rina\n")

    assert (result.ids, result.refused) == (["N1"], {})
    assert [event.split(" for ")[0] for event in store.events] == ["reopened oncall", "retried N1"]
    assert list(store.letters) == ["N2"]


async def test_what_is_refused_is_not_written():
    """What is not there, or can't be sent, is refused by its id, and nothing is tried."""
    store = Store("N1")
    store.letters["N1"] = replace(store.letters["N1"], told_since=True)

    result = await dead_letters(store).retry(["N1", "N9"], "Rina")

    assert result.ids == []
    assert result.refused == {
        "N1": "a later message about the same incident has arrived, or waits",
        "N9": "no message of this id was given up",
    }
    assert store.events == []


async def test_news_in_between():
    """What the store finds overtaken when it writes is refused, and not claimed to be sent."""
    store = Store("N1", "N2", overtaken=("N1",))

    result = await dead_letters(store).retry(["N1", "N2"], "Rina")

    assert result.ids == ["N2"]
    assert result.refused == {"N1": "a later message about the same incident came in between"}


async def test_given_up_again_at_once():
    """What was sent again and given up again meanwhile was sent again all the same."""

    class GoneAgain(Store):
        async def drain(self):
            for change in self.recorded:
                for retry in change.retries:
                    known = self.letters[retry.row_id]
                    self.letters[retry.row_id] = replace(known, retried=retry)

    result = await dead_letters(GoneAgain("N1")).retry(["N1"], "Rina")

    assert (result.ids, result.refused) == (["N1"], {})


@pytest.mark.parametrize("configured", [True, False])
async def test_obstacles_are_shown(configured):
    """Whether a message can be sent after all is shown with it."""
    store = Store("N1")
    if not configured:
        store.letters["N1"] = replace(store.letters["N1"], receiver="old")

    shown = await dead_letters(store).letters(LettersSought())

    assert bool(shown.obstacles) is not configured
