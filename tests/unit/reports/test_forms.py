"""The forms of a report, and what each needs."""

import importlib.util
import io
import json

import pikepdf
import pytest

from monitor.locales import Language
from monitor.reports import forms
from monitor.reports.daily import daily
from monitor.reports.forms import FORMS, files, lacking
from monitor.reports.source import source_of
from tests.unit.reports.reports import a_report


@pytest.fixture(scope="module")
def source():
    return source_of(a_report(), Language.EN)


def test_forms_for_people_say_their_language(source):
    """A file in words is called by its language; data is the same in each."""
    assert list(files(source, FORMS, "laporan")) == [
        *("laporan.en.pdf", "laporan.en.html", "laporan.json", "laporan.csv", "laporan.en.xlsx")
    ]


def test_every_form_can_be_made(source):
    """Each form gives bytes, and those the same again."""
    for pieces in files(source, list(FORMS), "laporan").values():
        made = b"".join(pieces())
        assert made
        assert b"".join(pieces()) == made


def test_data_is_the_same_in_every_language(source):
    """laporan.json, and with it the fingerprint, does not depend on the language of a report."""
    other = source_of(a_report(), Language.ID)

    assert json.loads(source.whole.body)["format"] == 1
    assert source.whole.fingerprint == other.whole.fingerprint


def test_what_is_missing_is_known_before(monkeypatch):
    """Without the extra, JSON and CSV can be made, and nothing is tried of the others."""
    found = importlib.util.find_spec
    extra = {form.needs for form in FORMS.values()}
    monkeypatch.setattr(forms, "find_spec", lambda name: None if name in extra else found(name))

    assert lacking(FORMS) == ["pdf", "xlsx"]
    assert lacking(["json", "csv", "html"]) == []


def test_the_data_goes_with_the_pdf(source):
    """A PDF carries laporan.json, whose SHA-256 it names, and data.csv."""
    [made] = files(source, ["pdf"], "laporan").values()

    with pikepdf.open(io.BytesIO(b"".join(made()))) as document:
        carried = {
            name: spec.get_file().read_bytes() for name, spec in document.attachments.items()
        }
    assert carried["laporan.json"] == source.whole.body
    assert carried["data.csv"].decode() == "".join(daily(source.report))


def test_forms_for_people_name_the_fingerprint(source):
    """Who reads the page can hold the data to the SHA-256 that stands on it."""
    [made] = files(source, ["html"], "laporan").values()

    assert source.whole.fingerprint in b"".join(made()).decode()
