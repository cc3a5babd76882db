"""The page of the probes that were asked for lately."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from fractions import Fraction

from monitor.blackbox.history import Entry
from monitor.blackbox.log import shown_target
from monitor.domain.text import visible_text
from monitor.locales import Language
from monitor.locales.dates import short_date_text, time_text, zone_text
from monitor.locales.numbers import decimal
from monitor.web import texts
from monitor.web.pages import environment, other_language

_LONGEST_TARGET = 256


class ProbesPage:
    """Renders the page. What stood in a request is text: escaped, without passwords and queries."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._template = environment().get_template("probes.html")

    def html(self, entries: Iterable[Entry], language: Language) -> str:
        """Return the page with `entries` in their order."""
        words = texts.PROBES[language]
        return self._template.render(
            language=language.value,
            other=other_language(language).value,
            text=words,
            probes=[self._row(entry, language) for entry in entries],
        )

    def _row(self, entry: Entry, language: Language) -> dict[str, str]:
        words = texts.PROBES[language]
        return {
            "iso": entry.at.isoformat(),
            "at": self._at(entry.at, language),
            "module": visible_text(entry.module, _LONGEST_TARGET),
            "target": visible_text(shown_target(entry.target), _LONGEST_TARGET),
            "status": "up" if entry.success else "down",
            "glyph": "✓" if entry.success else "✕",
            "word": words["good" if entry.success else "bad"],
            "seconds": decimal(Fraction(entry.seconds), language, places=3),
            "log": f"/logs?id={entry.id}",
            "read": words["read"].format(id=entry.id),
        }

    def _at(self, at: datetime, language: Language) -> str:
        """Return the moment with its seconds: probes follow each other quickly."""
        day = short_date_text(at.astimezone(self._zone).date(), language)
        time = time_text(at, self._zone, language, seconds=True)
        return f"{day}, {time} {zone_text(at, self._zone)}"
