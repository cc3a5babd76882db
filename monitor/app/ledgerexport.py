"""Writes the ledger to a folder, as auditors take it along."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from monitor.store.ledgerreader import LedgerReader

Hour = Mapping[str, Any]
"""What a sealed hour of a check has in the ledger: `hour` counts from the Unix epoch."""


def export_ledger(
    folder: Path,
    reader: LedgerReader,
    notes: Sequence[str],
    wanted: Callable[[Hour], bool] = lambda _: True,
) -> None:
    """Write entries, checkpoints and sealed hours; blocks of samples are those of hours `wanted`.

    All hours are there: an entry has the root over all of its checks. Raises OSError.
    """
    with (folder / "entries.jsonl").open("wb") as file:
        file.writelines(body + b"\n" for _, body in reader.entries())
    (folder / "checkpoints").write_text("".join(notes))
    with (folder / "hours.jsonl").open("wb") as rows, (folder / "blocks").open("wb") as kept:
        for row, block in reader.rows_and_blocks():
            rows.write(row + b"\n")
            if block is not None and wanted(json.loads(row)):
                kept.write(base64.b64encode(block) + b"\n")
