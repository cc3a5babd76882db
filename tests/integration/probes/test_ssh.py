"""Checks of type ssh against OpenSSH, and against servers that are none, on loopback."""

import contextlib
import socket
import struct
import time
from datetime import UTC, datetime

import pytest

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus as Status
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.net.sshkex import METHODS
from monitor.net.sshwire import Algorithms, kexinit, packet, string
from monitor.probes.ssh import SshSpec, probe
from tests.servers import serving
from tests.sshservers import make_keys, sshd

pytestmark = pytest.mark.xdist_group("ssh")

BANNER = b"SSH-2.0-test\r\n"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return make_keys(tmp_path_factory.mktemp("ssh"))


@pytest.fixture(scope="module")
def server(keys):
    with sshd(keys) as port:
        yield port


async def checked(port, *, seconds=10.0, **written):
    context = ProbeContext(
        network=Network(resolver=Resolver()),
        deadline=time.monotonic() + seconds,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    spec = SshSpec.model_validate({"host": "127.0.0.1", "port": port, **written})
    return await probe(spec, context)


def told(outcome):
    return None if outcome.failure is None else outcome.failure.kind


@pytest.mark.peers
@pytest.mark.parametrize(
    ("kind", "algorithm", "bits"),
    [
        ("ed25519", "ssh-ed25519", 256),
        ("ecdsa", "ecdsa-sha2-nistp384", 384),
        ("rsa", "ssh-rsa", 2048),
    ],
)
async def test_each_type_of_host_key_is_proven(*, server, keys, kind, algorithm, bits):
    """The fingerprint is the one that ssh-keygen prints, for each type of key."""
    fingerprint = keys.fingerprints[kind]
    outcome = await checked(server, key_type=kind, expect={"host_keys": [fingerprint]})

    assert (outcome.status, outcome.failure) == (Status.OK, None)
    assert outcome.facts["host_key"] == {
        "type": algorithm,
        "bits": bits,
        "fingerprint": fingerprint,
    }
    assert outcome.facts["banner"].startswith("SSH-2.0-OpenSSH_")


@pytest.mark.peers
@pytest.mark.parametrize("method", METHODS)
async def test_each_exchange_proves_the_key(server, keys, method):
    """Whichever exchange a server knows, if we know it too, the key is proven."""
    with sshd(keys, "ed25519", KexAlgorithms=method) as port:
        outcome = await checked(port, expect={"host_keys": [keys.fingerprints["ed25519"]]})

    assert (outcome.status, outcome.failure) == (Status.OK, None)


@pytest.mark.peers
async def test_an_exchange_that_we_cannot_make(keys):
    """Without a common exchange the key is not learned; only who expects one minds."""
    with sshd(keys, KexAlgorithms="diffie-hellman-group18-sha512") as port:
        free = await checked(port)
        bound = await checked(port, expect={"host_keys": [keys.fingerprints["rsa"]]})

    assert (free.status, told(bound)) == (Status.OK, Kind.PROTOCOL)
    assert free.facts["host_key"] == "the server offers no key exchange that can be asked for"
    assert "that can be asked for, expected SHA256:" in bound.failure.detail


@pytest.mark.peers
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
async def test_any_key_of_the_server_will_do(server, keys, kind):
    """Without `key_type` each key of the server is asked for, until one is expected."""
    written = await checked(server, expect={"host_keys": [keys.fingerprints[kind]]})
    as_a_line = await checked(server, expect={"host_keys": [keys.public(kind)]})

    assert written.status is as_a_line.status is Status.OK
    assert written.facts["host_key"]["fingerprint"] == keys.fingerprints[kind]


@pytest.mark.peers
async def test_another_host_key_is_a_change(server, keys):
    """A server whose key is none of the expected ones fails, with both told."""
    other = keys.fingerprints["short"]
    outcome = await checked(server, expect={"host_keys": [other]})

    assert (outcome.status, told(outcome)) == (Status.FAILED, Kind.CHANGED)
    assert outcome.failure.detail == (
        f"host key (ssh-ed25519): {keys.fingerprints['ed25519']}, expected {other}"
    )


WEAK = {
    "KexAlgorithms": "curve25519-sha256,diffie-hellman-group14-sha1",
    "HostKeyAlgorithms": "+ssh-rsa",
    "Ciphers": "aes128-ctr,aes128-cbc,3des-cbc",
    "MACs": "hmac-sha2-256,hmac-md5",
    "RequiredRSASize": "1024",
}


@pytest.mark.peers
async def test_weak_algorithms_degrade_who_asked(server, keys):
    """What is weak is always among the facts, and degrades only where that was asked for."""
    with sshd(keys, "short", **WEAK) as port:
        weak = await checked(port, expect={"no_weak": True})
        unasked = await checked(port)
    strong = await checked(server, expect={"no_weak": True})

    assert (weak.status, told(weak)) == (Status.DEGRADED, Kind.BANNER)
    assert weak.failure.detail == (
        "the server offers what is weak: diffie-hellman-group14-sha1, ssh-rsa, aes128-cbc, "
        "3des-cbc, hmac-md5, RSA key of 1024 bits"
    )
    assert unasked.status is Status.OK
    assert (strong.status, strong.facts["weak"]) == (Status.OK, "nothing")


@pytest.mark.peers
async def test_a_banner_that_does_not_match(server):
    """A banner that does not match fails the check, and the number says so."""
    good = await checked(server, expect={"banner_matches": "OpenSSH"})
    bad = await checked(server, expect={"banner_matches": "Dropbear"})

    assert (good.status, told(bad)) == (Status.OK, Kind.BANNER)
    assert "expected to match 'Dropbear'" in bad.failure.detail
    assert [one.measurements[("probe_failed_due_to_regex", ())] for one in (good, bad)] == [0, 1]


OFFERS = kexinit(
    Algorithms(
        exchanges=("curve25519-sha256",),
        host_keys=("ssh-ed25519",),
        ciphers=(("aes128-ctr",), ("aes128-ctr",)),
        macs=(("hmac-sha2-256",), ("hmac-sha2-256",)),
        compressions=(("none",), ("none",)),
    )
)
DISCONNECT = bytes([1]) + struct.pack("!I", 2) + string(b"go away") + string(b"")
FORGED = bytes([31]) + b"".join(
    [
        string(string(b"ssh-ed25519") + string(b"\x58" + b"\x66" * 31)),
        string(b"\x09" + b"\x00" * 31),
        string(string(b"ssh-ed25519") + string(b"\x11" * 64)),
    ]
)


@pytest.mark.parametrize(
    ("said", "kind", "detail"),
    [
        (b"220 mail ESMTP\r\n", Kind.BANNER, "expected SSH-2.0, but the server said '220 mail"),
        (b"Exceeded MaxStartups\r\n", Kind.BANNER, "the server said 'Exceeded MaxStartups'"),
        (b"", Kind.PROTOCOL, "the server closed the connection"),
        (b"x" * 200_000, Kind.PROTOCOL, "a line of over 4096 bytes"),
        (b"x\r\n" * 2000, Kind.BANNER, "expected SSH-2.0, but the server said 'x'"),
        (b"SSH-1.5-old\r\n", Kind.PROTOCOL, "an SSH that is no longer used: 'SSH-1.5-old'"),
        (b"SSH-2.0-" + b"y" * 300 + b"\r\n", Kind.BANNER, "a banner of 308 bytes"),
        (BANNER + b"HTTP/1.1 400\r\n\r\n", Kind.PROTOCOL, "this is not SSH"),
        (BANNER + packet(b"\x14" + b"\xff" * 40), Kind.PROTOCOL, "the offers can't be read"),
        (BANNER + packet(b"\x63"), Kind.PROTOCOL, "expected message 20, got 99"),
        (BANNER + packet(DISCONNECT), Kind.PROTOCOL, "the server disconnects: 'go away'"),
        (BANNER + packet(b"\x02" + b"z" * 30_000) * 3, Kind.PROTOCOL, "over 65536 bytes"),
        (BANNER + packet(OFFERS) + packet(FORGED), Kind.PROTOCOL, "does not prove its host key"),
        (BANNER + b"\x00\x00\x00\x0c\xff" + b"\x14" * 11, Kind.PROTOCOL, "an empty packet"),
    ],
)
async def test_what_is_no_ssh(said, kind, detail):
    """Whatever is sent, within bounds, is told by what it was."""

    def handle(connection):
        with contextlib.suppress(OSError):
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass

    with serving(handle) as port:
        outcome = await checked(port)

    assert (outcome.status, told(outcome)) == (Status.FAILED, kind)
    assert detail in outcome.failure.detail
    assert len(outcome.failure.detail) < 400


async def test_a_server_that_drips_is_cut_off():
    """A server that sends a byte at a time holds the check up to its deadline and no longer."""

    def handle(connection):
        connection.sendall(BANNER + b"\x00\x00\x80\x00")
        while True:
            connection.sendall(b"\x04")
            time.sleep(0.05)

    with serving(handle) as port:
        began = time.monotonic()
        outcome = await checked(port, seconds=0.6)
        took = time.monotonic() - began

    assert told(outcome) is Kind.TIMEOUT
    assert outcome.facts["banner"] == "SSH-2.0-test"
    assert took < 3.0, f"took {took:.2f} s"


async def test_a_greeting_of_another_protocol_is_told_when_time_is_up():
    """Who greets in another protocol, and then waits, is quoted rather than called silent."""

    def handle(connection):
        connection.sendall(b"220 mail.test ESMTP\r\n")
        while connection.recv(4096):
            pass

    with serving(handle) as port:
        outcome = await checked(port, seconds=0.5)

    assert told(outcome) is Kind.BANNER
    assert "220 mail.test ESMTP" in outcome.failure.detail
