"""The program that verifies a ledger without Pantau, held against Pantau and against damage."""

import ast
import base64
import hashlib
import json
import random
import sys
import zlib
from pathlib import Path

import pytest

from monitor.ledger import (
    pantau_bundle,
    pantau_figures,
    pantau_recount,
    pantau_report,
    pantau_verify,
    pantau_words,
)
from monitor.ledger.pantau_verify import DASH, Refused, verified
from tests.unit.ledger.bundles import (
    KEY,
    a_log,
    checkpoints,
    disagreements,
    lines,
    passed_though_damaged,
    signed,
)
from tests.unit.ledger.keys import FIRST, SECOND, THIEF, handed_over, named

_ROUNDS = 25
_DAMAGED = 400
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


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_ed25519(key, message, signature):
    """The vectors of RFC 8032 hold, and with any bit changed they do not."""
    raw = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    assert pantau_verify.has_signed(*raw)
    for place, part in enumerate(raw):
        for at in range(len(part)):
            bent = list(raw)
            bent[place] = part[:at] + bytes([part[at] ^ 1 << at % 8]) + part[at + 1 :]
            assert not _has_signed(*bent)


def _has_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        return pantau_verify.has_signed(key, message, signature)
    except Refused:
        return False


def test_signature_that_is_not_reduced():
    """A signature has one form: with the order added to its scalar it is none (RFC 8032, 5.1.7)."""
    key, message, signature = (bytes.fromhex(each) for each in RFC_8032[1])
    scalar = int.from_bytes(signature[32:], "little") + pantau_verify.ORDER
    assert not pantau_verify.has_signed(
        key, message, signature[:32] + scalar.to_bytes(32, "little")
    )


def test_agrees_with_pantau():
    """On honest and changed logs alike it says what Pantau says."""
    refused = disagreements(random.Random(8032), _ROUNDS)
    assert refused > _ROUNDS


def test_fails_closed():
    """Damaged input of any kind is refused; it never passes, and never ends in a traceback."""
    assert passed_though_damaged(random.Random(6962), _DAMAGED) == []


@pytest.mark.parametrize(
    ("raw", "texts", "key", "says"),
    [
        (b'{"type":"x"}\n', [""], KEY, "no checkpoint"),
        (b"[]\n", [""], KEY, "not an object"),
        (b"{", [""], KEY, "no end"),
        (b"x\n", [""], KEY, "not JSON"),
        (b"", [""], "pantau", "NAME"),
        (b"", ["x"], KEY, "cut short"),
        (lines(a_log(3)), [signed(a_log(3), 2), "\n"], KEY, "a file holds no checkpoint"),
    ],
)
def test_what_is_refused(raw, texts, key, says):
    """What is missing or no ledger is named."""
    with pytest.raises(Refused, match=says):
        verified(raw, texts, key)


@pytest.mark.parametrize(
    ("entries", "notes"),
    [
        (b"", b""),
        (b"\xff\xfe{\x00}\x00", None),
        (b"\xef\xbb\xbf" + lines(a_log(3)), None),
        (lines(a_log(3)).replace(b"\n", b"\r\n"), None),
        (lines(a_log(3)) + b"\n", None),
        (b"[" * 100_000 + b"\n", None),
        (b'{"type":"x","n":' + b"9" * 10_000 + b"}\n", None),
        (b'{"type":"key","key":1}\n', None),
        (b'{"key":"x","note":1,"type":"key"}\n', None),
        (b'{"key":"x","type":"key"}\n', None),
        (None, b""),
        (None, b"\xff\xfe"),
        (None, b"\n\n\n"),
        (None, signed(a_log(3), 2).encode().replace(b"\n", b"\r\n")),
        (None, signed(a_log(3), 2).encode()[:-1]),
        (None, signed(a_log(3), 2).encode() + b"garbage"),
        (None, signed(a_log(3), 2).encode() + signed(a_log(3), 3).encode()[:60]),
        (None, b"x" * 2_000_000),
        (None, (DASH + "x\n").encode() * 9),
    ],
)
def test_malformed_files(tmp_path, capsys, entries, notes):
    """Whatever is in the files, what is not verified ends with a code that says so."""
    paths = [tmp_path / "entries", tmp_path / "notes"]
    paths[0].write_bytes(lines(a_log(3)) if entries is None else entries)
    paths[1].write_bytes(signed(a_log(3), 2).encode() if notes is None else notes)

    assert pantau_verify.main(["--key", KEY, *map(str, paths)]) in (1, 2)
    assert capsys.readouterr().out == ""


def test_unreadable(tmp_path):
    """What can't be read at all is not verified: nothing, a folder, a key that is none."""
    (tmp_path / "notes").write_text(signed(a_log(3), 2))
    (tmp_path / "entries").write_bytes(lines(a_log(3)))
    paths = [str(tmp_path / "entries"), str(tmp_path / "notes")]

    assert pantau_verify.main(["--key", KEY, paths[0], str(tmp_path)]) == 2
    assert pantau_verify.main(["--key", KEY, str(tmp_path), paths[1]]) == 2
    assert pantau_verify.main(["--key", "", *paths]) == 1
    with pytest.raises(SystemExit) as ended:
        pantau_verify.main(paths)
    assert ended.value.code == 2


def test_key_is_followed(tmp_path, capsys):
    """Told the first key of a log or the last, it follows to the others, each in its turn."""
    log = [named(FIRST), *a_log(4), handed_over(FIRST, SECOND, 5), *a_log(3)]
    notes = checkpoints(log, (4, [FIRST]), (6, [FIRST, SECOND]), (8, [SECOND]))
    (tmp_path / "entries").write_bytes(lines(log))
    (tmp_path / "notes").write_text(notes)
    paths = [str(tmp_path / "entries"), str(tmp_path / "notes")]

    for told in (FIRST, SECOND):
        assert pantau_verify.main(["--key", str(told.verifier), *paths]) == 0
        assert capsys.readouterr().out == "verified: 9 entries, 8 of them signed\n"
    assert pantau_verify.main(["--key", str(THIEF.verifier), *paths]) == 1
    stolen = notes + checkpoints(log, (9, [FIRST]))
    with pytest.raises(Refused, match="did not sign the checkpoint of 9 entries"):
        verified(lines(log), [stolen], str(FIRST.verifier))
    without_end = checkpoints(log, (4, [FIRST]), (8, [SECOND]))
    with pytest.raises(Refused, match="signed no checkpoint of 6 entries, where it ended"):
        verified(lines(log), [without_end], str(FIRST.verifier))


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


@pytest.mark.parametrize(
    "program",
    [
        *(pantau_bundle, pantau_figures, pantau_recount),
        *(pantau_report, pantau_verify, pantau_words),
    ],
)
def test_stands_alone(program):
    """It is short enough to be read, and needs the standard library alone."""
    source = Path(program.__file__).read_text()
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


def test_block_that_unfolds_without_end():
    """A block that would unfold to more than any block holds is refused, whoever signed it."""

    def told(blanks):
        packed = zlib.compress(b'{"epochs":[{"at":[0]}]' + b" " * blanks + b"}")
        leaf = {"hash": hashlib.sha256(packed).hexdigest(), "samples": 1, "kept": True}
        return pantau_verify.blocks_in(base64.b64encode(packed) + b"\n", [leaf])

    assert len(told(9)) == 1
    with pytest.raises(ValueError):
        told(1 << 26)
