"""Section 12: what is to be done, by whom and when."""

from monitor.locales import Language
from monitor.reports.document import Blank, Block, Section, Table
from monitor.reports.report import FollowUp, Report
from monitor.reports.sections.locale import NONE, TO_FILL, Locale
from monitor.reports.sections.tables import columns

_TEXTS = {
    Language.ID: {
        "title": "12. Tindak lanjut",
        "table": "Rekomendasi, penanggung jawab, tenggat, dan keadaannya",
        "asked": "Rekomendasi, penanggung jawab, dan tenggatnya; serta keadaan tindak "
        "lanjut periode lalu (diisi penyusun):",
    },
    Language.EN: {
        "title": "12. Follow-up",
        "table": "Recommendations, who carries them out, until when, and their state",
        "asked": "Recommendations, who carries them out and until when; and the state of "
        "those of the last period (for the author to fill):",
    },
}
_COLUMNS = {
    Language.ID: ("Rekomendasi", "Penanggung jawab", "Tenggat", "Keadaan"),
    Language.EN: ("Recommendation", "Owner", "Due", "State"),
}


def follow_up(report: Report, locale: Locale) -> Section:
    """Return the section."""
    texts, found = _TEXTS[locale.language], report.wording.follow_ups
    block: Block = Blank(asked=texts["asked"], lines=5)
    if found:
        block = Table(
            caption=texts["table"],
            columns=columns(_COLUMNS[locale.language], (6, 3, 2, 4)),
            rows=[_row(each, locale) for each in found],
            nothing=NONE,
        )
    return Section(id="follow-up", title=texts["title"], blocks=(block,))


def _row(one: FollowUp, locale: Locale) -> tuple[str, ...]:
    return (
        one.recommendation,
        one.owner or TO_FILL,
        TO_FILL if one.due is None else locale.day(one.due),
        one.state or TO_FILL,
    )
