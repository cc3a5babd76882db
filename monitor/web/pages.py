"""The status page as HTML, from what `public_view` lets through."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from monitor.domain.maintenance import Occurrence
from monitor.domain.status import Status
from monitor.locales import Language, listed
from monitor.locales.dates import date_text, moment_text, time_text, zone_text
from monitor.web import texts
from monitor.web.public import PublicView, PublicWork

STYLE = "pantau.css"
# So many further days of recurring work are named one by one.
_MOST_DAYS = 3
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
    """Renders the page of the public set. `open_data` is where that is, "" where there is none."""

    def __init__(self, zone: tzinfo, open_data: str = "") -> None:
        self._zone = zone
        self._open_data = open_data
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
            works=[self._work(work, language) for work in view.works],
            more_works=view.more_works,
            updated=self._moment(view.updated_at, language),
            stale=view.stale,
            open_data=self._open_data,
            legend=[
                _status(status, language) | {"meaning": texts.MEANINGS[language][status]}
                for status in Status
            ],
        )

    def _work(self, work: PublicWork, language: Language) -> Mapping[str, Any]:
        first, *further = work.times
        return {
            "services": listed(work.services, language),
            "reason": work.reason,
            "is_open": work.is_open,
            "start": self._moment(first.start, language),
            "end": self._end(first, language),
            "again": self._again(further, language),
        }

    def _end(self, each: Occurrence, language: Language) -> Mapping[str, str]:
        """Return when it ends: of the day on which it begins, the time of day is enough."""
        start, end = (at.astimezone(self._zone) for at in (each.start, each.end))
        if start.date() == end.date():
            clock = time_text(end, self._zone, language)
            text = f"{clock} {zone_text(end, self._zone)}"
        else:
            text = moment_text(end, self._zone, language)
        return {"iso": each.end.isoformat(), "text": text}

    def _again(self, further: Sequence[Occurrence], language: Language) -> str:
        if not further:
            return ""
        days = [date_text(at.start.astimezone(self._zone).date(), language) for at in further]
        text = texts.PAGE[language]
        if len(days) > _MOST_DAYS:
            return text["again_often"].format(count=len(days), day=days[-1])
        # A date has a comma of its own.
        return text["again"].format(days="; ".join(days))

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
