"""Section 2: by what right the report is made, and what was promised."""

from monitor.domain.budget import allowance
from monitor.domain.windows import Window
from monitor.locales import Language
from monitor.reports.document import Blank, Block, Paragraph, Points, Section, Table
from monitor.reports.report import Account, Report
from monitor.reports.sections.locale import NONE, Locale
from monitor.reports.sections.tables import columns
from monitor.reports.sections.vocabulary import hours, target

_TEXTS = {
    Language.ID: {
        "title": "2. Dasar hukum dan sasaran",
        "asked": "Dasar hukum laporan ini (diisi penyusun):",
        "targets": "Sasaran tiap layanan, dasarnya, dan jatah waktu henti dalam periode",
        "allowed": "Jatah waktu henti adalah (1 - sasaran) × jam layanan dalam periode, tanpa "
        "pemeliharaan terjadwal. Sasaran di bawah ini adalah yang berlaku saat "
        "laporan dibuat.",
        "nothing": "Belum ada layanan yang mempunyai sasaran.",
    },
    Language.EN: {
        "title": "2. Legal basis and targets",
        "asked": "Legal basis of this report (for its author to fill):",
        "targets": "Target of each service, its basis, and the error budget of the period",
        "allowed": "The error budget is (1 - target) × the service hours of the period, "
        "without scheduled maintenance. The targets below are those in force when "
        "the report was made.",
        "nothing": "No service has a target yet.",
    },
}
_COLUMNS = {
    Language.ID: (
        *("Layanan", "Sasaran", "Jam layanan", "Dasar sasaran"),
        *("Jatah waktu henti", "Terpakai"),
    ),
    Language.EN: ("Service", "Target", "Hours", "Basis of the target", "Error budget", "Used"),
}


def basis(report: Report, locale: Locale) -> Section:
    """Return the section."""
    texts = _TEXTS[locale.language]
    law: Block = (
        Points(items=tuple(report.wording.legal_basis))
        if report.wording.legal_basis
        else Blank(asked=texts["asked"])
    )
    promised = [each for each in report.accounts if each.service.sla is not None]
    targets = Table(
        caption=texts["targets"],
        columns=columns(_COLUMNS[locale.language], (5, 2, 2, 6, 4, 4), (1,)),
        rows=[_row(each, report.scope.known, locale) for each in promised],
        nothing=texts["nothing"],
    )
    said = (Paragraph(text=texts["allowed"]),) if promised else ()
    return Section(id="basis", title=texts["title"], blocks=(law, *said, targets))


def _row(account: Account, known: Window, locale: Locale) -> tuple[str, ...]:
    sla = account.service.sla
    when = account.open_hours if account.hours else [known]
    allowed = None if sla is None else allowance(sla.target, when, account.carved)
    return (
        account.service.name,
        target(account, locale),
        hours(account),
        sla.basis if sla else NONE,
        NONE if allowed is None else locale.length(allowed),
        locale.length(account.promised.parts.down),
    )
