"""Previews of dashboards show what Prometheus answered, and don't pretend to be Grafana."""

import json

import pytest

from monitor.locales import Language
from tests.daemon import ROOT
from tests.dashboards.boards import BOARDS
from tests.dashboards.preview.page import View, page

NOON = 1_800_000_000.0


def view(board, language, answers):
    path = ROOT / "deploy/grafana/dashboards" / language / f"{board}.json"
    shown = json.loads(path.read_text())
    nothing = {(p["id"], t["refId"]): [] for p in shown["panels"] for t in p["targets"]}
    return View(
        board=shown,
        answers={**nothing, **answers},
        start=NOON - 100,
        end=NOON,
        hole=6,
        language=language,
    )


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_a_preview_says_what_it_is(board, language):
    """Each preview says in its head that it is not Grafana, also when nothing was answered."""
    said = {Language.ID: "Ini bukan Grafana.", Language.EN: "This is not Grafana."}

    assert said[language] in page(view(board.name, language, {}))


def test_a_preview_shows_holes():
    """A timeline shows nothing where no values are, and what people typed as text."""
    values = [(NOON - 100, "0"), (NOON - 99, "0"), (NOON - 10, "1")]
    drawn = page(
        view(
            "overview", Language.ID, {(8, "A"): [{"metric": {"service": "<b>"}, "values": values}]}
        )
    )

    assert drawn.count("<rect") == 2
    assert "&lt;b&gt;" in drawn
    assert "<b>" not in drawn
