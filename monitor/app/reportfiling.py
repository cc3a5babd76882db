"""Files reports in the data directory, for the user who runs the daemon."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from monitor.reports.report import Report
from monitor.reports.versions import Edition, Shape, file_report
from monitor.store.ownership import leave_to_owner, refuse_strangers

FOLDER = "reports"


def file_in(data_dir: Path, report: Report, shape: Shape, at: datetime) -> Edition:
    """Return the version as which `report` is filed. What root files is the daemon's as well.

    Raises StoreError for others than the owner of the database and root, and Altered where what
    was filed before is not as it was.
    """
    refuse_strangers(data_dir)
    edition = file_report(data_dir / FOLDER, report, shape, at)
    for path in _touched(data_dir, edition):
        _leave(path, data_dir)
    return edition


def _touched(data_dir: Path, edition: Edition) -> Iterator[Path]:
    yield data_dir / FOLDER
    yield edition.manifest.parent
    for each in edition.files:
        yield each.path


def _leave(path: Path, data_dir: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        leave_to_owner(descriptor, data_dir)
    finally:
        os.close(descriptor)
