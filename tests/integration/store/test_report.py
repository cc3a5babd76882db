"""What a report asks of the store besides samples."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.domain.incident import Incident
from monitor.domain.instant import microseconds
from monitor.domain.note import Note, NoteKind
from monitor.domain.service import ServiceId
from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.note import parse
from monitor.ports import Change, Configured
from monitor.store import reader as module
from monitor.store.ledger import Signing
from monitor.store.reader import open_reader
from monitor.store.sql import open_store
from tests.fakes import NOON
from tests.integration.store.changes import VANTAGE
from tests.integration.store.tampering import OURS

HOUR = timedelta(hours=1)
START = microseconds(NOON)
END = microseconds(NOON + HOUR)


async def stored(directory, *changes, **how):
    async with open_store(directory, vantage=VANTAGE, now=lambda: NOON, **how) as store:
        for change in changes:
            await store.commit(change)
        return await store.sign()


async def test_configurations_of_a_period_are_those_taken_up_in_it(tmp_path):
    """What was applied at the beginning counts, and what was at the end does not."""
    hashes = ("aa", "bb", "cc", "dd")
    moments = (NOON - HOUR, NOON, NOON + HOUR / 2, NOON + HOUR)
    taken_up = [Configured(*each) for each in zip(hashes, moments, strict=True)]
    await stored(tmp_path, *(Change(configured=(each,)) for each in taken_up))

    with open_reader(tmp_path) as reader:
        found = reader.configured(START, END)

    assert found == taken_up[1:3]


async def test_the_ledger_stands_as_it_was_signed_last(tmp_path):
    """A report names the newest checkpoint: how many entries were signed, and their root."""
    change = Change(configured=(Configured("aa", NOON),))
    signed = await stored(tmp_path, change, signing=Signing(OURS))

    with open_reader(tmp_path) as reader:
        found = reader.checkpoint()

    assert found == Checkpoint.parse(parse(signed.encode()).text)
    assert found.origin == OURS.name


async def test_a_ledger_that_nobody_signed_is_not_named(tmp_path):
    """Where nothing was signed there is nothing to name."""
    await stored(tmp_path, Change(configured=(Configured("aa", NOON),)))

    with open_reader(tmp_path) as reader:
        assert reader.checkpoint() is None


@pytest.mark.parametrize("most", [1, 10_000])
async def test_notes_are_those_of_the_incidents(tmp_path, monkeypatch, most):
    """However many incidents are asked about, all their notes are found, and no other."""
    monkeypatch.setattr(module, "_MOST_ASKED", most)
    incidents = tuple(
        Incident(id=name, service=ServiceId(name), started_at=NOON, checks=())
        for name in ("a", "b", "c")
    )
    first = Note(incident="a", kind=NoteKind.COMMENT, by="Rina", at=NOON, text="satu", via=None)
    notes = (first, replace(first, incident="b"), replace(first, incident="c", text="dua"))
    await stored(tmp_path, Change(incidents=incidents), Change(notes=notes))

    with open_reader(tmp_path) as reader:
        found = reader.notes(["a", "c"])

    assert found == [notes[0], notes[2]]
    assert reader.notes([]) == []
