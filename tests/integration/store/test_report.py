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
from monitor.store.sealjob import Paces
from monitor.store.sql import open_store
from tests.fakes import NOON
from tests.integration.store.changes import CHECKS, VANTAGE, observation
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
        found = reader.checkpoint(START, END)

    assert found == Checkpoint.parse(parse(signed.encode()).text)
    assert found.origin == OURS.name


async def test_a_ledger_that_nobody_signed_is_not_named(tmp_path):
    """Where nothing was signed there is nothing to name."""
    await stored(tmp_path, Change(configured=(Configured("aa", NOON),)))

    with open_reader(tmp_path) as reader:
        assert reader.checkpoint(START, END) is None


async def test_the_ledger_is_named_as_it_was_once_all_was_signed(tmp_path):
    """What is recorded later of other times changes nothing: the first checkpoint that stands for
    what is told is named, and the newest where there is none yet.
    """
    moments = [NOON + n * HOUR for n in range(4)]
    for n, at in enumerate(moments):
        how = {"now": lambda at=at: at, "signing": Signing(OURS)}
        async with open_store(tmp_path, vantage=VANTAGE, **how) as store:
            await store.commit(Change(configured=(Configured(f"{n}", at),)))
            await store.sign()

    with open_reader(tmp_path) as reader:
        sizes = [reader.checkpoint(START + n * 3_600_000_000, END).size for n in (0, 1, 2, 9)]

    assert sizes == [*sorted(set(sizes[:3])), sizes[2] + 1]


async def test_the_hours_of_a_period_are_in_the_ledger_that_is_named(tmp_path):
    """The checkpoint stands for the sealed hours of the period, whenever they were sealed."""
    seen = tuple(observation(minute, check=CHECKS[0]) for minute in range(60))
    async with open_store(
        tmp_path, vantage=VANTAGE, now=lambda: NOON, signing=Signing(OURS)
    ) as store:
        await store.commit(Change(observations=seen, configured=(Configured("aa", NOON),)))
        await store.sign()
        await store.seal(START // 3_600_000_000, Paces(intervals={CHECKS[0]: 60_000_000}))
        await store.sign()

    with open_reader(tmp_path) as reader:
        before, within = reader.checkpoint(START, START), reader.checkpoint(START, END)

    assert within.size > before.size


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


async def test_checks_of_a_period_are_those_with_sealed_hours_in_it(tmp_path):
    """Each is named with the end of its last hour that begins in the period."""
    seen = (observation(0, check=CHECKS[0]),)
    async with open_store(
        tmp_path, vantage=VANTAGE, now=lambda: NOON, signing=Signing(OURS)
    ) as store:
        await store.commit(Change(observations=seen))
        await store.sign()
        await store.seal(START // 3_600_000_000, Paces(intervals={CHECKS[0]: 60_000_000}))

    with open_reader(tmp_path, VANTAGE) as reader:
        inside = reader.recorded(START, END)
        outside = reader.recorded(END, END + 3_600_000_000), reader.recorded(0, START)

    assert inside == {CHECKS[0]: END}
    assert outside == ({}, {})
