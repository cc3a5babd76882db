"""Files of a report: how they are called, and that none takes the place of another.

All of them are written beside their places first. Where one would take the place of a report that
says something else, none is put there.
"""

import filecmp
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.domain.instant import instant
from monitor.reports.forms import Pieces
from monitor.reports.report import Scope

_DAY = timedelta(days=1)
_MOST_NAMED = 3


class Occupied(FileExistsError):
    """Where a report would go is another one, which says something else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} is another report: nothing was written")


@dataclass(frozen=True, slots=True)
class Filed:
    """A file that is there now; `is_new` says that it was not before."""

    path: Path
    is_new: bool


def stem(scope: Scope) -> str:
    """Return how the files of a report on `scope` are called, so that they sort by period.

    laporan-2026-10, laporan-2026-Q4, laporan-2026, laporan-2026-10-05--2026-10-11; then what it
    is about where that is not all, and until when it was known where the period was not over.
    """
    named = [*_few(scope.owners), *_few(scope.services)]
    parts = ["laporan", period_name(scope), *map(_harmless, named)]
    if scope.until < scope.period.end:
        parts.append(f"hingga-{instant(scope.until).astimezone(UTC):%Y%m%dT%H%M%SZ}")
    return "-".join(parts)


def _few(names: Sequence[str]) -> list[str]:
    """Return the first of `names`, and how many more there are: with a mark that is theirs alone,
    since reports on others must not be called the same.
    """
    more = len(names) - _MOST_NAMED
    if more <= 0:
        return list(names)
    mark = hashlib.sha256("\n".join(names).encode()).hexdigest()[:8]
    return [*names[:_MOST_NAMED], f"+{more}-{mark}"]


def filed(folder: Path, files: Mapping[str, Pieces], *, replacing: bool = False) -> Sequence[Filed]:
    """Write `files` by name into `folder`. What is there already in the same words stays.

    Raises Occupied where a file is there that says something else, unless `replacing`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drafts = {folder / name: folder / f".{name}.{os.getpid()}.part" for name in files}
    try:
        for (path, draft), pieces in zip(drafts.items(), files.values(), strict=True):
            _write(draft, pieces())
            if not replacing and path.exists() and not filecmp.cmp(path, draft, shallow=False):
                raise Occupied(path)
        return [_placed(path, draft) for path, draft in drafts.items()]
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def _placed(path: Path, draft: Path) -> Filed:
    is_new = not path.exists() or not filecmp.cmp(path, draft, shallow=False)
    if is_new:
        draft.replace(path)
    return Filed(path, is_new)


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())


def period_name(scope: Scope) -> str:
    """Return how a period is called: 2026-10, 2026-Q4, 2026, or by its first and last day."""
    zone = ZoneInfo(scope.zone)
    first = instant(scope.period.start).astimezone(zone).date()
    last = instant(scope.period.end - 1).astimezone(zone).date()
    return _named(first, last + _DAY)


def _named(first: date, after: date) -> str:
    """Return the name of the days from `first` up to and without `after`."""
    months = 12 * (after.year - first.year) + after.month - first.month
    if first.day == after.day == 1:
        if months == 1:
            return f"{first:%Y-%m}"
        if months == 3 and first.month % 3 == 1:
            return f"{first:%Y}-Q{first.month // 3 + 1}"
        if months == 12 and first.month == 1:
            return f"{first:%Y}"
    return f"{first.isoformat()}--{(after - _DAY).isoformat()}"


def _harmless(name: str) -> str:
    """Return a name without what a path, or another system, would take for something else."""
    return "".join(c if c.isalnum() or c in "_.+" else "-" for c in name)[:60]
