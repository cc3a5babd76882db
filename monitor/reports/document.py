"""A report in words: what every form for people shows, in one language, in reading order.

Numbers and dates are text by now, written once, so that two forms can't differ in them. Nothing
here knows how a page is laid out; nothing that lays out a page reads figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.locales import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A drawing as SVG, `width` by `height` CSS pixels, and what it says in words.

    The drawing asks for no script and nothing outside itself. Its letters are drawn in a serif
    font of the form's own, and what it draws in `currentColor` has the colour of the text around.
    """

    svg: str
    alt: str
    width: int
    height: int


class Align(StrEnum):
    """On which edge of its column a cell stands: text at the start, numbers at the end."""

    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table; `weight` is its share of the width beside the others."""

    title: str
    align: Align = Align.START
    weight: int = 1


Cell = str | Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of as many cells as there are columns. The first cell of a row names it.

    Without rows the reader is told `nothing`, and sees no table. One that is `whole` is read at one
    glance, and stays on one page where it fits on one. One that `leads` stays with what follows,
    which is not read without it.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    nothing: str
    whole: bool = False
    leads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A drawing with its caption."""

    picture: Picture
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names with their values. None is for a person to fill, and shown as a line to write on."""

    pairs: Sequence[tuple[str, str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph of plain text. `stands_out` is for the few sentences nobody may overlook."""

    text: str
    stands_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """A list of sentences, without an order."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """Something that nobody but a person can say: `asked` says what, and `lines` are left free."""

    asked: str
    lines: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A place to sign: in which role, and who, as far as that is known."""

    role: str
    name: str | None = None
    number: str | None = None
    position: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """The places to sign of one report, side by side."""

    places: Sequence[Signature]


Block = Table | Figure | Facts | Paragraph | Points | Blank | Signatures


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A numbered part of a report. `id` is the same in every language, and is linked to."""

    id: str
    title: str
    blocks: Sequence[Block]
    parts: "Sequence[Section]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One report, whole. `subject` is the period and the scope in words, for the title page.

    `is_signed` says that it keeps places for a seal and a signature, where a form has such.
    """

    language: Language
    title: str
    subject: str
    publisher: str
    facts: Facts
    sections: Sequence[Section]
    footer: str
    is_signed: bool = True
