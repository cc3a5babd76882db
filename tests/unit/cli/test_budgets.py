"""Error budgets in words and as JSON."""

from fractions import Fraction

import pytest

from monitor.cli.budgets import budget_document, budget_headings, budget_notes, budget_rows
from monitor.domain.availability import pooled
from monitor.domain.budget import PAIRS, Budget, Burn
from monitor.domain.service import Service, ServiceId
from monitor.locales import Language
from monitor.reports.entries import Entry

ID, EN = Language.ID, Language.EN
SECOND = 1_000_000


def entry(used=1_380, rates=((Fraction(145, 10), Fraction(20)), (Fraction(599, 100), None))):
    burns = [Burn(pair=pair, long=a, short=b) for pair, (a, b) in zip(PAIRS, rates, strict=False)]
    budget = Budget(allowed=Fraction(259_200 * SECOND, 100), used=used * SECOND, burns=tuple(burns))
    service = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")
    return Entry(service=service, figures=pooled([]), budget=budget)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            ID,
            {
                "Jatah waktu henti": "Portal",
                "Diizinkan": "43 menit 12 detik",
                "Terpakai": "23 menit",
                "Sisa": "20 menit 12 detik",
                "Laju 1 jam / 5 menit": "14,5× / 20,0× !",
                "Laju 6 jam / 30 menit": "5,9× / –",
            },
        ),
        (
            EN,
            {
                "Error budget": "Portal",
                "Allowed": "43 minutes 12 seconds",
                "Used": "23 minutes",
                "Left": "20 minutes 12 seconds",
                "Burn 1h / 5m": "14.5× / 20.0× !",
                "Burn 6h / 30m": "5.9× / –",
            },
        ),
    ],
)
def test_a_row(language, expected):
    """A row says what is allowed, used and left, and how fast it goes; what is too fast is marked."""
    [row] = budget_rows([entry()], language)

    assert dict(zip(budget_headings(language), row, strict=False)) == expected
    assert budget_notes([entry()], language)[0].startswith("! : ")


def test_used_up():
    """What was used beyond the budget is told as what it is over by."""
    [row] = budget_rows([entry(used=3_000)], ID)

    assert row[3] == "lewat 6 menit 48 detik"


def test_document():
    """JSON carries exact fractions beside the text, and which rates are too high."""
    made = budget_document(entry().budget, ID)

    assert made["allowed_microseconds"] == "2592000000/1"
    assert made["used_share"] == {"exact": "115/216", "text": "53,3 %"}
    assert made["burn"][0] == {
        "long": "1h",
        "short": "5m",
        "threshold": "72/5",
        "severity": "page",
        "long_rate": {"exact": "29/2", "text": "14,5×"},
        "short_rate": {"exact": "20/1", "text": "20,0×"},
        "high": True,
    }
    assert made["burn"][1]["high"] is False


def test_nothing_without_a_target():
    """A service without a target has no budget and no row."""
    service = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")
    entries = [Entry(service=service, figures=pooled([]))]

    assert (budget_rows(entries, ID), budget_notes(entries, ID)) == ([], [])
