"""Files of a report: their names, and that none takes the place of another."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.instant import microseconds
from monitor.domain.periods import between, month, quarter, year
from monitor.domain.service import ServiceId
from monitor.reports.filing import Occupied, filed
from monitor.reports.naming import stem
from monitor.reports.report import Scope
from tests.fakes import NOON

ZONE = "Asia/Makassar"
WITA = ZoneInfo(ZONE)


def called(period, **asked):
    return stem(Scope(**{"period": period, "until": period.end, "zone": ZONE} | asked))


@pytest.mark.parametrize(
    ("period", "name"),
    [
        (month("2026-10", WITA), "laporan-2026-10"),
        (quarter("2026-Q4", WITA), "laporan-2026-Q4"),
        (year("2026", WITA), "laporan-2026"),
        (between(date(2026, 5, 1), date(2026, 8, 1), WITA), "laporan-2026-05-01--2026-07-31"),
        (between(date(2026, 5, 2), date(2026, 5, 3), WITA), "laporan-2026-05-02--2026-05-02"),
    ],
)
def test_a_report_is_called_by_its_period(period, name):
    """Names sort by period; whatever days make up a month, quarter or year are called so."""
    assert called(period) == name


def test_a_name_says_what_a_report_is_about():
    """Owners and services are named where they are not all; of many the first three, with a mark
    that tells them from others that begin alike.
    """
    october = month("2026-10", WITA)
    many = tuple(map(ServiceId, ("a", "b", "c", "d", "e")))

    assert called(october, owners=("diskominfo",)) == "laporan-2026-10-diskominfo"
    assert called(october, services=many[:1]) == "laporan-2026-10-a"
    assert called(october, owners=("bapenda", "dinkes")) == "laporan-2026-10-bapenda-dinkes"
    assert called(october, services=many) == "laporan-2026-10-a-b-c-+2-dbbc47f2"
    assert called(october, services=many[:4]) != called(october, services=(*many[:3], many[4]))
    assert called(october, owners=("../etc",)) == "laporan-2026-10-..-etc"


def test_a_report_of_a_period_that_goes_on_says_until_when():
    """A report that is made before its period is over never takes the place of the final one."""
    june = month("2026-06", WITA)

    assert called(june, until=microseconds(NOON)) == "laporan-2026-06-hingga-20260601T040000Z"


def test_what_is_the_same_stays(tmp_path):
    """A file that says the same is left alone, and told to have been there."""
    [first] = filed(tmp_path, {"a.json": lambda: [b"1", b"2"]})
    [second] = filed(tmp_path, {"a.json": lambda: [b"12"]})

    assert (first.is_new, second.is_new) == (True, False)
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_nothing_is_written_where_one_would_replace_another(tmp_path):
    """Where one file would take the place of another, none is written, and no draft is left."""
    (tmp_path / "b.csv").write_bytes(b"old")

    with pytest.raises(Occupied, match=r"b\.csv is another report"):
        filed(tmp_path, {"a.json": lambda: [b"1"], "b.csv": lambda: [b"new"]})

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"b.csv": b"old"}


def test_who_wants_it_replaced_has_it_replaced(tmp_path):
    """Asked to, a report takes the place of another."""
    (tmp_path / "b.csv").write_bytes(b"old")

    [found] = filed(tmp_path, {"b.csv": lambda: [b"new"]}, replacing=True)

    assert (found.is_new, found.path.read_bytes()) == (True, b"new")


def test_a_form_that_fails_leaves_nothing(tmp_path):
    """Where one form can't be made, none is put there."""

    def broken():
        yield b"half"
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        filed(tmp_path, {"a.json": lambda: [b"1"], "b.csv": broken})

    assert list(tmp_path.iterdir()) == []
