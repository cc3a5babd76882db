"""A short document with a block of every kind."""

from monitor.locales import Language
from monitor.reports.charts import DayMark, Drawing, day_strip
from monitor.reports.document import (
    Align,
    Blank,
    Column,
    Document,
    Facts,
    Figure,
    Paragraph,
    Picture,
    Points,
    Section,
    Signature,
    Signatures,
    Table,
)


def picture(drawing: Drawing, alt: str) -> Picture:
    return Picture(svg=drawing.svg, alt=alt, width=drawing.width, height=drawing.height)


def document(text: str = "Portal Kota Makassar", rows: int = 3) -> Document:
    """Return a document that says `text` in every place where somebody else's words may stand."""
    strip = picture(day_strip([DayMark.CLEAR, DayMark.MISSED]), f"{text}: 2 hari")
    columns = (Column(title=text, weight=3), Column(title="%", align=Align.END), Column(title=text))
    return Document(
        language=Language.ID,
        title="Laporan Ketersediaan Layanan",
        subject=text,
        publisher=text,
        facts=Facts(pairs=((text, text), ("Nomor", None))),
        footer=text,
        sections=(
            Section(
                id="hasil",
                title=text,
                blocks=(
                    Paragraph(text=text, stands_out=True),
                    Points(items=(text,)),
                    Table(
                        caption=text,
                        columns=columns,
                        rows=[(text, "99,000 %", strip)] * rows,
                        nothing=text,
                    ),
                    Figure(picture=strip, caption=text),
                ),
                parts=(
                    Section(id="sahkan", title=text, blocks=(Blank(asked=text), _signatures(text))),
                ),
            ),
        ),
    )


def _signatures(text: str) -> Signatures:
    known = Signature(role=text, name=text, number=text, position=text)
    return Signatures(places=(known, Signature(role=text)))
