import pytest

from monitor.checktype import MeasurementInfo
from monitor.metrics.catalogue import CATALOGUE, Kind, measured


def test_names_follow_the_conventions():
    """A counter ends in _total and nothing else does; every family has a help text."""
    for family in CATALOGUE:
        assert family.name.endswith("_total") is (family.kind is Kind.COUNTER), family
        assert family.help.endswith("."), family
        assert "instance" not in family.labels or family.name in (
            "probe_success",
            "probe_duration_seconds",
            "pantau_check_info",
        )


def test_names_are_unique():
    """A family stands in the catalogue once."""
    names = [family.name for family in CATALOGUE]

    assert len(names) == len(set(names))


def test_check_types_share_a_number():
    """Two check types may report the same number; it is one family."""
    one = MeasurementInfo("probe_ip_protocol", "4 or 6.")

    assert measured([one, one]) == (one,)


def test_shared_numbers_agree_on_their_labels():
    """Two check types that report one name with different labels are a mistake of ours."""
    with pytest.raises(ValueError, match="probe_x"):
        measured([MeasurementInfo("probe_x", ""), MeasurementInfo("probe_x", "", ("phase",))])


def test_a_check_type_takes_no_name_of_the_catalogue():
    """probe_success belongs to every check, so no check type may report it."""
    with pytest.raises(ValueError, match="probe_success"):
        measured([MeasurementInfo("probe_success", "")])
