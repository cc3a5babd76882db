"""The archive of a bundle: one form for the same files, and every byte of it counts."""

import io
import zipfile
import zlib

import pytest

from monitor.ledger.pantau_bundle import (
    NEEDED,
    Refused,
    directory,
    listed,
    local_header,
    read,
    unpacked,
)
from monitor.reports.bundle import add_instructions, add_manifest, packed

_NAMES = NEEDED


@pytest.fixture
def folder(tmp_path):
    for name in _NAMES:
        (tmp_path / name).write_bytes(f"isi {name}\n".encode())
    (tmp_path / "laporan.id.pdf").write_bytes(b"")
    (tmp_path / "laporan-jilid-01-bapenda.id.pdf").write_bytes(b"%PDF")
    add_manifest(tmp_path)
    return tmp_path


def archive(folder):
    return b"".join(packed(folder))


def test_same_files_same_bytes(folder, tmp_path_factory):
    """The same files give the same archive, in whatever order and whenever they were written."""
    other = tmp_path_factory.mktemp("lain")
    for path in sorted(folder.iterdir(), reverse=True):
        (other / path.name).write_bytes(path.read_bytes())
    assert archive(folder) == archive(other)


def test_others_can_unpack_it(folder):
    """Programs that know ZIP find every file as it was."""
    with zipfile.ZipFile(io.BytesIO(archive(folder))) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == {
            path.name: path.read_bytes() for path in folder.iterdir()
        }


def test_every_byte_counts(folder):
    """Whichever byte of an archive is another, in a file, before one or behind all, it shows."""
    whole = archive(folder)
    listed(unpacked(whole))
    for at in range(len(whole)):
        other = bytearray(whole)
        other[at] ^= 1 << at % 8
        with pytest.raises(Refused):
            listed(unpacked(bytes(other)))


@pytest.mark.parametrize("name", sorted(_NAMES))
def test_changed_file_is_named(folder, name):
    """A byte of a file that is another is told by the file's name."""
    whole = bytearray(archive(folder))
    whole[whole.index(f"isi {name}".encode())] ^= 1
    with pytest.raises(Refused, match=name):
        unpacked(bytes(whole))


@pytest.mark.parametrize("name", sorted(_NAMES))
def test_file_beside_the_manifest_is_named(folder, name):
    """A file that was put in another's place, in an archive that is whole, is named as well."""
    (folder / name).write_bytes(b"lain")
    with pytest.raises(Refused, match=f"{name} is not what manifest.json lists"):
        listed(unpacked(archive(folder)))


def test_missing_and_added_files_are_named(folder):
    """A file that was taken out, and one that was put in, are named."""
    (folder / "blocks").rename(folder / "laporan.en.pdf")
    with pytest.raises(Refused, match="blocks is not"):
        listed(unpacked(archive(folder)))


@pytest.mark.parametrize(
    "change", [(b'"size": 0', b'"size": 1'), (b"\n}", b"\n\n}"), (b"v1", b"v2")]
)
def test_manifest_has_one_form(folder, change):
    """A manifest that says anything else than the files do is named."""
    manifest = folder / "manifest.json"
    assert change[0] in manifest.read_bytes()
    manifest.write_bytes(manifest.read_bytes().replace(*change, 1))
    with pytest.raises(Refused, match=r"manifest\.json is changed"):
        listed(unpacked(archive(folder)))


@pytest.mark.parametrize("cut", [0, 1, 29, 31, 300, -1])
def test_archive_that_ends_early(folder, cut):
    """What is cut off, or follows, is no bundle."""
    whole = archive(folder)
    with pytest.raises(Refused):
        listed(unpacked(whole[:cut]))
    with pytest.raises(Refused):
        listed(unpacked(whole + b"\0"))


def test_instructions_name_the_key(tmp_path):
    """The instructions, in both languages, name the command with the key."""
    add_instructions(tmp_path, "pantau/balaikota+1234+kunci", "laporan-2026-10.zip")
    for name in ("BACA-SAYA.txt", "README.txt"):
        text = (tmp_path / name).read_text()
        command = "pantau_bundle.py --key 'pantau/balaikota+1234+kunci' 'laporan-2026-10.zip'"
        assert command in text


def zipped(*files):
    """Return an archive of the one form, of any names in any order."""
    listed_ones = [(name, zlib.crc32(body), len(body)) for name, body in files]
    parts = [
        local_header(name, crc, size) + body
        for (name, body), (_, crc, size) in zip(files, listed_ones, strict=True)
    ]
    return b"".join(parts) + directory(listed_ones)


@pytest.mark.parametrize(
    "name",
    [
        "../blocks",
        "/etc/passwd",
        "blocks/",
        "BLOCKS",
        "C:blocks",
        "catatan",
        "lain.pdf",
        "",
        "kéy",
        "laporan-jilid-01-a/b.id.pdf",
    ],
)
def test_other_names_do_not_belong(folder, name):
    """A name that no bundle has, such as one that leads out of a folder, is refused and named."""
    files = [(path.name, path.read_bytes()) for path in folder.iterdir()]
    with pytest.raises(Refused, match="does not belong in a bundle"):
        unpacked(zipped(*sorted([*files, (name, b"isi")])))


def test_doubled_names(folder):
    """A file that is there twice, of which programs read one or the other, is refused and named."""
    files = [(path.name, path.read_bytes()) for path in folder.iterdir()]
    with pytest.raises(Refused, match=r"key is there twice"):
        unpacked(zipped(*sorted([*files, ("key", b"lain")])))


def test_nothing_unfolds(folder):
    """Files that are packed, so that they could unfold to more than there is, are refused."""
    packed_ones = io.BytesIO()
    with zipfile.ZipFile(packed_ones, "w", zipfile.ZIP_DEFLATED) as made:
        for path in sorted(folder.iterdir()):
            made.writestr(path.name, path.read_bytes() + bytes(100_000))
    with pytest.raises(Refused, match=r"BACA-SAYA.txt: its bytes"):
        unpacked(packed_ones.getvalue())


def test_no_bundle_is_larger_than_the_form_holds(tmp_path):
    """What is larger than any bundle is refused before it is read."""
    with (tmp_path / "besar.zip").open("wb") as file:
        file.truncate(2**33)
    with pytest.raises(Refused, match="over 4 GB"):
        read(tmp_path / "besar.zip")
