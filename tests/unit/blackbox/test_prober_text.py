"""One probe's numbers as text: what Prometheus reads must not differ from what it read before."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from monitor.blackbox.measured import HELP, Measured, described
from monitor.domain.observation import series
from monitor.metrics.probetext import go_float, probe_text

# What Go 1.19 prints for these, as seen in blackbox_exporter's own text.
GO_PRINTS = {
    0.0: "0",
    1.0: "1",
    -1.0: "-1",
    200.0: "200",
    0.5: "0.5",
    0.000187641: "0.000187641",
    0.0001: "0.0001",
    0.000099: "9.9e-05",
    1.5038e-05: "1.5038e-05",
    999999.0: "999999",
    999999.5: "999999.5",
    1_000_000.0: "1e+06",
    1_000_000.5: "1.0000005e+06",
    3668918509.0: "3.668918509e+09",
    2026110701.0: "2.026110701e+09",
    -62135596800.0: "-6.21355968e+10",
    1e16: "1e+16",
    1e23: "1e+23",
    1.5e-300: "1.5e-300",
    math.inf: "+Inf",
    -math.inf: "-Inf",
}


@pytest.mark.parametrize(("value", "text"), GO_PRINTS.items())
def test_numbers_are_written_as_go_writes_them(value, text):
    """A number has the shortest text that reads back the same, with an exponent from 1e+06 on."""
    assert go_float(value) == text


def test_no_number_is_nan():
    """What is no number is NaN."""
    assert go_float(math.nan) == "NaN"


@given(st.floats(allow_nan=False))
def test_numbers_read_back_as_they_were(value):
    """No number loses anything by being written."""
    assert float(go_float(value)) == value


@given(st.floats(min_value=1e-4, max_value=1e300, exclude_max=True))
def test_an_exponent_stands_where_go_has_one(value):
    """From a million on, and only there, a number that is not small has an exponent."""
    assert ("e" in go_float(value)) is (value >= 1e6)


def test_families_come_by_name_and_their_lines_by_their_labels():
    """Families are in the order of their names, lines in that of the values of their labels."""
    samples = described(
        {
            series("probe_success"): 1.0,
            series("probe_icmp_duration_seconds", phase="setup"): 2.0,
            series("probe_icmp_duration_seconds", phase="resolve"): 1.0,
            series("probe_dns_lookup_time_seconds"): 0.25,
        }
    )

    assert probe_text(samples) == (
        "# HELP probe_dns_lookup_time_seconds Returns the time taken for probe dns lookup in seconds\n"
        "# TYPE probe_dns_lookup_time_seconds gauge\n"
        "probe_dns_lookup_time_seconds 0.25\n"
        "# HELP probe_icmp_duration_seconds Duration of icmp request by phase\n"
        "# TYPE probe_icmp_duration_seconds gauge\n"
        'probe_icmp_duration_seconds{phase="resolve"} 1\n'
        'probe_icmp_duration_seconds{phase="setup"} 2\n'
        "# HELP probe_success Displays whether or not the probe was a success\n"
        "# TYPE probe_success gauge\n"
        "probe_success 1\n"
    )


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")))
def test_no_label_breaks_the_text(value):
    """Whatever a target writes into a label, Prometheus reads that label back, and one sample."""
    sample = Measured("probe_expect_info", "a \\ and\nb", (("said", value),), 1.0)

    (family,) = text_string_to_metric_families(probe_text([sample]))

    assert [each.labels for each in family.samples] == [{"said": value}]


def test_help_texts_are_on_one_line():
    """No help text needs escaping: they are the ones that blackbox_exporter has."""
    assert not [text for text in HELP.values() if "\n" in text or "\\" in text]
