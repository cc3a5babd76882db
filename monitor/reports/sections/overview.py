"""Sections of a city's main volume: a line for each service or owner, where volumes have tables."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import groupby

from monitor.domain.availability import pooled
from monitor.domain.incident import Concern
from monitor.domain.windows import Window
from monitor.locales import Language
from monitor.locales.numbers import percent
from monitor.locales.shares import coverage_text, headline
from monitor.reports.document import Section, Table
from monitor.reports.report import Account, Report
from monitor.reports.sections.basis import basis
from monitor.reports.sections.binding import elsewhere
from monitor.reports.sections.changes import changes
from monitor.reports.sections.completeness import completeness
from monitor.reports.sections.coverage import coverage, removed
from monitor.reports.sections.days import days, worst_strip
from monitor.reports.sections.incidents import incidents
from monitor.reports.sections.locale import NONE, Locale
from monitor.reports.sections.maintenance import maintenance
from monitor.reports.sections.outages import outages_of, stretch
from monitor.reports.sections.results import results
from monitor.reports.sections.tables import columns
from monitor.reports.sections.vocabulary import hours, target, verdict_text

_TEXTS = {
    Language.ID: {
        "targets": "Sasaran dan dasarnya",
        "scope": "Lingkup menurut penanggung jawab",
        "results": "Angka tiap layanan menurut jam layanannya, satu baris satu layanan",
        "incidents": "Gangguan dalam periode menurut penanggung jawab",
        "days": "Tiap hari dalam periode: tanda terburuk di antara layanan tiap penanggung jawab",
        "no_incidents": "Tidak ada gangguan yang tercatat dalam periode.",
        "slots": "Sampel yang seharusnya ada dan yang diterima, menurut penanggung jawab (24×7)",
    },
    Language.EN: {
        "targets": "Targets and their basis",
        "scope": "Scope by owner",
        "results": "Figures of each service by its hours, one line a service",
        "incidents": "Outages of the period by owner",
        "days": "Each day of the period: the worst mark among the services of each owner",
        "no_incidents": "No outage is on record in the period.",
        "slots": "Samples that were due and that were received, by owner (24×7)",
    },
}
_SCOPE = {
    Language.ID: ("Penanggung jawab", "Layanan", "Pemeriksaan", "Mulai dipantau dalam periode"),
    Language.EN: ("Owner", "Services", "Checks", "Began to be watched in the period"),
}
_RESULTS = {
    Language.ID: ("Layanan", "Ketersediaan", "Cakupan", "Waktu henti", "Putusan"),
    Language.EN: ("Service", "Availability", "Coverage", "Downtime", "Verdict"),
}
_TARGETS = {
    Language.ID: ("Sasaran", "Jam layanan", "Dasar sasaran", "Layanan"),
    Language.EN: ("Target", "Hours", "Basis of the target", "Services"),
}
_MOST_CORRECTIONS = 100
_DAYS = {Language.ID: ("Penanggung jawab", "Hari"), Language.EN: ("Owner", "Days")}
_INCIDENTS = {
    Language.ID: (
        *("Penanggung jawab", "Layanan terkena", "Gangguan", "Lama seluruhnya", "Yang terlama"),
    ),
    Language.EN: ("Owner", "Services hit", "Outages", "Together", "Longest"),
}
_SLOTS = {
    Language.ID: ("Penanggung jawab", "Seharusnya", "Diterima", "Bagian", "Tidak diketahui"),
    Language.EN: ("Owner", "Due", "Received", "Share", "Unknown"),
}


def scope_by_owner(report: Report, locale: Locale) -> Section:
    """Return section 3: how many services and checks each owner has."""
    whole, texts = coverage(report, locale), _TEXTS[locale.language]
    table = Table(
        caption=texts["scope"],
        columns=columns(_SCOPE[locale.language], (5, 2, 2, 3), (1, 2, 3)),
        rows=[_scope(owner, of, report, locale) for owner, of in _by_owner(report.accounts)],
        nothing=NONE,
    )
    blocks = (whole.blocks[0], table, elsewhere(locale), *removed(report, locale))
    return replace(whole, blocks=blocks, parts=())


def targets_by_basis(report: Report, locale: Locale) -> Section:
    """Return section 2: each target once, with its basis and for how many services it is."""
    whole = basis(replace(report, accounts=()), locale)
    found = Counter(
        (target(each, locale), hours(each), each.service.sla.basis)
        for each in report.accounts
        if each.service.sla is not None
    )
    table = Table(
        caption=_TEXTS[locale.language]["targets"],
        columns=columns(_TARGETS[locale.language], (2, 2, 7, 2), (0, 3)),
        rows=[(*said, locale.number(count)) for said, count in found.items()],
        nothing=NONE,
    )
    return replace(whole, blocks=(whole.blocks[0], table, elsewhere(locale)))


def results_by_line(report: Report, locale: Locale) -> Section:
    """Return section 5: a line of figures for each service."""
    table = Table(
        caption=_TEXTS[locale.language]["results"],
        columns=columns(_RESULTS[locale.language], (6, 3, 3, 5, 3), (1, 2)),
        rows=[_result(each, locale) for each in report.accounts],
        nothing=NONE,
    )
    title = results(replace(report, accounts=()), locale).title
    return Section(id="results", title=title, blocks=(table, elsewhere(locale)))


def days_by_owner(report: Report, locale: Locale) -> Section:
    """Return section 6: a strip for each owner, in which a day is as its worst service was."""
    whole, texts = days(report, locale), _TEXTS[locale.language]
    table = Table(
        caption=texts["days"],
        columns=columns(_DAYS[locale.language], (2, 5)),
        rows=[(owner, worst_strip(owner, of, locale)) for owner, of in _by_owner(report.accounts)],
        nothing=NONE,
    )
    return replace(whole, blocks=(whole.blocks[0], table, elsewhere(locale)), parts=())


def incidents_by_owner(report: Report, locale: Locale) -> Section:
    """Return section 7: how many outages the services of each owner had, and how long they took."""
    found: dict[str, list[Window]] = {}
    for told in outages_of(report, Concern.OUTAGE):
        part = stretch(told.incident, report.scope.known)
        found.setdefault(told.incident.service, []).append(part)
    texts = _TEXTS[locale.language]
    table = Table(
        caption=texts["incidents"],
        columns=columns(_INCIDENTS[locale.language], (4, 2, 2, 4, 4), (1, 2)),
        rows=[
            _outages(owner, hit, locale)
            for owner, of in _by_owner(report.accounts)
            if (hit := [found[each.service.id] for each in of if each.service.id in found])
        ],
        nothing=texts["no_incidents"],
    )
    title = incidents(replace(report, incidents=()), locale).title
    return Section(id="incidents", title=title, blocks=(table, elsewhere(locale)))


def maintenance_by_window(report: Report, locale: Locale) -> Section:
    """Return section 8: each window once, without what was seen of each service meanwhile."""
    whole = maintenance(report, locale)
    return replace(whole, blocks=(whole.blocks[0], elsewhere(locale)))


def completeness_by_owner(report: Report, locale: Locale) -> Section:
    """Return section 9: how many samples there are of the services of each owner."""
    whole, language = completeness(report, locale), locale.language
    table = Table(
        caption=_TEXTS[language]["slots"],
        columns=columns(_SLOTS[language], (5, 3, 3, 2, 6), (1, 2, 3)),
        rows=[_slots(owner, of, locale) for owner, of in _by_owner(report.accounts)],
        nothing=NONE,
    )
    return replace(whole, blocks=(table, *whole.blocks[1:], elsewhere(locale)))


def few_changes(report: Report, locale: Locale) -> Section:
    """Return section 10, without corrections where they are many: volumes have all of them."""
    whole = changes(report, locale)
    if sum(len(each.corrections) for each in report.accounts) <= _MOST_CORRECTIONS:
        return whole
    return replace(whole, blocks=(whole.blocks[0], elsewhere(locale)))


def _by_owner(accounts: Iterable[Account]) -> list[tuple[str, list[Account]]]:
    grouped = groupby(accounts, key=lambda one: one.service.owner)
    return [(owner, list(of)) for owner, of in grouped]


def _scope(owner: str, of: Sequence[Account], report: Report, locale: Locale) -> tuple[str, ...]:
    until = report.scope.until
    began = sum(each.began is not None and each.began < until for each in of)
    counts = (len(of), sum(len(each.checks) for each in of), began)
    return owner, *map(locale.number, counts)


def _result(account: Account, locale: Locale) -> tuple[str, ...]:
    found = account.promised
    return (
        account.service.name,
        headline(found, locale.language),
        coverage_text(found, locale.language),
        locale.length(found.parts.down),
        verdict_text(account.verdict, locale),
    )


def _outages(owner: str, hit: Sequence[Sequence[Window]], locale: Locale) -> tuple[str, ...]:
    lengths = [each.length for found in hit for each in found]
    return (
        owner,
        locale.number(len(hit)),
        locale.number(len(lengths)),
        locale.length(sum(lengths)),
        locale.length(max(lengths)),
    )


def _slots(owner: str, of: Sequence[Account], locale: Locale) -> tuple[str, ...]:
    whole = pooled([each.always for each in of])
    share = Fraction(whole.received, whole.expected) if whole.expected else None
    return (
        owner,
        locale.number(whole.expected),
        locale.number(whole.received),
        NONE if share is None else percent(share, locale.language),
        locale.length(whole.parts.unknown),
    )
