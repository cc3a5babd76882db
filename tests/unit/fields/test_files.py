"""Files that are read while checks run: what has become of them is never waited for."""

import os

import pytest

from monitor.fields.files import read_file


def test_a_file_within_its_bound(tmp_path):
    """A file as large as its bound is read as a whole."""
    path = tmp_path / "body"
    path.write_bytes(b"Makassar")

    assert read_file(path, 8) == b"Makassar"


@pytest.mark.parametrize(
    ("becomes", "words"),
    [
        (lambda path: path.write_bytes(b"Makassar!"), "over 8 bytes"),
        (os.mkfifo, "no ordinary file"),
        (lambda path: path.symlink_to("/dev/zero"), "no ordinary file"),
        (lambda path: path.mkdir(), "directory|no ordinary file"),
        (lambda _: None, "No such file"),
    ],
    ids=["large", "pipe", "device", "folder", "gone"],
)
def test_what_is_no_such_file(tmp_path, becomes, words):
    """What has grown, or is no ordinary file any more, is refused at once, and nobody waits for it."""
    path = tmp_path / "body"
    becomes(path)

    with pytest.raises(OSError, match=words):
        read_file(path, 8)
