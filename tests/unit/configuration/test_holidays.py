"""Holidays of a country in a calendar, from what is written to the hours that are open."""

import subprocess
import sys
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from monitor.configuration import load
from monitor.domain.calendar import doubts, open_windows
from monitor.domain.periods import between, days, month
from monitor.domain.windows import Window, duration
from tests.unit.configuration.places import written

WITA = ZoneInfo("Asia/Makassar")
HOUR = 3_600_000_000
YEAR_2027 = Window(month("2027-01", WITA).start, month("2027-12", WITA).end)
PORTAL = "services: [{id: portal, name: P, owner: d, sla: {target: 99, basis: SK, hours: asn}}]\n"
OFFICE = 'name: Jam kerja ASN\ndays: {mon-thu: "07:30-16:00", fri: "07:30-16:30"}\n'
NATIONAL = "country: ID, categories: [public, government]"
RAMADAN = (
    "overrides: [{name: Ramadan, from: 2026-02-18, to: 2026-03-19, "
    'days: {mon-thu: "08:00-15:00", fri: "08:00-15:30"}}]\n'
)


def config_with(folder, holidays, *, today=date(2026, 11, 24), more=""):
    path = written(folder, PORTAL, monitor="zone: Asia/Makassar\n")
    (folder / "config" / "calendars").mkdir()
    text = f"{OFFICE}holidays: {{{holidays}}}\n{more}"
    (folder / "config" / "calendars" / "asn.yaml").write_text(text)
    return load(path, {}, {}, {}, today)


def calendar_with(folder, holidays, **how):
    return config_with(folder, holidays, **how).calendars["asn"]


@pytest.mark.parametrize(
    ("in_month", "count", "hours"),
    [("2026-02", 18, 143), ("2026-03", 17, 128), ("2026-06", 20, 172)],
)
def test_hours_of_civil_servants(tmp_path, in_month, count, hours):
    """National holidays, joint leave and Ramadan make the hours of a month, to the minute."""
    calendar = calendar_with(tmp_path, NATIONAL, more=RAMADAN)
    whole = month(in_month, WITA)

    open_days = [day for day, window in days(whole, WITA) if open_windows(calendar, window)]

    assert (len(open_days), duration(open_windows(calendar, whole))) == (count, hours * HOUR)


def test_joint_leave_is_a_category(tmp_path):
    """Joint leave (cuti bersama) is closed only where the category `government` is written."""
    calendar = calendar_with(tmp_path, "country: ID")

    assert calendar.holidays.get(date(2026, 2, 17)) == "Tahun Baru Imlek"
    assert calendar.holidays.get(date(2026, 2, 16)) is None


def test_own_days_come_first(tmp_path):
    """What is added is a holiday whatever the country says, and what is dropped is none."""
    own = "add: [{date: 2026-11-07, name: Hari Jadi Kota}], drop: [2026-12-24]"
    calendar = calendar_with(tmp_path, f"{NATIONAL}, {own}")

    names = [calendar.holidays.get(date(2026, *day)) for day in ((11, 7), (12, 24), (12, 25))]

    assert names == ["Hari Jadi Kota", None, "Hari Raya Natal"]


def test_estimated_dates_are_in_doubt(tmp_path):
    """Dates that are estimates, of this year or the next, are a warning that names them."""
    found = config_with(tmp_path, NATIONAL, today=date(2027, 1, 1)).warnings
    told = [f"{each.file}:{each.line}: {each.message}" for each in found if "ID" in each.message]

    assert told == [
        (
            "config/calendars/asn.yaml:3: holidays of ID in 2027: 2027-03-10, 2027-03-11, 2027-05-17: "
            "estimated dates (write them under `add` or `drop` once decreed); when all is as "
            "decreed, write confirmed: [2027]"
        ),
        told[1],
    ]
    assert "none of the kind government known" in told[1]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", [date(2027, 3, 10), date(2027, 3, 11), date(2027, 5, 17)]),
        (", add: [{date: 2027-03-10, name: Idul Fitri}]", [date(2027, 3, 11), date(2027, 5, 17)]),
        (", drop: [2027-03-10, 2027-03-11]", [date(2027, 5, 17)]),
        (", confirmed: [2027]", None),
    ],
)
def test_what_somebody_settled_is_in_doubt_no_more(tmp_path, more, expected):
    """A day that was written, and a year that was confirmed, is not doubted any more."""
    found = doubts(calendar_with(tmp_path, NATIONAL + more), YEAR_2027)

    assert [[*each.estimated] for each in found] == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2027-02", "2027-02", []),
        ("2027-03", "2027-03", [10, 11]),
        ("2027-01", "2027-04", [10, 11]),
        ("2027-06", "2027-12", []),
        ("2026-01", "2026-12", []),
    ],
)
def test_only_what_may_fall_into_the_period_is_in_doubt(tmp_path, first, last, expected):
    """Estimated dates are a doubt of the figures that they may change, and of no others."""
    period = Window(month(first, WITA).start, month(last, WITA).end)

    found = doubts(calendar_with(tmp_path, NATIONAL), period)

    assert [day.day for each in found for day in each.estimated] == expected


def test_a_date_near_the_period_may_move_into_it(tmp_path):
    """A date that is expected a day after a period may be decreed within it."""
    period = between(date(2027, 3, 1), date(2027, 3, 9), WITA)

    [found] = doubts(calendar_with(tmp_path, NATIONAL), period)

    assert found.estimated == (date(2027, 3, 10),)


def test_far_years_are_in_doubt(tmp_path):
    """Of a year whose joint leave nobody can know yet, that is told."""
    [found] = doubts(calendar_with(tmp_path, NATIONAL), month("2041-06", WITA))

    assert (found.year, found.missing) == (2041, ("government",))


def test_a_needless_drop_is_in_doubt(tmp_path):
    """A day that is dropped and is no holiday anyway is likely a slip."""
    found = config_with(tmp_path, f"{NATIONAL}, drop: [2026-12-23]").warnings

    assert "holidays.drop: 2026-12-23 is none of ID anyway" in [each.message for each in found]


def test_a_country_is_looked_up_only_where_it_is_named(tmp_path):
    """Who names no country does not pay for knowing their holidays."""
    path = written(tmp_path, PORTAL.replace(", hours: asn", ""))
    program = (
        "import sys\nfrom pathlib import Path\nfrom monitor.configuration import load\n"
        f"load(Path({str(path)!r}), {{}}, {{}})\nprint('holidays' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"
