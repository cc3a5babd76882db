"""Every difference from blackbox_exporter is told in docs/blackbox.md, and seen by the comparison."""

import re
from pathlib import Path

import pytest

from tests.conformance.case import Case
from tests.conformance.comparison import APART, disagreements
from tests.conformance.differences import BY_CASE, EVERYWHERE, NOT_COMPARED
from tests.conformance.exposition import read
from tests.conformance.tables import CASES

PAGE = Path(__file__).parent.parent.parent / "docs/blackbox.md"
# As blackbox_exporter answers; each test changes a little of it.
ANSWER = """\
# HELP probe_dns_lookup_time_seconds Returns the time taken for probe dns lookup in seconds
# TYPE probe_dns_lookup_time_seconds gauge
probe_dns_lookup_time_seconds 0.001
# HELP probe_duration_seconds Returns how long the probe took to complete in seconds
# TYPE probe_duration_seconds gauge
probe_duration_seconds 0.35
# HELP probe_http_duration_seconds Duration of http request by phase, summed over all redirects
# TYPE probe_http_duration_seconds gauge
probe_http_duration_seconds{phase="connect"} 0.001
probe_http_duration_seconds{phase="processing"} 0.31
probe_http_duration_seconds{phase="tls"} 0
# HELP probe_http_status_code Response HTTP status code
# TYPE probe_http_status_code gauge
probe_http_status_code 200
# HELP probe_success Displays whether or not the probe was a success
# TYPE probe_success gauge
probe_success 1
"""


def _rows() -> set[str]:
    """Return the first cells of the table under "What differs"."""
    section = PAGE.read_text().partition("\n## What differs\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (.+?) \|", section, re.MULTILINE)
    return {*cells} - {"here"}


def test_every_difference_is_documented():
    """The table of the page holds the differences that the comparison allows, and no others.

    But for those outside of what one probe answers, which `NOT_COMPARED` names.
    """
    told = {known.row for known in (*EVERYWHERE.values(), *BY_CASE.values()) if known.row}

    assert _rows() == told | NOT_COMPARED


def test_every_difference_is_in_use():
    """A difference that no case names any more is taken out of the table."""
    assert {name for case in CASES for name in case.differs} == BY_CASE.keys()


def test_alike_is_alike():
    """Two answers that differ in short times alone agree."""
    ours = ANSWER.replace("0.31", "0.32").replace("0.35", "0.36").replace("0.001", "0.0011")

    assert disagreements(read(ANSWER), read(ours), delay=0.3, lag=0) == {}


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        ("probe_http_status_code 200", "probe_http_status_code 201", "probe_http_status_code"),
        ("probe_http_status_code 200", "probe_http_status_code 200.0", "probe_http_status_code"),
        ('{phase="tls"} 0\n', '{phase="tls"} 0.1\n', "probe_http_duration_seconds"),
        ('probe_http_duration_seconds{phase="tls"} 0\n', "", "probe_http_duration_seconds"),
        ('{phase="connect"}', '{step="connect"}', "probe_http_duration_seconds"),
        ("0.31", "0.9", APART),
        ("0.31", "-0.31", "probe_http_duration_seconds"),
        ("Response HTTP status", "The status", "probe_http_status_code"),
        ("code gauge", "code counter", "probe_http_status_code"),
        ("probe_success", "probe_victory", "probe_success"),
        ("probe_duration_seconds 0.35", "probe_duration_seconds 0.25", "probe_duration_seconds"),
        ("0.31", "0.2", "probe_duration_seconds"),
    ],
)
def test_any_other_answer_is_seen(old: str, new: str, seen: str):
    """A value, a label, a help text, a type, a metric or a delay that is not the same is told."""
    assert ANSWER.count(old)

    found = disagreements(read(ANSWER), read(ANSWER.replace(old, new)), delay=0.3, lag=0)

    assert seen in found


def test_order_is_seen():
    """Metrics come in the same order."""
    blocks = ANSWER.split("# HELP ")[1:]
    ours = "".join(f"# HELP {block}" for block in reversed(blocks))

    assert disagreements(read(ANSWER), read(ours), delay=0.3, lag=0).keys() == {"order"}


def test_lag_widens_what_is_close():
    """On a busy machine times may lie further apart, by what its clock lagged."""
    ours = ANSWER.replace("0.31", "0.7").replace("0.35", "0.75")

    assert disagreements(read(ANSWER), read(ours), delay=0.3, lag=0.1)
    assert not disagreements(read(ANSWER), read(ours), delay=0.3, lag=0.2)


def test_a_case_is_named_for_its_module():
    """Names of cases are names of modules, safe in a URL."""
    assert all(re.fullmatch(r"[a-z0-9_]+", case.name) for case in CASES if isinstance(case, Case))
