"""Tables in files."""

import tracemalloc
from datetime import UTC, datetime

import pytest

from monitor.cli.errors import Failed
from monitor.cli.exporting import Kind
from monitor.cli.tablefile import write_csv, write_parquet

COLUMNS = {"at": Kind.MOMENT, "number": Kind.NUMBER, "text": Kind.TEXT}
AT = datetime(2026, 6, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_compute_is_text(tmp_path, start):
    """A cell that begins as a formula does begins with an apostrophe instead."""
    write_csv(tmp_path / "x.csv", COLUMNS, [(AT, -5, f"{start}cmd|' /C calc'!A0")])

    text = (tmp_path / "x.csv").read_bytes().decode()
    assert "2026-06-01T05:00:00.000000Z,-5," in text
    assert f"'{start}cmd" in text


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_rows_are_not_held(tmp_path, write):
    """A table takes no more memory for being longer."""
    if write is write_parquet:
        pytest.importorskip("pyarrow")

    def peak(count):
        rows = ((AT, number, "x" * 50) for number in range(count))
        tracemalloc.start()
        write(tmp_path / f"{count}.table", COLUMNS, rows)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(200_000) < 1.3 * peak(60_000)


def test_file_that_can_not_be_whole_is_not_there(tmp_path):
    """Where rows end in a failure, there is no file, and no part of one."""

    def rows():
        yield (AT, 1, "x")
        raise Failed("the database is damaged")

    with pytest.raises(Failed):
        write_csv(tmp_path / "x.csv", COLUMNS, rows())
    assert list(tmp_path.iterdir()) == []


def test_folder_that_can_not_be_made_is_named(tmp_path):
    """A folder that can't be made is named with what is wrong."""
    (tmp_path / "file").write_text("")

    with pytest.raises(Failed, match="file: File exists"):
        write_csv(tmp_path / "file" / "x.csv", COLUMNS, [])
