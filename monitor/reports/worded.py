"""A report in words: all its sections, in one language, in the order in which an auditor asks."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from monitor.locales import Language
from monitor.reports.document import Document, Section
from monitor.reports.report import Report
from monitor.reports.sections.approval import approval, attachments
from monitor.reports.sections.basis import basis
from monitor.reports.sections.changes import changes
from monitor.reports.sections.completeness import completeness
from monitor.reports.sections.coverage import coverage
from monitor.reports.sections.days import days
from monitor.reports.sections.follow_up import follow_up
from monitor.reports.sections.glossary import glossary
from monitor.reports.sections.identity import TITLES, UNNAMED, footer, identity, subject
from monitor.reports.sections.incidents import incidents
from monitor.reports.sections.locale import Locale
from monitor.reports.sections.maintenance import maintenance
from monitor.reports.sections.method import method
from monitor.reports.sections.results import results
from monitor.reports.sections.security import security
from monitor.reports.sections.summary import summary

_SECTIONS = (
    *(summary, basis, coverage, method, results, days, incidents, maintenance),
    *(completeness, changes, security, follow_up, glossary, approval, attachments),
)


def worded(report: Report, language: Language, fingerprint: str | None = None) -> Document:
    """Return `report` in words; `fingerprint` is the SHA-256 of its data in hex.

    What can't be derived from the report is left blank for a person, and never made up.
    """
    locale = Locale(language, ZoneInfo(report.scope.zone))
    sections = [section(report, locale) for section in _SECTIONS]
    return titled(report, language, fingerprint, sections)


def titled(
    report: Report, language: Language, fingerprint: str | None, sections: Sequence[Section]
) -> Document:
    """Return `sections` with the title page of `report`, and what stands below every page."""
    locale = Locale(language, ZoneInfo(report.scope.zone))
    return Document(
        language=language,
        title=TITLES[language],
        subject=subject(report.scope, locale),
        publisher=report.wording.publisher or UNNAMED[language],
        facts=identity(report, locale, fingerprint),
        sections=sections,
        footer=footer(report, locale, fingerprint),
    )
