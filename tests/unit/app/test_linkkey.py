"""The key that signs links: made once, for nobody else to read, never half."""

import os
import stat

import pytest

from monitor.app.linkkey import NAME, NoLinkKey, link_key


def test_it_is_made_once(tmp_path):
    """The first start makes a key of 32 bytes that only its owner may read; later ones use it."""
    first = link_key(tmp_path)
    path = tmp_path / NAME

    assert len(first) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert link_key(tmp_path) == first
    assert [each.name for each in tmp_path.iterdir()] == [NAME]


def test_each_folder_has_its_own(tmp_path):
    """Two Pantaus have two keys."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert link_key(tmp_path / "a") != link_key(tmp_path / "b")


def test_a_start_that_was_cut_off(tmp_path):
    """What a start left half written is no key: the next one makes it."""
    (tmp_path / f"{NAME}.new").write_bytes(b"0123")

    assert len(link_key(tmp_path)) == 32
    assert [each.name for each in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_read_is_refused(tmp_path, mode):
    """A key that others could read is refused by name, with what to do, and never shown."""
    key = link_key(tmp_path)
    (tmp_path / NAME).chmod(mode)

    with pytest.raises(NoLinkKey, match=f"link.key is open to others .mode {mode:04o}") as refused:
        link_key(tmp_path)
    assert "Remove it" in str(refused.value)
    assert key.hex() not in str(refused.value)


@pytest.mark.parametrize(
    "text", [b"", b"\n", b"0" * 64, b"0" * 63 + b"\n", b"0" * 64 + b"\n\n", b"x" * 64 + b"\n"]
)
def test_a_damaged_key_is_refused(tmp_path, text):
    """A file that holds no key is refused, rather than signed with: nothing else is made of it."""
    path = tmp_path / NAME
    path.write_bytes(text)
    path.chmod(0o600)

    with pytest.raises(NoLinkKey, match="holds no key"):
        link_key(tmp_path)
    assert path.read_bytes() == text


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: path.symlink_to("other")])
def test_what_is_no_file_is_refused(tmp_path, make):
    """A folder, a pipe or a link in the place of the key is refused, and nobody waits for it."""
    make(tmp_path / NAME)

    with pytest.raises(NoLinkKey, match=NAME):
        link_key(tmp_path)
