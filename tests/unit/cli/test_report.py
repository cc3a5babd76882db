"""`pantau report`: what it knows of forms before it computes anything."""

import click
import pytest

from monitor.cli import report
from monitor.cli.errors import Failed
from monitor.reports import forms


def test_every_form_can_be_asked_for():
    """The command takes just the forms that there are."""
    assert report._forms(None, None, ",".join(forms.FORMS)) == tuple(forms.FORMS)
    assert report._forms(None, None, "csv, json,csv") == ("csv", "json")
    with pytest.raises(click.BadParameter, match="there is no format 'docx'; there are pdf, html"):
        report._forms(None, None, "docx")


def test_a_form_that_needs_the_extra_says_so(monkeypatch):
    """What is not installed is named with how to install it, and with what can be had without."""
    monkeypatch.setattr(forms, "find_spec", lambda _: None)

    with pytest.raises(
        Failed, match=r"^xlsx: .*'pantau\[report\]'; or say --format html,json,csv$"
    ):
        report.demand(("json", "xlsx"))
    report.demand(("json", "csv"))
