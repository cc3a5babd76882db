"""Whole reports on paper and on a page: what other programs read in them, and hostile names."""

import io
import subprocess
from collections import Counter
from dataclasses import replace

import pikepdf
import pytest

from monitor.domain.service import ServiceId
from monitor.locales import Language
from monitor.reports.html import html
from monitor.reports.pdf import pdf
from monitor.reports.report import FollowUp, Signatory, Wording
from monitor.reports.worded import worded
from tests.payloads import MORSELS
from tests.peers import peer
from tests.unit.reports.builders import AT, JUNE, city, report, scope, vector
from tests.unit.reports.test_html import read

FIGURES = {
    Language.ID: ("98,260 %", "94,166 %", "98,334 %", "96,166 %", "95,833 %", "11 menit 30 detik"),
    Language.EN: ("98.260%", "94.166%", "98.334%", "96.166%", "95.833%", "11 minutes 30 seconds"),
}
WHOLE = city(6, scope(*JUNE))


@pytest.fixture(scope="module", params=list(Language))
def paper(request, tmp_path_factory):
    """Return the language, and the path of the vector's report in it."""
    path = tmp_path_factory.mktemp("papers") / "laporan.pdf"
    path.write_bytes(pdf(worded(vector(), request.param, "0f" * 32), [], AT))
    return request.param, path


@pytest.fixture(scope="module")
def whole():
    """Return a report with something in every section, opened."""
    with pikepdf.open(io.BytesIO(pdf(worded(WHOLE, Language.ID), [], AT))) as made:
        yield made


def read_by(program: str, *arguments: object) -> str:
    command = [peer(program), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_figures_are_text_on_paper(paper):
    """Another program reads the figures of the vector out of the PDF."""
    language, path = paper
    text = " ".join(read_by("pdftotext", path, "-").split())
    assert [figure for figure in FIGURES[language] if figure not in text] == []


def test_who_signs_sees_what_is_signed(paper):
    """The places to sign stand on the page of their heading."""
    pages = read_by("pdftotext", paper[1], "-").split("\f")
    [page] = [each for each in pages if "Disusun oleh" in each]
    assert "\n14. " in f"\n{page}"


def test_qpdf_finds_no_fault(paper):
    """The file is sound by another program's judgement."""
    assert "No syntax or stream encoding errors" in read_by("qpdf", "--check", paper[1])


def test_every_font_is_in_the_file(paper):
    """The paper looks the same where its fonts are not installed."""
    fonts = read_by("pdffonts", paper[1]).splitlines()[2:]
    assert fonts
    assert {line.split()[-5] for line in fonts} == {"yes"}


def test_the_paper_says_its_language(paper):
    """A screen reader knows in which language to read."""
    language, path = paper
    with pikepdf.open(path) as made:
        assert language.value == made.Root.Lang
        assert made.Root.ViewerPreferences.DisplayDocTitle


def elements(made: pikepdf.Pdf) -> list[pikepdf.Dictionary]:
    """Return the elements of the structure that a screen reader goes through."""
    return [
        each
        for each in made.objects
        if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/StructElem"
    ]


def test_a_screen_reader_finds_its_way(whole):
    """Headings, tables with headings of columns, lists and drawings are tagged as what they are."""
    tags = Counter(str(each.S) for each in elements(whole))
    assert tags["/H1"] == 15
    assert tags["/H2"] >= 10
    assert tags["/Table"] > 20
    assert min(tags["/TH"], tags["/TD"], tags["/L"], tags["/Figure"], tags["/Caption"]) > 0


def test_every_drawing_on_paper_has_words(whole):
    """Who can't see a drawing hears what it says."""
    figures = [each for each in elements(whole) if str(each.S) == "/Figure"]
    assert len(figures) > 20
    assert all(str(each.get("/Alt", "")).strip() for each in figures)


def hostile(say):
    """Return a report in which everything that people may write is `say` of a number."""
    accounts = [
        replace(each, service=replace(each.service, name=say(n), owner=say(n)))
        for n, each in enumerate([WHOLE.accounts[0]] * len(MORSELS))
    ]
    accounts = [
        replace(each, service=replace(each.service, id=ServiceId(f"s-{n}")), days=each.days[:1])
        for n, each in enumerate(accounts)
    ]
    wording = Wording(
        publisher=say(1),
        number=say(2),
        information_class=say(3),
        legal_basis=[say(n) for n in range(len(MORSELS))],
        signatories=[Signatory(role=say(4), name=say(5), number=say(6), position=say(7))],
        follow_ups=[FollowUp(recommendation=say(8), owner=say(9), state=say(10))],
    )
    return worded(report(accounts, WHOLE.scope, wording=wording), Language.ID)


def test_hostile_names_make_no_element_of_a_page():
    """Whatever people write, the page has the same elements as with harmless names."""
    page = html(hostile(lambda n: MORSELS[n]))
    assert read(page).found == read(html(hostile("Nama {}".format))).found


def test_no_name_turns_the_direction_of_text():
    """A name can't make what follows read backwards."""
    assert not set("\u202e\u2066\u200f\x00") & set(
        html(hostile(lambda _: "a\u202e\u2066\u200f\x00"))
    )


def test_hostile_names_act_nowhere_on_paper():
    """Whatever people write, it is set as letters: no link, no script, no action."""
    with pikepdf.open(io.BytesIO(pdf(hostile(lambda n: MORSELS[n]), [], AT))) as made:
        keys = {
            key
            for each in made.objects
            if isinstance(each, pikepdf.Dictionary)
            for key in dict(each)
        }
        assert keys & {"/JS", "/JavaScript", "/URI", "/Launch", "/OpenAction", "/AA"} == set()
