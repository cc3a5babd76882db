"""What a report says in a few sentences: those of its summary, and what it says otherwise."""

from zoneinfo import ZoneInfo

from monitor.domain.reportfiling import Gist
from monitor.locales import Language
from monitor.reports.report import Report
from monitor.reports.sections.changes import versions_in_words
from monitor.reports.sections.identity import subject
from monitor.reports.sections.locale import Locale
from monitor.reports.sections.summary import in_words

_MOST_DIFFERENCES = 20


def gists(report: Report) -> dict[str, Gist]:
    """Return what is said of `report`, by language."""
    return {language.value: _gist(report, language) for language in Language}


def _gist(report: Report, language: Language) -> Gist:
    locale = Locale(language, ZoneInfo(report.scope.zone))
    statement, points = in_words(report, locale)
    found = versions_in_words(report, locale)
    return Gist(
        subject=subject(report.scope, locale),
        statement=statement,
        points=points,
        differences=found[:_MOST_DIFFERENCES],
        more=max(0, len(found) - _MOST_DIFFERENCES),
    )
