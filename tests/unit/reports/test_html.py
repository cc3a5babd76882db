import re
from html.parser import HTMLParser

from monitor.reports.html import html
from tests.unit.reports.documents import document

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(1)</script>{{ 7*7 }} &amp; javascript:x'


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(sorted(name for name, _ in attrs))))

    def handle_data(self, data):
        self.text.append(data)


def read(page: str) -> Elements:
    parser = Elements()
    parser.feed(page)
    return parser


def test_texts_make_no_element():
    """Whatever a name says, the page has the same elements with the same attributes."""
    hostile, benign = read(html(document(HOSTILE))), read(html(document()))
    assert hostile.found == benign.found
    assert HOSTILE in "".join(hostile.text)


def test_asks_for_nothing():
    """The page is whole: no script, no sheet, no font, no picture from elsewhere."""
    page = html(document()).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|//|@import|url\(|<script|<link|<img|\ssrc=", page)


def test_without_rows():
    """A table without rows is a sentence that says so."""
    assert "table" not in [tag for tag, _ in read(html(document(rows=0))).found]
    assert "table" in [tag for tag, _ in read(html(document())).found]


def test_every_drawing_has_words():
    """Who can't see a drawing hears what it says."""
    page = html(document("Dukcapil"))
    assert page.count("<svg ") == page.count('aria-label="Dukcapil: 2 hari"') == 4
    assert page.count("<svg aria-hidden") == 4
