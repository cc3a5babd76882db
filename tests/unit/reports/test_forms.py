"""The forms of a report, and what each needs."""

import importlib.util
import json

import pytest

from monitor.locales import Language
from monitor.reports import forms
from monitor.reports.forms import FORMS, files, lacking, source_of
from tests.unit.reports.reports import a_report


@pytest.fixture(scope="module")
def source():
    return source_of(a_report(), Language.EN)


def test_forms_for_people_say_their_language(source):
    """A file in words is called by its language; data is the same in each."""
    assert list(files(source, ["json", "csv", "xlsx"], "laporan")) == [
        *("laporan.json", "laporan.csv", "laporan.en.xlsx")
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

    assert lacking(FORMS) == [name for name, form in FORMS.items() if form.needs]
    assert "xlsx" in lacking(FORMS)
    assert lacking(["json", "csv"]) == []
