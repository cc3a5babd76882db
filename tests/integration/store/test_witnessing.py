"""A witness cosigns what is signed, having checked that the log only grew."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.app.notary import FILE, Notary
from monitor.app.witnessing import Cosigner
from monitor.ledger.note import Signer, parse
from monitor.ledger.witness import Witness, witnessed
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.ports import Change, MarkKind
from monitor.store.ledger import Signing
from monitor.store.ledgerreader import open_ledger
from monitor.store.sql import SqlStore, open_store
from tests.fakes import NOON, FakeTelemetry
from tests.integration.store.changes import VANTAGE, mark
from tests.witnessserver import WitnessServer, witness_server

OURS = Signer(f"pantau/{VANTAGE}", bytes(range(32)))


@pytest.fixture
def server() -> Iterator[WitnessServer]:
    with witness_server(OURS.verifier) as running:
        yield running


def opened(data: Path):
    return open_store(data, vantage=VANTAGE, now=lambda: NOON, signing=Signing(OURS))


def a_notary(store: SqlStore, data: Path, server: WitnessServer) -> Notary:
    witness = Witness.parse(server.key.vkey)
    cosigner = Cosigner(store, Network(resolver=Resolver()), server.url, witness)
    return Notary(store, FakeTelemetry(), data, cosigner)


async def happened(store: SqlStore, minutes: range) -> None:
    await store.commit(Change(marks=tuple(mark(MarkKind.PAUSE, n) for n in minutes)))


async def test_cosigned_while_it_grows(tmp_path: Path, server: WitnessServer) -> None:
    """Each checkpoint is cosigned, however much the log grew in between, and also after a restart
    of ours, who then ask what the witness knows; the cosignature is kept and goes out.
    """
    sizes = []
    for run in range(2):
        async with opened(tmp_path) as store:
            notary = a_notary(store, tmp_path, server)
            for step in (1, 2, 5, 12):
                await happened(store, range(run * 1000 + step * 20, run * 1000 + step * 21))
                await notary.sign()
                sizes.append(server.size)
                assert notary.checkpoint == (tmp_path / FILE).read_text()
                found = parse((notary.checkpoint or "").encode())
                assert Witness.parse(server.key.vkey).cosigned_at(found) == 1_780_000_000

    assert sizes == [2, 4, 9, 21, 22, 24, 29, 41]
    assert server.statuses == [200] * 4 + [409] + [200] * 4
    with open_ledger(tmp_path) as reader:
        witness = Witness.parse(server.key.vkey)
        assert [witnessed([note], [witness], 1) for note in reader.notes()] == sizes
        assert reader.audited(OURS.verifier).fault is None


async def test_cosigned_once(tmp_path: Path, server: WitnessServer) -> None:
    """What is cosigned already is not asked for again."""
    async with opened(tmp_path) as store:
        notary = a_notary(store, tmp_path, server)
        await happened(store, range(3))
        for _ in range(3):
            await notary.sign()

    assert server.statuses == [200]


async def test_witness_that_knows_another_history(
    tmp_path: Path, server: WitnessServer, logs: list[dict[str, object]]
) -> None:
    """A history that is not the one that the witness saw is not cosigned, and the log says so."""
    async with opened(tmp_path / "one") as store:
        await happened(store, range(9))
        await a_notary(store, tmp_path / "one", server).sign()
    async with opened(tmp_path / "other") as store:
        await happened(store, range(100, 120))
        notary = a_notary(store, tmp_path / "other", server)
        await notary.sign()

    assert server.statuses == [200, 409, 422]
    assert server.size == 10
    assert "witness" not in (notary.checkpoint or "")
    [said] = [each for each in logs if each["event"] == "ledger.not_witnessed"]
    assert "it answers 422" in str(said["detail"])


async def test_witness_that_is_away(tmp_path: Path, logs: list[dict[str, object]]) -> None:
    """A witness that can't be reached keeps no checkpoint from going out, and is asked again."""
    with witness_server(OURS.verifier) as server:
        away = server
    async with opened(tmp_path) as store:
        notary = a_notary(store, tmp_path, away)
        await happened(store, range(3))
        await notary.sign()

    assert notary.checkpoint == (tmp_path / FILE).read_text()
    assert [each["event"] for each in logs].count("ledger.not_witnessed") == 1


async def test_cosignature_of_another_witness(
    tmp_path: Path, server: WitnessServer, logs: list[dict[str, object]]
) -> None:
    """A cosignature by another key than the configured one is not kept."""
    async with opened(tmp_path) as store:
        notary = a_notary(store, tmp_path, server)
        server.key = type(server.key)("witness.example/w2", bytes(32))
        await happened(store, range(3))
        await notary.sign()

    assert "witness.example" not in (notary.checkpoint or "")
    assert "no cosignature of witness.example/w1" in str([e.get("detail") for e in logs])
