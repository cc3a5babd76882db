"""Tables in files, written a batch at a time. They are there under their names once whole."""

import importlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from monitor.cli.errors import Failed
from monitor.cli.exporting import Kind, Row
from monitor.cli.output import csv_text

Columns = Mapping[str, Kind]

_BATCH = 50_000
_THERE = "there is such a file already: name another folder"
_NO_PARQUET = "Parquet needs an extra: pip install 'pantau[parquet]'; or take `pantau export csv`"


def write_csv(path: Path, columns: Columns, rows: Iterable[Row]) -> int:
    """Write rows as CSV (RFC 4180, UTF-8), and return how many they were.

    Times are in ISO 8601, what is not there is empty. Raises Failed.
    """
    with _appearing(path) as draft, draft.open("x", encoding="utf-8", newline="") as file:
        file.write(csv_text(list(columns), []))

        def add(batch: Sequence[Row]) -> None:
            file.write(csv_text(None, [[_text(value) for value in row] for row in batch]))

        return _in_batches(rows, add)


def write_parquet(path: Path, columns: Columns, rows: Iterable[Row]) -> int:
    """Write rows as Parquet, and return how many they were. Times are UTC. Raises Failed."""
    arrow, parquet = arrow_modules()
    types = {
        Kind.TEXT: arrow.string(),
        Kind.NUMBER: arrow.int64(),
        Kind.SECONDS: arrow.float64(),
        Kind.MOMENT: arrow.timestamp("us", tz="UTC"),
    }
    schema = arrow.schema([(name, types[kind]) for name, kind in columns.items()])
    with _appearing(path) as draft, parquet.ParquetWriter(draft, schema, compression="zstd") as out:

        def add(batch: Sequence[Row]) -> None:
            values = zip(*batch, strict=True)
            arrays = [arrow.array(one, kind.type) for one, kind in zip(values, schema, strict=True)]
            out.write_table(arrow.Table.from_arrays(arrays, schema=schema))

        return _in_batches(rows, add)


def arrow_modules() -> tuple[Any, Any]:
    """Return what writes Parquet, or raise Failed where the extra is not installed."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise Failed(_NO_PARQUET) from None


def _in_batches(rows: Iterable[Row], add: Callable[[Sequence[Row]], None]) -> int:
    remaining, count = iter(rows), 0
    while batch := list(islice(remaining, _BATCH)):
        add(batch)
        count += len(batch)
    return count


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """Give where to write what is to be called `path`; it is, once it is whole. Nothing goes."""
    draft = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
    except OSError as error:
        raise Failed(f"{path.parent}: {error.strerror}") from None
    if path.exists():
        raise Failed(f"{path}: {_THERE}")
    try:
        yield draft
        os.link(draft, path)
    except FileExistsError:
        raise Failed(f"{path}: {_THERE}") from None
    except OSError as error:
        raise Failed(f"{error.filename or path}: {error.strerror or error}") from None
    finally:
        draft.unlink(missing_ok=True)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return str(value)
