"""Pages of reports as another program reads them: where each word is, and what ends a page."""

import subprocess
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest

from monitor.locales import Language
from monitor.reports.document import Column, Paragraph, Section, Table
from monitor.reports.letters import settable
from monitor.reports.pagebreaks import is_kept_whole, is_row_kept_whole
from monitor.reports.pdf import pdf
from monitor.reports.places import FOOT, HEAD, MARGIN
from monitor.reports.worded import worded
from tests.looks.cases import CASES
from tests.peers import peer
from tests.unit.reports.builders import AT

_POINTS = 72 / 25.4
_SLACK = 1.5  # points: a letter may lean out of its own width
_LOOKED_AT = [
    (name, language)
    for name in ("one", "six", "long", "none", "unmeasured", "lord-howe", "year")
    for language in Language
    if language is Language.ID or name in ("six", "year")
]


class Word(NamedTuple):
    text: str
    left: float
    top: float
    right: float
    bottom: float


class Page(NamedTuple):
    width: float
    height: float
    words: list[Word]

    @property
    def foot(self):
        return self.height - FOOT * _POINTS

    @property
    def lines(self):
        """Return what stands above the foot of the page, line by line."""
        lines = {}
        for word in self.words:
            if word.bottom <= self.foot + _SLACK:
                lines.setdefault(round(word.bottom), []).append(word)
        return [
            " ".join(word.text for word in sorted(line, key=lambda each: each.left))
            for _, line in sorted(lines.items())
        ]


@pytest.fixture(scope="module", params=_LOOKED_AT, ids="-".join)
def looked_at(request, tmp_path_factory):
    """Return a report in words, and its pages."""
    name, language = request.param
    document = worded(CASES[name](), language, "0f" * 32)
    path = tmp_path_factory.mktemp("pages") / "laporan.pdf"
    path.write_bytes(pdf(document, [], AT))
    return document, pages(path)


def pages(path: Path) -> list[Page]:
    command = [peer("pdftotext"), "-bbox", str(path), "-"]
    found = ET.fromstring(  # what our own paper says
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
    space = {"x": "http://www.w3.org/1999/xhtml"}
    return [
        Page(
            float(page.get("width")),
            float(page.get("height")),
            [
                Word(
                    unescape(word.text),
                    *(float(word.get(name)) for name in ("xMin", "yMin", "xMax", "yMax")),
                )
                for word in page.iterfind("x:word", space)
            ],
        )
        for page in found.iterfind(".//x:page", space)
    ]


def test_no_word_is_cut_off(looked_at):
    """Every word stands within the margins of its page."""
    _, found = looked_at
    side = MARGIN * _POINTS - _SLACK
    out = [
        (number, word)
        for number, page in enumerate(found, 1)
        for word in page.words
        if word.left < side
        or word.right > page.width - side
        or word.top < HEAD * _POINTS - 5
        or word.bottom > page.height - 20
    ]
    assert out == []


def test_no_words_overlap(looked_at):
    """No word is set upon another."""
    _, found = looked_at
    assert [each for page in found for each in overlapping(page.words)] == []


def overlapping(words):
    """Return pairs of words that share more than a lean of letters and the air of their lines."""
    ordered = sorted(words, key=lambda each: each.left)
    return [
        (one, other)
        for place, one in enumerate(ordered)
        for other in ordered[place + 1 :]
        if min(one.right, other.right) - other.left > _SLACK
        and min(one.bottom, other.bottom) - max(one.top, other.top)
        > 0.5 * min(one.bottom - one.top, other.bottom - other.top)
    ]


def leading(document):
    """Return what leads on to something else: titles of sections, captions, headings of columns."""
    parts = list(document.sections)
    while parts:
        part = parts.pop()
        parts += part.parts
        yield part.title
        for each in part.blocks:
            if isinstance(each, Table) and each.rows:
                yield each.caption
                yield " ".join(column.title for column in each.columns)


def test_no_page_ends_with_a_heading(looked_at):
    """What a heading, a caption or the heading of a table leads on to stands on its page."""
    document, found = looked_at
    leads = {settable(each) for each in leading(document)}
    assert [page.lines[-1] for page in found if page.lines[-1] in leads] == []


def test_no_page_is_all_but_empty(looked_at):
    """Each page says something: five lines at least, and the places to sign are not alone."""
    _, found = looked_at
    assert [n for n, page in enumerate(found, 1) if len(page.lines) < 5] == []
    assert any("14. " in line for line in found[-1].lines)


def test_the_places_to_sign_stand_with_the_end_of_the_report(tmp_path):
    """However long what comes before is, seal and signature are never alone on a page,
    and never stand on its words.
    """
    document = worded(CASES["none"](), Language.ID)
    path = tmp_path / "laporan.pdf"
    for lines in range(5, 20):
        before = Section(id="x", title="X", blocks=[Paragraph(text="kata")] * lines)
        told = replace(document, sections=(before, document.sections[-1]))
        path.write_bytes(pdf(told, [], AT))
        last = [line for page in pages(path)[-1:] for line in page.lines]
        assert "Lampiran" in last
        assert last[-1].startswith("Segel integritas")


def test_marks_are_explained_where_they_stand(looked_at):
    """What the marks of the map of days mean is on the page on which the map begins."""
    document, found = looked_at
    [days] = [each for each in document.sections if each.id == "days"]
    captions = [each.caption for each in days.blocks if each.rows]
    on = [n for caption in captions for n, page in enumerate(found) if caption in page.lines]
    assert len(set(on)) == len(captions[:1])


def test_days_of_a_month_stand_on_one_page():
    """Who compares the days of a service in a month need not turn the page."""
    for name in ("six", "lord-howe"):
        daily = [
            each
            for section in worded(CASES[name](), Language.ID).sections
            for part in section.parts
            if part.id == "daily"
            for each in part.blocks
        ]
        assert daily
        assert all(is_kept_whole(each) for each in daily)


COLUMNS = (Column(title="Layanan"), Column(title="Alasan"))


def a_table(rows, *, whole=False):
    return Table(caption="Koreksi", columns=COLUMNS, rows=rows, nothing="–", whole=whole)


def test_a_short_table_is_not_torn_apart():
    """Half a page at most stays together; more than that may be torn, but for what is `whole`."""
    assert is_kept_whole(a_table([("a", "b")] * 15))
    assert not is_kept_whole(a_table([("a", "b")] * 20))
    assert is_kept_whole(a_table([("a", "b")] * 31, whole=True))
    assert not is_kept_whole(a_table([("a", "b")] * 40, whole=True))


def test_a_row_is_not_torn_apart_unless_it_fills_a_page():
    """A row goes to the next page as a whole; one that would fit on none is torn, not cut off."""
    assert is_row_kept_whole(COLUMNS, ("a", "kata " * 200))
    assert not is_row_kept_whole(COLUMNS, ("a", "kata " * 2_000))


def test_a_row_longer_than_a_page_is_told_to_its_end(tmp_path):
    """A correction's reason of any length is read to its last word."""
    long = a_table([("a", "kata " * 5_000 + "akhir")])
    section = Section(id="x", title="X", blocks=(long,))
    path = tmp_path / "laporan.pdf"
    document = worded(CASES["none"](), Language.ID)
    told = replace(document, sections=(section, *document.sections[-2:]))
    path.write_bytes(pdf(told, [], AT))

    words = [word.text for page in pages(path) for word in page.words]

    assert words.count("kata") == 5_000
    assert "akhir" in words
