"""What `pantau doctor` makes of what it measured."""

from datetime import UTC, datetime

import pytest

from monitor.cli import diagnosis
from monitor.cli.diagnosis import Finding, Grade, failed

FINE, DOUBT, FAULT = Grade.FINE, Grade.DOUBT, Grade.FAULT


@pytest.mark.parametrize(
    ("version", "grade"),
    [
        ((3, 6, 23), FINE),
        ((3, 7, 0), DOUBT),
        ((3, 40, 1), DOUBT),
        ((3, 44, 5), DOUBT),
        ((3, 44, 6), FINE),
        ((3, 45, 0), DOUBT),
        ((3, 50, 6), DOUBT),
        ((3, 50, 7), FINE),
        ((3, 51, 2), DOUBT),
        ((3, 51, 3), FINE),
        ((3, 52, 0), FINE),
    ],
)
def test_sqlite_with_the_wal_reset_bug_is_doubtful(version, grade):
    """SQLite 3.7.0 to 3.51.2 has the bug, but for the corrected 3.44.6 and 3.50.7."""
    assert diagnosis.sqlite(version).grade is grade


@pytest.mark.parametrize(("version", "grade"), [((3, 10, 9), FAULT), ((3, 11, 0), FINE)])
def test_old_python_is_a_fault(version, grade):
    """Pantau needs Python 3.11."""
    assert diagnosis.python(version).grade is grade


def test_old_openssl_is_doubtful():
    """OpenSSL before 3 gets no more fixes."""
    assert diagnosis.openssl((1, 1, 1, 23, 15), "1.1.1w").grade is DOUBT
    assert diagnosis.openssl((3, 0, 0, 19, 0), "3.0.19").grade is FINE


@pytest.mark.parametrize(
    ("mode", "writable", "grade"),
    [(0o40700, True, FINE), (0o40750, True, DOUBT), (0o40700, False, FAULT)],
)
def test_data_directory_is_private_and_writable(mode, writable, grade):
    """Others must not read the data directory, and we must be able to write to it."""
    assert diagnosis.directory("/srv/data", mode, writable=writable).grade is grade


@pytest.mark.parametrize(
    ("free", "grade"), [(99_999_999, FAULT), (999_999_999, DOUBT), (10**9, FINE)]
)
def test_space_is_watched(free, grade):
    """Under 100 MB nothing can be kept; under 1 GB it is time to make room."""
    assert diagnosis.space(free, 10**12).grade is grade


def test_network_file_system_is_a_fault():
    """A database on NFS is refused: locks don't hold there. The nearest mount point decides."""
    mounts = (
        "/dev/sda1 / ext4 rw 0 0\nserver:/x /srv nfs4 rw 0 0\n/dev/sdb1 /srv/data ext4 rw 0 0\n"
    )

    assert diagnosis.filesystem("/srv/other", mounts).grade is FAULT
    assert diagnosis.filesystem("/srv/data", mounts) is None
    assert diagnosis.filesystem("/srvx", mounts) is None


def test_descriptors_are_enough_for_all_probes():
    """Each probe takes a descriptor, and others are needed beside."""
    assert diagnosis.descriptors(628, 500).grade is FINE
    assert diagnosis.descriptors(627, 500).grade is FAULT


@pytest.mark.parametrize(("year", "grade"), [(1970, FAULT), (2026, FINE), (2099, FAULT)])
def test_clock_without_battery_is_a_fault(year, grade):
    """A clock that was never set makes every time wrong."""
    assert diagnosis.clock(datetime(year, 6, 1, tzinfo=UTC)).grade is grade


def test_clock_that_nobody_keeps_is_doubtful():
    """A clock without a time server drifts; where that can't be told nothing is said."""
    assert diagnosis.synchronised(in_step=False).grade is DOUBT
    assert diagnosis.synchronised(in_step=True).grade is FINE
    assert diagnosis.synchronised(in_step=None) is None


@pytest.mark.parametrize(
    ("answers", "require", "grade"),
    [
        ({}, 1, DOUBT),
        ({"a": True}, 1, FINE),
        ({"a": True, "b": False}, 1, DOUBT),
        ({"a": True, "b": False}, 2, FAULT),
        ({"a": False}, 1, FAULT),
    ],
)
def test_canaries_prove_that_we_are_online(answers, require, grade):
    """As many canaries as are required must answer; without any, doubt remains."""
    assert diagnosis.canaries(answers, require).grade is grade


def test_silent_resolver_is_a_fault():
    """A resolver that does not answer is a fault, with its address."""
    finding = diagnosis.resolver(["192.0.2.53:53"], "no answer within 2 s", 2.0)

    assert finding.grade is FAULT
    assert "192.0.2.53:53: no answer" in finding.text


def test_only_a_fault_fails():
    """Doubts alone keep nobody from running Pantau."""
    assert not failed([Finding(FINE, "a", ""), Finding(DOUBT, "b", "")])
    assert failed([Finding(FAULT, "c", "")])


@pytest.mark.parametrize(
    ("way", "checks", "grade"),
    [("datagram", 0, FINE), ("raw", 3, FINE), (None, 0, FINE), (None, 3, FAULT)],
)
def test_icmp_is_a_fault_only_where_it_is_needed(way, checks, grade):
    """Without any way to send echoes, checks of type icmp can't say anything."""
    assert diagnosis.icmp(way, checks).grade is grade


def test_what_root_may_is_not_what_the_service_may():
    """A privilege of who runs the command is told as such: the service may lack it."""
    assert "net.ipv4.ping_group_range" in diagnosis.icmp("raw", 3).text
    assert "service" not in diagnosis.icmp("datagram", 3).text


def test_the_way_to_icmp_is_told():
    """Who may not send echoes is told both ways out."""
    text = diagnosis.icmp(None, 3).text

    assert "net.ipv4.ping_group_range" in text
    assert "CAP_NET_RAW" in text
