"""What a confined process may dial, look up and start."""

import socket
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.net.confinement import Bounds, Refused, examine
from monitor.net.policy import AddressClass, classify_address, is_within

ADDRESSES = {
    AddressClass.PUBLIC: "203.0.113.7",
    AddressClass.PRIVATE: "10.1.2.3",
    AddressClass.LOOPBACK: "127.0.0.1",
    AddressClass.FORBIDDEN: "169.254.169.254",
}
SOCKETS = {family: SimpleNamespace(family=family) for family in socket.AddressFamily}


def dials(bounds: Bounds, address: object) -> bool:
    """Say whether `address` is let through."""
    try:
        bounds.dial(address)
    except Refused:
        return False
    return True


@pytest.mark.parametrize("limit", AddressClass)
@pytest.mark.parametrize("found", AddressClass)
def test_no_further_inward_than_the_limit(limit, found):
    """A confined process dials what the policy permits a target of its class, and nothing else."""
    assert dials(Bounds(limit), (ADDRESSES[found], 443)) is is_within(found, limit)


@given(st.lists(st.sampled_from(tuple(ADDRESSES.values())), min_size=2, max_size=8))
def test_what_was_dialled_bounds_what_follows(addresses):
    """As a redirect, a connection leads no further inward than any that was made before it."""
    bounds = Bounds(AddressClass.LOOPBACK)

    made = [each for each in addresses if dials(bounds, (each, 443))]

    classes = [classify_address(each) for each in made]
    assert all(is_within(later, first) for first, later in pairwise(classes))
    assert AddressClass.FORBIDDEN not in classes


@pytest.mark.parametrize(
    "address",
    [
        ("portal.example", 80),
        ("", 80),
        ("fe80::1%eth0", 80, 0, 2),
        ("::ffff:127.0.0.1", 80, 0, 0),
        ("0.0.0.0", 80),  # Linux dials loopback for it
        "/run/docker.sock",
        (),
        None,
    ],
)
def test_only_permitted_literals_are_dialled(address):
    """What is no IP address, or one that leads inward in disguise, is not dialled."""
    assert not dials(Bounds(AddressClass.PRIVATE), address)


@pytest.mark.parametrize("event", ["socket.connect", "socket.sendto", "socket.sendmsg"])
def test_every_way_out_is_examined(event):
    """Connections and datagrams are refused alike, and what was refused is kept to be told."""
    bounds = Bounds(AddressClass.PUBLIC)

    with pytest.raises(Refused):
        examine(bounds, event, (SOCKETS[socket.AF_INET], ("127.0.0.1", 53)))

    assert bounds.refusal == "an address of class loopback, where public is the innermost"


def test_sockets_of_this_machine_are_refused():
    """A confined process reaches no other program by a socket of the file system."""
    with pytest.raises(Refused):
        examine(
            Bounds(AddressClass.LOOPBACK),
            "socket.connect",
            (SOCKETS[socket.AF_UNIX], "/run/docker.sock"),
        )


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.getaddrinfo", ("portal.example", 80, 0, 0, 0)),
        ("socket.gethostbyname", ("portal.example",)),
        ("socket.gethostbyaddr", ("203.0.113.7",)),
        ("socket.getnameinfo", (("203.0.113.7", 80),)),
        ("subprocess.Popen", ("curl", ["curl"], None, None)),
        ("os.system", (b"curl",)),
        ("os.exec", ("curl", ["curl"], None)),
        ("os.posix_spawn", ("curl", ["curl"], None)),
        ("os.fork", ()),
    ],
)
def test_no_way_round(event, arguments):
    """The C library resolves no name for it, and it starts no program, which nothing would hold."""
    with pytest.raises(Refused):
        examine(Bounds(AddressClass.LOOPBACK), event, arguments)


def test_what_goes_nowhere_is_let_through():
    """A literal needs no lookup, and a connected socket names no address again."""
    bounds = Bounds(AddressClass.FORBIDDEN)

    examine(bounds, "socket.getaddrinfo", ("127.0.0.1", 80, 0, 0, 0))
    examine(bounds, "socket.getaddrinfo", (None, 80, 0, 0, 0))
    examine(bounds, "socket.sendmsg", (SOCKETS[socket.AF_INET], None))
    examine(bounds, "open", ("/etc/hostname", "r", 0))

    assert bounds.refusal is None
