"""The status page as HTML, from what `public_view` lets through."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from monitor.domain.status import Status
from monitor.locales import Language
from monitor.locales.dates import moment_text
from monitor.web import texts
from monitor.web.public import PublicView

STYLE = "pantau.css"
_GRAVEST = (Status.DOWN, Status.DEGRADED, Status.UNKNOWN, Status.UP)


@cache
def environment() -> Environment:
    """Return the templates, each of which is compiled once.

    Everything that they fill in is escaped, whatever their name.
    """
    return Environment(
        loader=PackageLoader("monitor.web"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def style_sheet() -> bytes:
    return resources.files("monitor.web").joinpath("static", STYLE).read_bytes()


class StatusPage:
    """Renders the page of the public set."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._template = environment().get_template("status.html")

    def html(self, view: PublicView, language: Language) -> str:
        return self._template.render(
            language=language.value,
            other=other_language(language).value,
            text=texts.PAGE[language],
            overall=_overall(view, language),
            services=[
                {
                    "name": service.name,
                    "owner": service.owner,
                    "status": _status(service.status, language),
                    "since": self._moment(service.since, language),
                    "maintained_until": self._moment(service.maintained_until, language),
                }
                for service in view.services
            ],
            updated=self._moment(view.updated_at, language),
            stale=view.stale,
            legend=[
                _status(status, language) | {"meaning": texts.MEANINGS[language][status]}
                for status in Status
            ],
        )

    def _moment(self, at: datetime | None, language: Language) -> Mapping[str, str] | None:
        if at is None:
            return None
        return {"iso": at.isoformat(), "text": moment_text(at, self._zone, language)}


def other_language(language: Language) -> Language:
    """Return the language that the page's switch leads to."""
    return Language.EN if language is Language.ID else Language.ID


def _status(status: Status, language: Language) -> dict[str, str]:
    return {
        "name": status.value,
        "glyph": texts.GLYPHS[status],
        "word": texts.STATUSES[language][status],
    }


def _overall(view: PublicView, language: Language) -> Mapping[str, Any] | None:
    """Return the gravest status among the services, in a sentence. None without services."""
    found = {service.status for service in view.services}
    gravest = next((status for status in _GRAVEST if status in found), None)
    if gravest is None:
        return None
    return _status(gravest, language) | {"sentence": texts.OVERALL[language][gravest]}
