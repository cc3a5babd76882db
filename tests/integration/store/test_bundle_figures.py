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
from monitor.store.backup import back_up
from monitor.store.hours import Hour, leaf
from monitor.store.ledger import Signing
from monitor.store.putback import put_back
from monitor.store.reader import open_reader
from monitor.store.sealjob import Paces
from monitor.store.sql import open_store
from tests.fakes import NOON, OK, a_check
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
    """No leaf and no block may be missing, or stand for no entry; and no leaf may be there twice."""
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
        assert code == (0 if (file, act) == ("blocks", "double") else 1)


def test_samples_that_were_dropped(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Blocks may be gone where an entry says that samples were dropped; another one is named."""

    async def dropped() -> None:
        async with open_store(tmp_path / "data", vantage=VANTAGE, signing=Signing(OURS)) as store:
            await store.drop_samples(FIRST + 1)
            await store.sign()

    asyncio.run(dropped())
    bundle(tmp_path / "data", tmp_path)
    assert "9 hours of checks, 6 blocks of samples\n" in program(arguments)

    blocks = (tmp_path / "blocks").read_bytes().splitlines(keepends=True)
    (tmp_path / "blocks").write_bytes(b"".join(blocks[1:]))
    assert pantau_verify.main(arguments) == 1
    said = capsys.readouterr().err
    assert f"the block of {TWO[0]}, hour {FIRST + 1}, is gone unsaid" in said


def test_hours_that_a_backup_lacked(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hours that were lost with a backup that was put back are told of; others are missing."""
    data, copy = tmp_path / "data", tmp_path / "copy.db"
    back_up(data, copy)
    later = every_minute(1, check=TWO[0], start=BEGIN + 5 * HOUR)
    paces = Paces(intervals=dict.fromkeys(TWO, MINUTE))
    asyncio.run(sealed(data, [Change(observations=later)], paces, 5))
    put_back(data, copy, by="Rina", at=NOON + timedelta(days=1))
    asyncio.run(sealed(data, [], paces, 4))
    bundle(data, tmp_path)
    assert program(arguments).endswith(
        "1 hours of checks are lost: entries say that a backup was put back\n"
    )

    lines = (tmp_path / "leaves").read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if f'"hour":{FIRST}'.encode() not in line]
    assert len(kept) < len(lines)
    (tmp_path / "leaves").write_bytes(b"".join(kept))
    assert pantau_verify.main(arguments) == 1
    assert "are not those that were sealed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--period", "2026-06-01/2026-06-02", "--check", TWO[0]],
        ["--period", "2026-06-01T00:00/2026-06-02T00:00+08:00", "--check", TWO[0]],
        ["--period", "2026-06-01T00:00+08:00", "--check", TWO[0]],
        ["--period", "2026-06-01T00:00+08:00/2026-06-02T00:00+08:00"],
        [*asked(Window(BEGIN, BEGIN + HOUR), TWO, StatusRule()), "--rule", "most"],
        [*asked(Window(BEGIN, BEGIN + HOUR), TWO, StatusRule()), "--rule", "0"],
    ],
)
def test_what_is_asked_wrongly(arguments: list[str], options: list[str]) -> None:
    """What can't be understood ends with 2: that says nothing of what was to be verified."""
    with pytest.raises(SystemExit) as ended:
        pantau_verify.main([*arguments, *options])
    assert ended.value.code == 2


def test_blocks_need_hours(arguments: list[str]) -> None:
    """Blocks that nothing would be held against are not passed over."""
    at = arguments.index("--hours")
    with pytest.raises(SystemExit):
        pantau_verify.main([*arguments[:at], *arguments[at + 2 :]])


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
