"""The program that verifies a ledger without Pantau, held against Pantau and against damage."""

import ast
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.ledger import pantau_verify
from monitor.ledger.audit import audited
from monitor.ledger.canonical import canonical
from monitor.ledger.checkpoint import Checkpoint, checkpoint_of
from monitor.ledger.note import NoteError, Signer, split
from monitor.ledger.pantau_verify import Refused, verified
from monitor.ledger.tree import leaf_hash, root_of

OURS = Signer("pantau/utama", bytes(range(32)))
_ROUNDS = 80
KEY = str(OURS.verifier)
# RFC 8032, 7.1: secret key, public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def a_log(count: int) -> list[bytes]:
    return [canonical({"type": "start", "at": number}) for number in range(count)]


def lines(log: list[bytes]) -> bytes:
    return b"".join(entry + b"\n" for entry in log)


def signed(log: list[bytes], *sizes: int) -> str:
    roots = [(size, root_of(map(leaf_hash, log[:size]))) for size in sizes]
    return "".join(OURS.signed(Checkpoint(OURS.name, *each).text) for each in roots)


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_ed25519(key, message, signature):
    """The vectors of RFC 8032 hold, and with any bit changed they do not."""
    raw = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    assert pantau_verify.has_signed(*raw)
    for place, part in enumerate(raw):
        for at in range(len(part)):
            bent = list(raw)
            bent[place] = part[:at] + bytes([part[at] ^ 1 << at % 8]) + part[at + 1 :]
            assert not pantau_verify.has_signed(*bent)


def test_signature_that_is_not_reduced():
    """A signature has one form: with the order added to its scalar it is none (RFC 8032, 5.1.7)."""
    key, message, signature = (bytes.fromhex(each) for each in RFC_8032[1])
    scalar = int.from_bytes(signature[32:], "little") + pantau_verify.ORDER
    assert not pantau_verify.has_signed(
        key, message, signature[:32] + scalar.to_bytes(32, "little")
    )


def test_agrees_with_pantau():
    """On honest and changed logs alike it says what Pantau says."""
    chance = random.Random(8032)
    bad = 0
    for _ in range(_ROUNDS):
        log = a_log(chance.randint(1, 40))
        sizes = sorted({chance.randint(1, len(log)) for _ in range(chance.randint(1, 3))})
        notes = signed(log, *sizes)
        for change in (None, *chance.choices(CHANGES, k=3)):
            given = list(log)
            if change is not None:
                change(given, chance)
            held = [checkpoint_of(note, OURS.verifier) for note in split(notes)]
            finding = audited(enumerate(given), held)
            try:
                assert verified(lines(given), [notes], KEY) == (len(given), sizes[-1])
                assert finding.fault is None
            except Refused:
                assert finding.fault is not None
                bad += 1
    assert bad > _ROUNDS


def _alter(log: list[bytes], chance: random.Random) -> None:
    log[chance.randrange(len(log))] = canonical({"type": "stop"})


def _drop(log: list[bytes], chance: random.Random) -> None:
    del log[chance.randrange(len(log))]


def _double(log: list[bytes], chance: random.Random) -> None:
    log.insert(0, chance.choice(log))


def _cut(log: list[bytes], chance: random.Random) -> None:
    del log[chance.randrange(len(log)) :]


def _add(log: list[bytes], chance: random.Random) -> None:
    log.append(canonical({"type": "added", "at": chance.randrange(9)}))


CHANGES: list[Callable[[list[bytes], random.Random], None]] = [_alter, _drop, _double, _cut, _add]


def test_fails_closed():
    """Damaged input of any kind is refused; it never passes, and never ends in a traceback."""
    chance = random.Random(6962)
    log = a_log(9)
    entries, notes = lines(log), signed(log, 4, 9)
    for _ in range(1000):
        which = chance.randrange(3)
        whole = [entries, notes.encode(), KEY.encode()]
        whole[which] = _damaged(whole[which], chance)
        raw, note, key = whole
        try:
            text, vkey = note.decode(), key.decode()
        except UnicodeDecodeError:
            continue
        if (raw, text, vkey.strip()) == (entries, notes, KEY):
            continue
        try:
            verified(raw, [text], vkey)
        except Refused:
            continue
        assert raw.startswith(entries) or _is_whole(text, notes), (raw, text, vkey)


def _damaged(whole: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(whole))
    match chance.randrange(4):
        case 0:
            return whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]
        case 1:
            return whole[:at]
        case 2:
            return whole[:at] + chance.randbytes(3) + whole[at:]
        case _:
            return whole[at:]


def _is_whole(text: str, notes: str) -> bool:
    """Say whether what is left are whole notes of ours: fewer of them say less, and no lie."""
    try:
        points = [checkpoint_of(note, OURS.verifier) for note in split(text)]
    except NoteError:
        return False
    return bool(points) and all(point.text in notes for point in points)


@pytest.mark.parametrize(
    ("raw", "texts", "key", "says"),
    [
        (b'{"type":"x"}\n', [""], KEY, "no checkpoint"),
        (b"[]\n", [""], KEY, "not an object"),
        (b"{", [""], KEY, "no end"),
        (b"x\n", [""], KEY, "not JSON"),
        (b"", [""], "pantau", "NAME"),
        (b"", ["x"], KEY, "cut short"),
    ],
)
def test_what_is_refused(raw, texts, key, says):
    """What is missing or no ledger is named."""
    with pytest.raises(Refused, match=says):
        verified(raw, texts, key)


def test_command(tmp_path, capsys):
    """The exit code says how it went: 0 verified, 1 not, 2 not readable."""
    log = a_log(3)
    (tmp_path / "entries").write_bytes(lines(log))
    (tmp_path / "notes").write_text(signed(log, 2))
    paths = [str(tmp_path / "entries"), str(tmp_path / "notes")]

    assert pantau_verify.main(["--key", KEY, *paths]) == 0
    assert capsys.readouterr().out == "verified: 3 entries, 2 of them signed\n"
    (tmp_path / "entries").write_bytes(lines(log[:1]))
    assert pantau_verify.main(["--key", KEY, *paths]) == 1
    assert "NOT VERIFIED: entries 1 to 1 are missing" in capsys.readouterr().err
    assert pantau_verify.main(["--key", KEY, paths[0], "nothing"]) == 2


def test_stands_alone():
    """It is short enough to be read, and needs the standard library alone."""
    source = Path(pantau_verify.__file__).read_text()
    tree = ast.parse(source)
    modules = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert modules <= set(sys.stdlib_module_names)
    assert len(source.splitlines()) <= 400
    assert json.loads('"—"') + " " == pantau_verify.DASH
