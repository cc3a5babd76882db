import io
from dataclasses import replace
from datetime import UTC, datetime

import pikepdf
import pytest

from monitor.reports.document import Paragraph, Section
from monitor.reports.letters import settable
from monitor.reports.pdf import Attachment, pdf
from tests.unit.reports.documents import document

AT = datetime(2026, 11, 1, tzinfo=UTC)
DATA = Attachment(
    name="data.csv",
    type="text/csv",
    body=b"layanan;ketersediaan\r\n#portal;98,260 %\r\n",
    description="Angka",
)
HOSTILE = '#panic("x") $x$ *_` @x <y> \\ // "'


def opened(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data))


def test_same_document_same_bytes():
    """The same document gives the same bytes, and another date others."""
    made = pdf(document(), [DATA], AT)
    assert made == pdf(document(), [DATA], AT)
    assert made != pdf(document(), [DATA], datetime(2026, 12, 1, tzinfo=UTC))


def test_says_which_profiles_it_is_made_to():
    """It names PDF/A-3a and PDF/UA-1, its language, its colours, and is tagged."""
    with opened(pdf(document(), [], AT)) as made, made.open_metadata() as metadata:
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
        assert metadata["pdfuaid:part"] == "1"
        assert made.Root.Lang == "id"
        assert made.Root.MarkInfo.Marked
        assert len(made.Root.OutputIntents) == 1


def test_attachment_is_as_it_was():
    """What is attached comes out byte by byte as it went in."""
    with opened(pdf(document(), [DATA], AT)) as made:
        assert made.attachments["data.csv"].get_file().read_bytes() == DATA.body


def test_every_drawing_has_words():
    """Each drawing has its alternative text."""
    with opened(pdf(document("Dukcapil"), [], AT)) as made:
        texts = [
            str(each.Alt)
            for each in made.objects
            if isinstance(each, pikepdf.Dictionary) and "/Alt" in each
        ]
    assert texts == ["Dukcapil: 2 hari"] * 4


@pytest.mark.parametrize(
    "text", [HOSTILE, "x" * 1000, "\u202e\u200b\u0000\U0001f600", "a\u0301\u0301\n\tb"]
)
def test_texts_are_never_markup(text):
    """Whatever a name says, it is set as letters."""
    with opened(pdf(document(text), [], AT)) as made:
        assert made.Root.Lang == "id"


def test_every_letter_that_is_set_is_in_the_font():
    """The font has all letters that are set as they are, and the others stand by their number."""
    every = "".join(chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000)
    letters = [each for each in every if settable(each) == each and each != " "]
    lines = [" ".join(letters[n : n + 60]) for n in range(0, len(letters), 60)]
    rows = [Paragraph(text=line) for line in lines]
    told = replace(document(), sections=(Section(id="huruf", title="Huruf", blocks=rows),))
    with opened(pdf(told, [], AT)) as made:
        assert len(letters) > 1500
        assert made.Root.Lang == "id"
