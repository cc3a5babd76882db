"""What is told about open data: metadata, dictionary and catalogue, as Satu Data Indonesia asks."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from monitor.domain.text import visible_text
from monitor.reports.opendatawords import METHOD, TABLES, Table, Variable

FORMS = ("csv", "json")
_LONGEST_TEXT = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Who gives out data on which days, and on which terms. What is None was said by nobody.

    `first` and `last` are days in `zone`; None where there is no data yet.
    """

    publisher: str | None
    contact: str | None
    licence: str | None
    information_class: str | None
    first: date | None
    last: date | None
    zone: str
    vantage: str
    software: str


def metadata(table: Table, publication: Publication) -> Mapping[str, Any]:
    """Return what is to be known of a data set before it is used."""
    return {
        "judul": table.title.id,
        "title": table.title.en,
        "deskripsi": table.description.id,
        "description": table.description.en,
        "produsen_data": _said(publication.publisher),
        "kontak": _said(publication.contact),
        "lisensi": _said(publication.licence),
        "klasifikasi": _said(publication.information_class),
        "periode": _period(publication),
        "zona_waktu": publication.zone,
        "frekuensi": "harian",
        "standar": {
            "konsep": table.concept,
            "definisi": table.description.id,
            "klasifikasi": table.classification,
            "ukuran": table.measure,
            "satuan": list(table.units),
        },
        "metode": METHOD.id,
        "method": METHOD.en,
        "titik_pantau": publication.vantage,
        "perangkat_lunak": f"Pantau {publication.software}",
        "berkas": [f"{table.name}.{form}" for form in FORMS],
        "variabel": [_variable(each) for each in table.variables],
    }


def catalogue(publication: Publication, root: str) -> Mapping[str, Any]:
    """Return which data sets there are, with where each is, below the URL or path `root`."""
    return {
        "judul": "Data terbuka ketersediaan layanan digital",
        "title": "Open data on the availability of digital services",
        "kamus_data": _addresses("kamus-data", root),
        "kumpulan_data": [
            {**metadata(table, publication), "berkas": _addresses(table.name, root)}
            for table in TABLES
        ],
    }


def _addresses(name: str, root: str) -> list[str]:
    return [f"{root}/{name}.{form}" for form in FORMS]


def plain(text: str) -> str:
    """Return what somebody wrote in one line of composed letters, with no mark that turns text."""
    return visible_text(unicodedata.normalize("NFC", text), _LONGEST_TEXT)


def _said(text: str | None) -> str | None:
    return None if text is None else plain(text)


def dictionary(table: Table) -> Iterator[Mapping[str, str]]:
    """Yield a row of the data dictionary for each column."""
    for each in table.variables:
        yield {
            "berkas": table.name,
            "variabel": each.name,
            "tipe": each.kind,
            "satuan": each.unit,
            "keterangan": each.id,
            "description": each.en,
        }


def _period(publication: Publication) -> Mapping[str, str] | None:
    if publication.first is None or publication.last is None:
        return None
    return {"dari": publication.first.isoformat(), "sampai": publication.last.isoformat()}


def _variable(each: Variable) -> Mapping[str, str | None]:
    return {
        "nama": each.name,
        "tipe": each.kind,
        "satuan": each.unit or None,
        "keterangan": each.id,
        "description": each.en,
    }
