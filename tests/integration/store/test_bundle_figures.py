"""What an auditor computes from a bundle, without Pantau, is what Pantau says of the database."""

import asyncio
import base64
import contextlib
import io
import shutil
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from monitor.domain.check import Check, CheckId
from monitor.domain.instant import instant
from monitor.domain.observation import Observation
from monitor.domain.service import Rule, Service, ServiceId, StatusRule
from monitor.domain.windows import Window
from monitor.ledger import pantau_verify
from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.note import Signer, split
from monitor.ledger.tree import leaf_hash, root_of
from monitor.ports import Change
from monitor.reports.reckoning import entry
from monitor.store.hours import Hour, leaf
from monitor.store.ledger import Signing
from monitor.store.reader import open_reader
from monitor.store.sealjob import Paces
from monitor.store.sql import open_store
from tests.fakes import OK, a_check
from tests.integration.store.changes import CHECKS, VANTAGE
from tests.integration.store.test_sealing import (
    BEGIN,
    COLUMNS,
    DOWN,
    FIRST,
    HOUR,
    MINUTE,
    changes,
    every_minute,
    lives,
    rows,
)

OURS = Signer(f"pantau/{VANTAGE}", bytes(range(32)))
TWO = CHECKS[:2]
RULES = [StatusRule(), StatusRule(rule=Rule.ANY), StatusRule(rule=Rule.QUORUM, quorum=2)]


async def sealed(data: Path, recorded: Sequence[Change], paces: Paces, last: int) -> None:
    """Have it recorded, sealed up to an hour after noon, and signed."""
    async with open_store(data, vantage=VANTAGE, signing=Signing(OURS)) as store:
        for change in recorded:
            await store.commit(change)
    async with open_store(data, vantage=VANTAGE, signing=Signing(OURS)) as store:
        await store.seal(FIRST + last, paces)
        await store.sign()


def bundle(data: Path, folder: Path) -> list[str]:
    """Write what an auditor gets; return the arguments that verify it."""
    names = dict(rows(data, "SELECT id, name FROM check_name"))
    lines = {
        "entries": [body for (body,) in rows(data, "SELECT body FROM ledger_entry")],
        "leaves": [
            leaf(Hour._make(row), names[row[0]], VANTAGE)
            for row in rows(data, f"SELECT {COLUMNS} FROM sealed_hour")
        ],
        "blocks": [
            base64.b64encode(body) for (body,) in rows(data, "SELECT body FROM sample_block")
        ],
    }
    for name, found in lines.items():
        (folder / name).write_bytes(b"".join(line + b"\n" for line in found))
    notes = [note for (note,) in rows(data, "SELECT note FROM ledger_checkpoint")]
    (folder / "checkpoints").write_text("".join(notes))
    paths = {name: str(folder / name) for name in (*lines, "checkpoints")}
    options = ["--hours", paths["leaves"], "--blocks", paths["blocks"]]
    return ["--key", str(OURS.verifier), paths["entries"], paths["checkpoints"], *options]


def asked(window: Window, checks: Sequence[str], rule: StatusRule) -> list[str]:
    period = "/".join(instant(each).isoformat() for each in window)
    written = str(rule.quorum) if rule.rule is Rule.QUORUM else rule.rule.value
    named = [option for check in checks for option in ("--check", check)]
    return ["--period", period, "--rule", written, *named]


def by_pantau(data: Path, window: Window, checks: Sequence[Check], rule: StatusRule) -> str:
    """Return what `pantau availability` computes, as the program writes it."""
    service = Service(id=ServiceId("s"), name="S", owner="diskominfo", status=rule)
    with open_reader(data) as reader:
        found = entry(service, checks, reader, window).figures
    parts, share = found.parts, found.availability
    lengths = f"up {parts.up}, down {parts.down}, unknown {parts.unknown} microseconds"
    return f"{lengths}\navailability {share}\n"


def checks_of(paces: Paces) -> list[Check]:
    return [
        a_check(
            id=CheckId(name),
            service=ServiceId("s"),
            interval=timedelta(microseconds=paces.intervals[name]),
        )
        for name in TWO
    ]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), one=lives(), other=lives(), rule=st.sampled_from(RULES))
def test_same_figures(empty_store, data, one, other, rule):
    """Of whatever was recorded, over whatever period and by whatever rule, it computes the same
    time up, down and unknown, to the microsecond, and the same share.
    """
    paces = Paces(intervals={TWO[0]: one[0], TWO[1]: other[0]})
    until = max(one[-1], other[-1])
    hours = until // HOUR + 2 - FIRST
    recorded = [changes(one, TWO[0]), changes(other, TWO[1])]
    with tempfile.TemporaryDirectory() as home:
        directory = Path(home) / "data"
        shutil.copytree(empty_store, directory)
        asyncio.run(sealed(directory, recorded, paces, hours))
        if data.draw(st.booleans()):  # what comes late makes another part of its hour
            at = BEGIN + data.draw(st.integers(0, 3 * HOUR))
            outcome = data.draw(st.sampled_from([OK, DOWN]))
            late = every_minute(0.3, check=TWO[0], epoch=9, start=at, outcome=outcome)
            asyncio.run(sealed(directory, [Change(observations=late)], paces, hours + 3))
        arguments = bundle(directory, Path(home))
        [(newest,)] = rows(directory, "SELECT max(hour) FROM sealed_hour")
        assume(newest is not None)
        has_leaves = "SELECT name FROM check_name WHERE id IN (SELECT check_id FROM sealed_hour)"
        there = [name for (name,) in rows(directory, has_leaves)]
        end = (newest + 1) * HOUR
        start = data.draw(st.integers(BEGIN - HOUR, end - 1))
        window = Window(start, data.draw(st.integers(start + 1, end)))
        checks = [each for each in checks_of(paces) if each.id in there]
        expected = by_pantau(directory, window, checks, rule)
        said = program([*arguments, *asked(window, [each.id for each in checks], rule)])
    assert said.partition("samples\n")[2] == expected


