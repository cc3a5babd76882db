"""The page on which citizens find open data, and what its columns mean."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from monitor.locales import Language
from monitor.locales.dates import month_text, short_date_text
from monitor.reports.opendatacatalogue import FORMS, Publication, plain
from monitor.reports.opendatawords import METHOD, TABLES, Table, Variable, Words
from monitor.web.opendataquery import Days
from monitor.web.pages import environment, other_language
from monitor.web.texts_opendata import KINDS, PAGE, UNITS

_MONTHS_SHOWN = 12
# On a telephone the latest are enough at first sight.
_AT_ONCE = 2


class OpenDataPage:
    """Renders the page. `root` is where the files are."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._template = environment().get_template("opendata.html")

    def html(self, publication: Publication, language: Language, *, is_broken: bool = False) -> str:
        """Return the page on what there is; where there is none, it says so, or that it can't be
        read.
        """
        text = PAGE[language]
        if publication.first is None or publication.last is None:
            why = "broken" if is_broken else "empty"
            return self._page(publication, language, nothing=text[why], why=text[f"{why}_why"])
        covered = (publication.first, publication.last)
        months = list(_months(covered, language))
        return self._page(
            publication,
            language,
            covered=text["covered"].format(**_days(covered, language)),
            months=months[:_AT_ONCE],
            earlier=months[_AT_ONCE:],
            nothing="",
        )

    def _page(self, publication: Publication, language: Language, **known: Any) -> str:
        text, other = PAGE[language], other_language(language)
        return self._template.render(
            language=language.value,
            other=other.value,
            switch=f"?lang={other.value}",
            text=text,
            root=self._root,
            forms=FORMS,
            tables=[_table(each, language) for each in TABLES],
            about=[(text[name], said) for name, said in _about(publication, text) if said],
            method=_in(METHOD, language),
            **known,
        )


def _days(covered: Days, language: Language) -> Mapping[str, str]:
    first, last = covered
    return {
        "first": short_date_text(first, language),
        "last": short_date_text(last, language),
    }


def _months(covered: Days, language: Language) -> Iterator[Mapping[str, str]]:
    """Yield the months of which there is data, the latest first; not all of very many."""
    began, over = covered
    first = over.replace(day=1)
    for _ in range(_MONTHS_SHOWN):
        if first < began.replace(day=1):
            return
        yield {"value": f"{first:%Y-%m}", "text": _month(first, over, language)}
        first = (first - timedelta(days=1)).replace(day=1)


def _month(first: date, over: date, language: Language) -> str:
    """Return what a month is called; of the one that is going on, up to which day it is known."""
    is_whole = (over + timedelta(days=1)).replace(day=1) > first
    month = month_text(first, language)
    if is_whole:
        return month
    return PAGE[language]["so_far"].format(month=month, day=over.day)


def _table(table: Table, language: Language) -> Mapping[str, Any]:
    return {
        "name": table.name,
        "title": _in(table.title, language),
        "description": _in(table.description, language),
        "columns": [_column(each, language) for each in table.variables],
    }


def _column(each: Variable, language: Language) -> Mapping[str, str]:
    is_english = language is Language.EN
    unit = UNITS[each.unit] if each.unit and is_english else each.unit
    kind = KINDS[each.kind] if is_english else each.kind
    return {
        "name": each.name,
        "kind": f"{kind}, {PAGE[language]['unit'].format(unit=unit)}" if unit else kind,
        "meaning": each.en if is_english else each.id,
    }


def _about(publication: Publication, text: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    for name, said in (
        ("producer", publication.publisher),
        ("contact", publication.contact),
        ("licence", publication.licence),
    ):
        yield name, said and plain(said)
    yield "frequency", text["daily"]


def _in(words: Words, language: Language) -> str:
    return words.en if language is Language.EN else words.id
