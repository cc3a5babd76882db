"""How a report on more services than one PDF can hold is divided: volumes, each of one owner.

A typesetter lays out every cell in memory, and nobody reads eight hundred pages: a city's report is
a main volume that says a line about each service, and a volume for each owner with all the rest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from monitor.locales import Language
from monitor.reports.naming import harmless
from monitor.reports.report import Account, Report

MOST_WHOLE = 100
"""Services that one PDF holds with all that there is to say of them."""

_MOST_IN_VOLUME = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A part of a report with all that there is to say of the services of one owner.

    One owner's services are in several volumes where they are many: this is `part` of `parts`.
    """

    number: int
    count: int
    owner: str
    part: int
    parts: int
    accounts: Sequence[Account]

    def name(self, stem: str, language: Language) -> str:
        """Return what its file is called, beside the main volume's, which begins with `stem`."""
        number = f"{self.number:0{max(2, len(str(self.count)))}d}"
        return f"{stem}-jilid-{number}-{harmless(self.owner)}.{language.value}.pdf"

    def of(self, report: Report) -> Report:
        """Return what `report` says of the services in this volume."""
        names = {each.service.id for each in self.accounts}
        told = [each for each in report.incidents if each.incident.service in names]
        scope = replace(report.scope, owners=(self.owner,))
        return replace(report, scope=scope, accounts=self.accounts, incidents=told)


def volumes(report: Report) -> list[Volume]:
    """Return the volumes beside the main one; none where one PDF holds everything."""
    if len(report.accounts) <= MOST_WHOLE:
        return []
    found = list(_slices(report.accounts))
    return [
        Volume(
            number=number,
            count=len(found),
            owner=accounts[0].service.owner,
            part=part,
            parts=parts,
            accounts=accounts,
        )
        for number, (part, parts, accounts) in enumerate(found, 1)
    ]


def _slices(accounts: Sequence[Account]) -> Iterator[tuple[int, int, Sequence[Account]]]:
    """Yield the services of each owner, in parts of about the same size."""
    for _, group in groupby(accounts, key=lambda one: one.service.owner):
        own = list(group)
        parts = -(-len(own) // _MOST_IN_VOLUME)
        for n in range(parts):
            yield n + 1, parts, own[len(own) * n // parts : len(own) * (n + 1) // parts]
