"""Filed reports: versions, their manifests, and that none takes the place of another."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import jsonschema
import pytest

from monitor.locales import Language
from monitor.reports.form import schema
from monitor.reports.report import LedgerState, Wording
from monitor.reports.versions import Altered, Shape, file_report
from monitor.reports.worded import worded
from tests.unit.reports.reports import a_report

AT = datetime(2025, 7, 1, 23, 0, 5, 7, tzinfo=UTC)
SHAPE = Shape(forms=("html", "csv"), languages=(Language.ID, Language.EN))
NAME = "laporan-2025-06-02--2025-06-03"
FOLDER = "2025-06-02--2025-06-03"
FIRST = {f"{NAME}-v1.{end}" for end in ("id.html", "en.html", "csv", "json", "manifest.json")}


@pytest.fixture(scope="module")
def report():
    return a_report()


def other(report, number="7"):
    return replace(report, wording=Wording(number=number))


def there(root):
    return {path.name: path.read_bytes() for path in (root / FOLDER).iterdir()}


def test_the_first_report_is_version_1(tmp_path, report):
    """All forms and languages are filed, with the data, and a manifest that has the hash of each."""
    edition = file_report(tmp_path, report, SHAPE, AT)

    found = there(tmp_path)
    manifest = json.loads(edition.manifest.read_bytes())
    assert (edition.version, found.keys()) == (1, FIRST)
    assert manifest == {
        "version": 1,
        "replaces": None,
        "sidik_data": edition.fingerprint,
        "filed_at": "2025-07-01T23:00:05Z",
        "period": FOLDER,
        "number": None,
        "owners": [],
        "services": [],
        "summary": manifest["summary"],
        "files": {
            name: hashlib.sha256(body).hexdigest()
            for name, body in found.items()
            if name != edition.manifest.name
        },
    }
    assert manifest["files"][f"{NAME}-v1.json"] == edition.fingerprint


def test_the_manifest_says_what_the_report_says(tmp_path, report):
    """In each language it has the sentences of the summary, and what differs from the version before."""
    file_report(tmp_path, report, SHAPE, AT)
    second = file_report(tmp_path, other(report), SHAPE, AT)

    html = there(tmp_path)[f"{NAME}-v2.id.html"].decode()
    said = json.loads(second.manifest.read_bytes())["summary"]
    assert said.keys() == {"id", "en"}
    assert unescape(html).count(said["id"]["statement"]) == 1
    assert all(point in unescape(html) for point in said["id"]["points"])
    assert (said["id"]["differences"], said["en"]["more"]) == (
        ["Isian penyusun", "Daftar gangguan"],
        0,
    )


def test_what_a_version_lacks_is_added_to_it(tmp_path, report):
    """A language, a form and a seal that were asked for later are filed with the version that says
    the same, made from its laporan.json; its other files stay, and its manifest only grows.
    """
    sparse = Shape(forms=("csv",), languages=(Language.ID,))
    first = file_report(tmp_path, report, sparse, AT)
    before = there(tmp_path)
    grown = replace(report.provenance, software="9", ledger=None)
    later = replace(report, provenance=grown)

    again = file_report(tmp_path, later, SHAPE, AT)
    once_more = file_report(tmp_path, later, SHAPE, AT)

    found = there(tmp_path)
    manifests = [json.loads(each[first.manifest.name]) for each in (before, found)]
    assert (again.version, again.adds, once_more.files) == (1, True, ())
    assert found.keys() == FIRST
    assert {name: found[name] for name in before if "manifest" not in name} == {
        name: body for name, body in before.items() if "manifest" not in name
    }
    assert manifests[1] | {"files": manifests[0]["files"]} == manifests[0]
    assert manifests[1]["files"] == {
        name: hashlib.sha256(body).hexdigest()
        for name, body in found.items()
        if name != first.manifest.name
    }
    assert first.fingerprint in found[f"{NAME}-v1.en.html"].decode()
    assert report.provenance.software in found[f"{NAME}-v1.en.html"].decode()


def test_what_is_added_to_a_later_version_says_what_it_replaces(tmp_path, report):
    """A language that a second version lacks tells of the same differences as the others."""
    sparse = Shape(forms=("html",), languages=(Language.ID,))
    file_report(tmp_path, report, sparse, AT)
    file_report(tmp_path, other(report), sparse, AT)

    added = file_report(tmp_path, other(report), SHAPE, AT)

    assert (added.version, added.adds) == (2, True)
    assert "Changes since the previous version" in there(tmp_path)[f"{NAME}-v2.en.html"].decode()


def test_a_seal_is_filed_beside_the_pdf(tmp_path, report):
    """Each PDF is sealed as it was filed, once: a seal says when it was made."""
    sealing = Shape(
        forms=("pdf",), languages=(Language.ID,), sealing=lambda source, body: body + b"sealed"
    )
    first = file_report(tmp_path, report, sealing, AT)
    again = file_report(tmp_path, report, sealing, AT)

    found = there(tmp_path)
    assert f"{NAME}-v1.id.segel.pdf" in json.loads(first.manifest.read_bytes())["files"]
    assert found[f"{NAME}-v1.id.segel.pdf"] == found[f"{NAME}-v1.id.pdf"] + b"sealed"
    assert again.files == ()


def test_what_says_the_same_is_no_new_version(tmp_path, report):
    """A ledger that grew since is no other report: the version that is there stays the newest."""
    first = file_report(tmp_path, report, SHAPE, AT)
    before = there(tmp_path)
    grown = replace(report.provenance, ledger=LedgerState(origin="pantau", size=99, root="11" * 32))

    again = file_report(tmp_path, replace(report, provenance=grown), SHAPE, AT)

    assert (again.version, again.fingerprint, again.files) == (1, first.fingerprint, ())
    assert there(tmp_path) == before


def test_what_says_something_else_is_the_next_version(tmp_path, report):
    """Another report names the one it replaces and what that said otherwise; the old files stay."""
    first = file_report(tmp_path, report, SHAPE, AT)
    before = there(tmp_path)

    second = file_report(tmp_path, other(report), SHAPE, AT)
    third = file_report(tmp_path, other(report, "8"), SHAPE, AT)
    same = file_report(tmp_path, other(report, "8"), SHAPE, AT)

    found = there(tmp_path)
    said = json.loads(found[f"{NAME}-v2.json"])
    jsonschema.Draft202012Validator(schema()).validate(said)
    assert (second.version, third.version, same.version) == (2, 3, 3)
    assert (said["version"], said["replaces"]) == (2, first.fingerprint)
    assert "wording" in [each["figure"] for each in said["differences"]]
    assert json.loads(found[f"{NAME}-v3.json"])["replaces"] == second.fingerprint
    assert {name: found[name] for name in before} == before
    assert "Perubahan dari versi sebelumnya" in found[f"{NAME}-v2.id.html"].decode()
    assert "Changes since the previous version" in found[f"{NAME}-v2.en.html"].decode()


def test_the_tenth_version_follows_the_ninth(tmp_path, report):
    """Versions are numbers, and not words."""
    for number in range(10):
        file_report(
            tmp_path, other(report, str(number)), Shape(forms=(), languages=(Language.ID,)), AT
        )

    assert file_report(tmp_path, other(report, "x"), SHAPE, AT).version == 11


def test_what_has_no_manifest_was_never_filed(tmp_path, report):
    """What a crash left of a version is written anew, as the same version."""
    first = file_report(tmp_path, report, SHAPE, AT)
    first.manifest.unlink()
    (tmp_path / FOLDER / f"{NAME}-v1.csv").write_bytes(b"half")
    (tmp_path / FOLDER / f".{NAME}-v1.csv.123.part").write_bytes(b"draft")

    again = file_report(tmp_path, report, SHAPE, AT)

    assert again.version == 1
    assert there(tmp_path).keys() == FIRST
    assert there(tmp_path)[f"{NAME}-v1.csv"] != b"half"


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        (f"{NAME}-v1.json", b"{}", "its SHA-256 is not "),
        (f"{NAME}-v1.json", None, "it was filed, and is gone"),
        (f"{NAME}-v1.manifest.json", b"{}", "it is no manifest"),
        (f"{NAME}-v1.manifest.json", b"\xff", "it is no manifest"),
    ],
)
def test_what_was_changed_since_is_refused(tmp_path, report, name, body, said):
    """Nothing is filed after a version that is not as it was filed; the file is named."""
    file_report(tmp_path, report, SHAPE, AT)
    path = tmp_path / FOLDER / name
    path.unlink() if body is None else path.write_bytes(body)
    before = there(tmp_path)

    with pytest.raises(Altered, match=said) as caught:
        file_report(tmp_path, other(report), SHAPE, AT)

    assert caught.value.path == path
    assert there(tmp_path) == before


def test_a_first_version_has_no_section_on_versions(report):
    """Only a report that replaces another says what that one said otherwise."""
    [section] = [each for each in worded(report, Language.ID).sections if each.id == "changes"]

    assert [part.id for part in section.parts] == ["configuration"]
