from html.parser import HTMLParser
from importlib import resources
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from monitor.domain.status import Status
from monitor.locales import Language
from monitor.web import texts
from monitor.web.pages import StatusPage, environment, style_sheet
from monitor.web.public import public_view
from tests.unit.metrics.board import NOON, FakeBoard, a_check, a_service, watch

EVIL = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><svg/onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "&lt;b&gt;",
    "\u202egnp.exe",
)


def page(name="Portal", status=Status.UP, language=Language.ID):
    service = a_service(name=name, owner=name)
    board = FakeBoard(
        watched=[watch(a_check(), status)], listed=[service], statuses={"portal": status}
    )
    return StatusPage(ZoneInfo("Asia/Makassar")).html(public_view(board, NOON), language)


class Tree(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.elements, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(attrs)))

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("name", EVIL)
def test_names_are_text(name):
    """A name that looks like markup is shown as it is written, and changes no element."""
    tree = Tree(page(name))

    assert tree.elements == Tree(page()).elements
    assert tree.words.count(name) == 2


def test_every_template_escapes():
    """Whatever its name, a template escapes what it fills in."""
    templates = environment()

    for name in ("status.html", "x.jinja", "x.txt", "x", None):
        assert templates.autoescape(name), name
    assert isinstance(templates.from_string("{{ x }}").render(x="<b>"), str)
    assert templates.from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"
    assert templates.from_string("{{ x }}").render(x=Markup("<b>")) == "<b>"


def test_no_template_marks_text_as_safe():
    """No template turns escaping off."""
    for file in resources.files("monitor.web").joinpath("templates").iterdir():
        text = file.read_text()
        assert "safe" not in text, file
        assert "autoescape" not in text, file
        assert "<script" not in text, file
        assert " style=" not in text, file


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("status", Status)
def test_a_status_is_a_sign_and_a_word(status, language):
    """No status is told by colour alone: each has a sign and a word of its own."""
    text = page(status=status, language=language)

    assert f">{texts.GLYPHS[status]}</span> {texts.STATUSES[language][status]}</p>" in text
    assert texts.OVERALL[language][status] in text


def test_signs_and_words_differ():
    """No two statuses share a sign or a word."""
    assert len(set(texts.GLYPHS.values())) == len(Status)
    for words in texts.STATUSES.values():
        assert len(set(words.values())) == len(Status)


def test_the_languages_have_the_same_texts():
    """What is said in one language is said in the other."""
    assert set(texts.PAGE[Language.ID]) == set(texts.PAGE[Language.EN])


def test_times_are_those_of_the_city():
    """Times are shown in the city's zone."""
    assert "Minggu, 1 November 2026, 20.00 WITA" in page()
    assert "Sunday, 1 November 2026, 20:00 WITA" in page(language=Language.EN)


def test_no_target_is_shown():
    """The page holds no target, no check and no id."""
    text = page()

    assert "makassarkota.go.id" not in text
    assert "portal-http" not in text


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast():
    """Text stands out by 4.5 to 1 at least, in light and in dark (WCAG 2.1, 1.4.3)."""
    sheet = style_sheet().decode()
    light, dark = sheet.split("prefers-color-scheme: dark")
    pairs = [(n, f"{n}-paper") for n in ("up", "degraded", "down", "unknown", "working")] + [
        *(("ink", "paper"), ("ink", "card"), ("quiet", "paper"), ("quiet", "card")),
        *(("link", "paper"), ("ink", "degraded-paper"), ("degraded", "degraded-paper")),
    ]
    for theme in (light, dark):
        colours = dict(
            line.strip()[2:-1].split(": ")
            for line in theme.splitlines()
            if line.strip()[:2] == "--"
        )
        for ink, paper in pairs:
            bright, dim = sorted((luminance(colours[ink]), luminance(colours[paper])), reverse=True)
            assert (bright + 0.05) / (dim + 0.05) >= 4.5, (ink, paper)
