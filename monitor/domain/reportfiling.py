"""Reports that were filed: what is on record of a version, and what its readers are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gist:
    """What a report says in a few sentences, in one language.

    `subject` is its period, and whose services it is about where that is not all. `differences`
    are what the version before it said otherwise, and `more` is how many more there are.
    """

    subject: str
    statement: str
    points: Sequence[str] = ()
    differences: Sequence[str] = ()
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFiling:
    """That a version of a report was filed, by whom.

    `name` is that of its files without what tells them apart: 2026-10/laporan-2026-10-v1. `id` is
    the SHA-256 of its manifest in hex; that of a version which files were added to is another one.
    `fingerprint` is the *sidik data*, `files` are the SHA-256 of each file by its name.
    """

    id: str
    name: str
    period: str
    version: int
    fingerprint: str
    files: Mapping[str, str]
    by: str
    at: datetime
    replaces: str | None = None
    number: str | None = None
    owners: Sequence[str] = ()
    services: Sequence[str] = ()
    gist: Mapping[str, Gist] = field(default_factory=dict, compare=False)
