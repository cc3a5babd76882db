"""A city's report in words, in several volumes: the main one, and one for each owner."""

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from monitor.locales import Language
from monitor.reports.document import Blank, Document, Section
from monitor.reports.report import Report
from monitor.reports.sections.approval import approval, attachments
from monitor.reports.sections.binding import (
    Bound,
    list_of_volumes,
    main_notice,
    volume_notice,
    volume_subject,
)
from monitor.reports.sections.changes import changes
from monitor.reports.sections.completeness import completeness
from monitor.reports.sections.coverage import coverage
from monitor.reports.sections.days import days
from monitor.reports.sections.follow_up import follow_up
from monitor.reports.sections.glossary import glossary
from monitor.reports.sections.incidents import incidents
from monitor.reports.sections.locale import Locale
from monitor.reports.sections.maintenance import maintenance
from monitor.reports.sections.method import method
from monitor.reports.sections.overview import (
    completeness_by_owner,
    days_by_owner,
    few_changes,
    incidents_by_owner,
    maintenance_by_window,
    results_by_line,
    scope_by_owner,
    targets_by_basis,
)
from monitor.reports.sections.results import results
from monitor.reports.sections.security import security
from monitor.reports.sections.summary import summary
from monitor.reports.volumes import Volume
from monitor.reports.worded import titled

_OF_MAIN = (
    *(targets_by_basis, scope_by_owner, method, results_by_line, days_by_owner, incidents_by_owner),
    *(maintenance_by_window, completeness_by_owner, few_changes, security, follow_up, glossary),
    *(approval, attachments),
)
_OF_VOLUME = (
    *(summary, coverage, results, days, incidents, maintenance, completeness, changes, security),
)
# Said once, in the main volume: it is about the monitor, and about the report.
_SAID_THERE = frozenset({"monitor", "versions", "configuration"})


def main_volume(
    report: Report, language: Language, fingerprint: str, bound: Sequence[Bound]
) -> Document:
    """Return the main volume, which names all others. `fingerprint` is the SHA-256 of the data."""
    locale = Locale(language, ZoneInfo(report.scope.zone))
    first = summary(report, locale)
    notice = main_notice(len(report.accounts), len(bound), locale)
    first = replace(first, blocks=(notice, *first.blocks), parts=(list_of_volumes(bound, locale),))
    sections = [first, *(section(report, locale) for section in _OF_MAIN)]
    return titled(report, language, fingerprint, sections)


def volume_document(
    report: Report, language: Language, fingerprint: str, volume: Volume
) -> Document:
    """Return a volume: all about its services, and nothing that is to be filled in or signed."""
    locale, own = Locale(language, ZoneInfo(report.scope.zone)), volume.of(report)
    first, *others = (_told_here(section(own, locale)) for section in _OF_VOLUME)
    first = replace(first, blocks=(volume_notice(volume, locale), *first.blocks))
    made = titled(own, language, fingerprint, [first, *others])
    which = volume_subject(volume, locale)
    return replace(
        made,
        subject=f"{made.subject} · {which}",
        footer=f"{made.footer} · {which}",
        is_signed=False,
    )


def _told_here(section: Section) -> Section:
    return replace(
        section,
        blocks=[each for each in section.blocks if not isinstance(each, Blank)],
        parts=[_told_here(each) for each in section.parts if each.id not in _SAID_THERE],
    )
