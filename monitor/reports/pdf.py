"""A report as PDF, made to the profiles PDF/A-3a and PDF/UA-1, with its data attached.

The same document gives the same bytes: fonts come with the typesetter, the date with the document.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from monitor.locales import Language
from monitor.reports.document import Block, Cell, Document, Figure, Picture, Section, Table
from monitor.reports.letters import settable
from monitor.reports.pagebreaks import PICTURE_SCALE, is_kept_whole, is_row_kept_whole
from monitor.reports.places import APPROVAL, FOOT, HEAD, MARGIN, SEAL, TITLES
from monitor.reports.typesetting import STANDARDS, Order, typeset, typeset_apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with the PDF; `description` is for people."""

    name: str
    type: str
    body: bytes
    description: str


def pdf(document: Document, attachments: Sequence[Attachment], at: datetime) -> bytes:
    """Return the PDF of `document`; `at` is when what it says was known, aware."""
    return typeset(_order(document, attachments, at), pdf_standards=list(STANDARDS))


def pdf_apart(document: Document, attachments: Sequence[Attachment], at: datetime) -> bytes:
    """Return the same, made by a process of its own. Raises Unset."""
    return typeset_apart(_order(document, attachments, at))


def stamp(language: Language, lines: Sequence[str], at: datetime) -> bytes:
    """Return the picture of a seal as a PDF of one page, as large as the place for it."""
    told = {
        "language": language.value,
        "title": TITLES[language][0],
        "lines": [settable(line) for line in lines],
        "width": SEAL.width,
        "height": SEAL.height,
    }
    order = Order(
        template="seal.typ",
        told=json.dumps(told, ensure_ascii=False),
        at=int(at.timestamp()),
    )
    return typeset(order, pdf_tags=False)


def _order(document: Document, attachments: Sequence[Attachment], at: datetime) -> Order:
    attached = [
        {"name": each.name, "type": each.type, "description": each.description}
        for each in attachments
    ]
    told = _settable(_document(document)) | {"attachments": attached}
    return Order(
        template="report.typ",
        told=json.dumps(told, ensure_ascii=False),
        files={each.name: each.body for each in attachments},
        at=int(at.timestamp()),
    )


def _document(one: Document) -> dict[str, Any]:
    return {
        "language": one.language.value,
        "title": one.title,
        "subject": one.subject,
        "publisher": one.publisher,
        "footer": one.footer,
        "facts": one.facts.pairs,
        "sections": [_section(each) for each in one.sections],
        "page": {"margin": MARGIN, "head": HEAD, "foot": FOOT, "scale": PICTURE_SCALE},
        "places": [
            asdict(place) | {"title": title}
            for place, title in zip((SEAL, APPROVAL), TITLES[one.language], strict=True)
            if one.is_signed
        ],
    }


def _section(one: Section) -> dict[str, Any]:
    return {
        "title": one.title,
        "blocks": list(_blocks(one.blocks)),
        "parts": [_section(each) for each in one.parts],
    }


def _blocks(blocks: Sequence[Block]) -> Iterator[dict[str, Any]]:
    """Yield what stands one below the other; drawings in a row are one, and share the width."""
    for are_figures, those in groupby(blocks, key=lambda each: isinstance(each, Figure)):
        if are_figures:
            yield {"kind": "figures", "figures": [asdict(each) for each in those]}
        else:
            yield from map(_block, those)


def _block(one: Block) -> dict[str, Any]:
    kind = type(one).__name__.lower()
    if isinstance(one, Table):
        rows = [
            {
                "cells": [_cell(each) for each in row],
                "whole": is_row_kept_whole(one.columns, row),
            }
            for row in one.rows
        ]
        return {"kind": kind, **asdict(one), "rows": rows, "whole": is_kept_whole(one)}
    return {"kind": kind, **asdict(one)}


def _cell(one: Cell) -> str | dict[str, Any]:
    return asdict(one) if isinstance(one, Picture) else one


def _settable(told: Any) -> Any:
    """Return the same with no letter in it that the font has not. Drawings have their own."""
    match told:
        case str():
            return settable(told)
        case dict():
            return {key: each if key == "svg" else _settable(each) for key, each in told.items()}
        case list() | tuple():
            return [_settable(each) for each in told]
        case _:
            return told
