"""The files of the system that say where names lead."""

import os
from pathlib import Path

import pytest

from monitor.net.dnsserver import NameServer
from monitor.net.hosts import parse_hosts
from monitor.net.resolvconf import parse_resolv_conf
from monitor.net.resolvfile import FollowedFile
from tests.fakes import FakeClock


def test_hosts_file():
    """Each name has the addresses of its lines, in the order of the file and in one form."""
    hosts = parse_hosts(
        "# comment\n127.0.0.1\tlocalhost Localhost.LocalDomain # more\n"
        "::1 localhost\n10.0.0.9 db db.intern.\n2001:DB8:0::7 db\n10.0.0.9 db\n"
    )

    assert hosts == {
        "localhost": ("127.0.0.1", "::1"),
        "localhost.localdomain": ("127.0.0.1",),
        "db": ("10.0.0.9", "2001:db8::7"),
        "db.intern": ("10.0.0.9",),
    }


@pytest.mark.parametrize(
    "text", ["", "\n\n", "nonsense", "10.0.0 db", "fe80::1%eth0 db", "10.0.0.9"]
)
def test_useless_lines_of_a_hosts_file(text: str):
    """A line without a usable address, or without a name, is passed over."""
    assert parse_hosts(text) == {}


def test_resolv_conf():
    """The name servers are read in order; search and options mean nothing here."""
    servers = parse_resolv_conf(
        "search intern\nnameserver 10.0.0.53\n; comment\nnameserver fe80::1%eth0\n"
        "options timeout:1\nnameserver nonsense\nnameserver\nnameserver 10.0.0.53\n"
    )

    assert servers == (NameServer("10.0.0.53"), NameServer("fe80::1%eth0"))


def test_at_most_three_name_servers():
    """As in the C library, a fourth name server is not asked."""
    text = "".join(f"nameserver 10.0.0.{number}\n" for number in range(1, 6))

    assert len(parse_resolv_conf(text)) == 3


@pytest.mark.parametrize("text", ["", "# nothing\n", "nameserver \n"])
def test_without_name_servers_this_machine_is_asked(text: str):
    """Without a name server the one on this machine is asked, as the C library does."""
    assert parse_resolv_conf(text) == (NameServer("127.0.0.1"),)


def test_changed_file_is_read_again(tmp_path: Path):
    """A change shows within a second, also one that leaves the size as it was."""
    clock = FakeClock()
    path = tmp_path / "hosts"
    path.write_text("one")
    followed = FollowedFile(path, str.upper, clock.monotonic)
    seen = [followed.current()]
    replacement = tmp_path / "new"
    replacement.write_text("two")
    replacement.replace(path)

    seen.append(followed.current())
    clock.advance(1.0)
    seen.append(followed.current())

    assert seen == ["ONE", "ONE", "TWO"]


def test_unchanged_file_is_read_once(tmp_path: Path):
    """A file that stays as it is costs a look, not a reading."""
    clock = FakeClock()
    path = tmp_path / "hosts"
    path.write_text("one")
    parsed: list[str] = []
    followed = FollowedFile(path, parsed.append, clock.monotonic)

    for _ in range(5):
        followed.current()
        clock.advance(2.0)

    assert parsed == ["", "one"]


def test_missing_file_is_empty(tmp_path: Path):
    """A file that is missing, or goes away, says nothing; one that comes back is read."""
    clock = FakeClock()
    path = tmp_path / "hosts"
    followed = FollowedFile(path, str.upper, clock.monotonic)
    seen = [followed.current()]
    for text in ("one", None, "three"):
        path.unlink(missing_ok=True) if text is None else path.write_text(text)
        clock.advance(1.0)
        seen.append(followed.current())

    assert seen == ["", "ONE", "", "THREE"]


def test_what_is_no_file_is_never_opened(tmp_path: Path):
    """A pipe in place of the file would block the daemon for ever: it counts as empty."""
    path = tmp_path / "hosts"
    os.mkfifo(path)

    assert FollowedFile(path, str.upper, FakeClock().monotonic).current() == ""