def program(arguments: Sequence[str]) -> str:
    """Return what the program says, having verified everything."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert pantau_verify.main(arguments) == 0
    return said.getvalue()


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """Return those that verify a bundle of five hours of two checks, one of them down for a time."""
    one = every_minute(5, check=TWO[0])
    other = (*every_minute(2, check=TWO[1]), *_down(2), *every_minute(2, start=BEGIN + 3 * HOUR))
    paces = Paces(intervals=dict.fromkeys(TWO, MINUTE))
    recorded = [Change(observations=(*one, *other))]
    asyncio.run(sealed(tmp_path / "data", recorded, paces, 4))
    return bundle(tmp_path / "data", tmp_path)


def _down(hour: int) -> tuple[Observation, ...]:
    return every_minute(1, check=TWO[1], start=BEGIN + hour * HOUR, outcome=DOWN)


DAY = Window(BEGIN, BEGIN + 5 * HOUR)


def test_figures(arguments: list[str]) -> None:
    """It says what it verified, and the figures."""
    found = program([*arguments, *asked(DAY, TWO[:1], StatusRule())])

    assert found == (
        "verified: 6 entries, 6 of them signed\n"
        "verified: 9 hours of checks, 8 blocks of samples\n"
        "up 18000000000, down 0, unknown 0 microseconds\n"
        "availability 1\n"
    )


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("leaves", b'"down"', b'"up"'),
        ("leaves", b'"samples":60', b'"samples":61'),
        ("leaves", b'"part":0', b'"part":1'),
        ("leaves", b'"check":"portal-dns"', b'"check":"portal-dnt"'),
        ("leaves", b"\n", b""),
        ("leaves", b"{", b""),
        ("blocks", b"e", b"f"),
        ("blocks", b"\n", b""),
    ],
)
def test_changed(arguments: list[str], tmp_path: Path, file: str, old: bytes, new: bytes) -> None:
    """Leaves and blocks that are not those that were sealed are refused."""
    whole = (tmp_path / file).read_bytes()
    assert old in whole
    (tmp_path / file).write_bytes(whole.replace(old, new, 1))

    assert pantau_verify.main([*arguments, *asked(DAY, TWO, StatusRule())]) == 1


@pytest.mark.parametrize("file", ["leaves", "blocks"])
@pytest.mark.parametrize("act", ["drop", "double", "put in"])
def test_lines(arguments: list[str], tmp_path: Path, file: str, act: str) -> None:
    """No leaf may be missing, be there twice, or stand for no entry; blocks may be gone."""
    lines = (tmp_path / file).read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines):
        bent = list(lines)
        if act == "drop":
            del bent[number]
        elif act == "double":
            bent.insert(number, line)
        else:
            bent.insert(
                number, line.replace(b'"hour":', b'"hour":1') if b"{" in line else b"QQ==\n"
            )
        (tmp_path / file).write_bytes(b"".join(bent))
        code = pantau_verify.main(arguments)
        assert code == (0 if file == "blocks" and act != "put in" else 1)


@pytest.mark.parametrize(
    ("window", "checks", "says"),
    [
        (Window(BEGIN, BEGIN + 5 * HOUR + 1), TWO, "not all of the period was sealed"),
        (Window(BEGIN, BEGIN), TWO, "not all of the period"),
        (DAY, ["nobody"], "there is no leaf of nobody"),
    ],
)
def test_what_can_not_be_said(
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
    window: Window,
    checks: list[str],
    says: str,
) -> None:
    """Where a figure can't be computed, none is given."""
    assert pantau_verify.main([*arguments, *asked(window, checks, StatusRule())]) == 1
    said = capsys.readouterr()
    assert (said.out, says in said.err) == ("", True)


def test_hours_that_are_not_signed_yet(arguments: list[str], tmp_path: Path) -> None:
    """A figure rests on what is signed alone."""
    notes = list(split((tmp_path / "checkpoints").read_text()))
    entries = (tmp_path / "entries").read_bytes().splitlines()
    log = list(map(leaf_hash, entries[:4]))
    older = OURS.signed(Checkpoint(OURS.name, 4, root_of(log)).text)
    assert len(notes) == 1
    (tmp_path / "checkpoints").write_text(older)

    assert pantau_verify.main(arguments) == 0
    assert pantau_verify.main([*arguments, *asked(DAY, TWO, StatusRule())]) == 1
