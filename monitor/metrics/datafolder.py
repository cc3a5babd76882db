"""What the data directory says for itself at each scrape: its disk, and the last backup."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from monitor.metrics import catalogue
from monitor.metrics.catalogue import Family


class DataFolder(Collector):
    """Two calls to the kernel for each scrape. What can't be asked is absent, and never 0."""

    def __init__(self, data_dir: Path, backup_note: Path) -> None:
        self._data_dir = data_dir
        self._backup_note = backup_note

    def collect(self) -> Iterator[Metric]:
        with suppress(OSError):
            yield _gauge(catalogue.BACKUP_MADE, self._backup_note.stat().st_mtime)
        with suppress(OSError):
            disk = os.statvfs(self._data_dir)
            # What is kept for root is no room for the daemon.
            yield _gauge(catalogue.DATA_FREE, disk.f_frsize * disk.f_bavail)
            yield _gauge(catalogue.DATA_SIZE, disk.f_frsize * disk.f_blocks)


def _gauge(family: Family, value: float) -> Metric:
    return GaugeMetricFamily(family.name, family.help, value=value)
