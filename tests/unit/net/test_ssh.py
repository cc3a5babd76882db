"""How SSH is written and read before encryption, and what proves a host key."""

import hashlib
import struct
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.net.ssh import SshHeard, converse, other_types
from monitor.net.sshkex import METHODS, Exchange, HostKey, fingerprint
from monitor.net.sshwire import (
    Algorithms,
    Fields,
    Malformed,
    kexinit,
    mpint,
    packet,
    read_kexinit,
    string,
)
from monitor.net.trace import Trace
from tests.streams import Saying

NAMES = st.lists(st.from_regex(r"[a-z0-9@.-]{1,20}", fullmatch=True), max_size=5).map(tuple)
RAW = (Encoding.Raw, PublicFormat.Raw)


@pytest.mark.parametrize(
    ("number", "written"),
    [  # RFC 4251, 5
        (0, "00000000"),
        (0x9A378F9B2E332A7, "0000000809a378f9b2e332a7"),
        (0x80, "000000020080"),
        (0x7F, "000000017f"),
    ],
)
def test_numbers(number, written):
    """A number is as long as it must be, and never looks negative."""
    assert mpint(number).hex() == written
    assert Fields(mpint(number)).mpint() == number


@given(st.binary(max_size=600))
def test_packets_fill_their_blocks(payload):
    """A packet is a multiple of eight bytes, with four of padding at least."""
    octets = packet(payload)
    size, filling = struct.unpack("!IB", octets[:5])

    assert len(octets) % 8 == 0
    assert (size + 4, filling >= 4) == (len(octets), True)
    assert octets[5 : size + 4 - filling] == payload


@given(
    st.builds(
        Algorithms,
        exchanges=NAMES,
        host_keys=NAMES,
        ciphers=st.tuples(NAMES, NAMES),
        macs=st.tuples(NAMES, NAMES),
        compressions=st.tuples(NAMES, NAMES),
    )
)
def test_offers_come_back(offers):
    """What is written as an offer is read as the same offer."""
    assert read_kexinit(kexinit(offers)) == offers


@given(st.binary(max_size=200))
@example(b"\x14" + b"\0" * 16 + b"\xff\xff\xff\xff")
def test_any_offer_ends(octets):
    """Any bytes are an offer, or are refused as none."""
    with suppress(Malformed):
        assert read_kexinit(b"\x14" + octets)


def test_a_negative_number_is_refused():
    """None of the numbers of an exchange may be negative."""
    with pytest.raises(Malformed):
        Fields(string(b"\x80")).mpint()


class Ed25519:
    algorithm, bits = "ssh-ed25519", 256
    kind = algorithm

    def __init__(self):
        self.key = ed25519.Ed25519PrivateKey.generate()
        self.blob = string(b"ssh-ed25519") + string(self.key.public_key().public_bytes(*RAW))

    def sign(self, octets):
        return self.key.sign(octets)


class Ecdsa:
    algorithm, bits = "ecdsa-sha2-nistp256", 256
    kind = algorithm

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.blob = string(self.algorithm.encode()) + string(b"nistp256") + string(point)

    def sign(self, octets):
        r, s = decode_dss_signature(self.key.sign(octets, ec.ECDSA(hashes.SHA256())))
        return mpint(r) + mpint(s)


class Rsa:
    algorithm, bits, kind = "rsa-sha2-512", 2048, "ssh-rsa"

    def __init__(self):
        self.key = rsa.generate_private_key(65537, 2048)
        numbers = self.key.public_key().public_numbers()
        self.blob = string(b"ssh-rsa") + mpint(numbers.e) + mpint(numbers.n)

    def sign(self, octets):
        return self.key.sign(octets, padding.PKCS1v15(), hashes.SHA512())


TYPES = {each.kind: each() for each in (Ed25519, Ecdsa, Rsa)}


def replying(exchange, key, transcript=b"said", *, blob=None, algorithm=None):
    """Return what a server with `key` answers to an exchange by curve25519-sha256."""
    theirs = Fields(exchange.message[1:]).string()
    mine = x25519.X25519PrivateKey.generate()
    public = mine.public_key().public_bytes(*RAW)
    shared = mine.exchange(x25519.X25519PublicKey.from_public_bytes(theirs))
    blob = key.blob if blob is None else blob
    told = transcript + string(blob) + string(theirs) + string(public)
    digest = hashlib.sha256(told + mpint(int.from_bytes(shared))).digest()
    algorithm = (algorithm or key.algorithm).encode()
    signature = string(algorithm) + string(key.sign(digest))
    return b"\x1f" + string(blob) + string(public) + string(signature)


@pytest.mark.parametrize("kind", TYPES)
def test_a_key_that_signed_is_proven(kind):
    """Who signed what both sides said holds the key: type, size and fingerprint are told."""
    key, exchange = TYPES[kind], Exchange("curve25519-sha256")

    proven = exchange.host_key(replying(exchange, key), key.algorithm, b"said")

    assert proven == HostKey(type=kind, bits=key.bits, fingerprint=fingerprint(key.blob))


@pytest.mark.parametrize("kind", TYPES)
def test_what_was_said_is_part_of_the_proof(kind):
    """A proof from another conversation is none: somebody could have kept it."""
    key, exchange = TYPES[kind], Exchange("curve25519-sha256")
    reply = replying(exchange, key)

    for other, transcript in ((exchange, b"other"), (Exchange("curve25519-sha256"), b"said")):
        with pytest.raises(Malformed, match="the signature was not made with the host key"):
            other.host_key(reply, key.algorithm, transcript)


@pytest.mark.parametrize("kind", TYPES)
def test_a_key_of_somebody_else_is_not_proven(kind):
    """Showing a key and signing with another one proves nothing."""
    key, exchange = TYPES[kind], Exchange("curve25519-sha256")
    reply = replying(exchange, key, blob=type(key)().blob)

    with pytest.raises(Malformed, match="the signature was not made with the host key"):
        exchange.host_key(reply, key.algorithm, b"said")


def test_only_what_was_agreed_on_counts():
    """A signature by another algorithm than the agreed one is refused."""
    key, exchange = TYPES["ssh-rsa"], Exchange("curve25519-sha256")
    reply = replying(exchange, key, algorithm="ssh-rsa")

    with pytest.raises(Malformed, match="signed by 'ssh-rsa' instead of rsa-sha2-512"):
        exchange.host_key(reply, key.algorithm, b"said")
    with pytest.raises(Malformed, match="a key of type 'ssh-rsa' for ssh-ed25519"):
        exchange.host_key(replying(exchange, key, algorithm="ssh-ed25519"), "ssh-ed25519", b"said")


@settings(max_examples=80, deadline=None)
@given(at=st.integers(0, 5000), bit=st.integers(0, 7), kind=st.sampled_from(list(TYPES)))
def test_no_damage_passes(at, bit, kind):
    """A reply with one bit turned proves nothing, and raises nothing but Malformed."""
    key, exchange = TYPES[kind], Exchange("curve25519-sha256")
    reply = bytearray(replying(exchange, key))
    reply[1 + at % (len(reply) - 1)] ^= 1 << bit

    with pytest.raises(Malformed):
        exchange.host_key(bytes(reply), key.algorithm, b"said")


@settings(max_examples=60, deadline=None)
@given(octets=st.binary(max_size=200), method=st.sampled_from(list(METHODS)))
def test_any_reply_ends(octets, method):
    """Any bytes for a reply are refused as no proof."""
    with pytest.raises(Malformed):
        Exchange(method).host_key(b"\x1f" + octets, "ssh-ed25519", b"said")


@pytest.mark.parametrize("number", [0, 1])
def test_a_public_half_that_gives_the_secret_away(number):
    """A half of the exchange that makes the secret known to all is refused."""
    exchange = Exchange("diffie-hellman-group14-sha256")
    blob, key = TYPES["ssh-ed25519"].blob, TYPES["ssh-ed25519"]
    reply = (
        b"\x1f"
        + string(blob)
        + mpint(number)
        + string(string(b"ssh-ed25519") + string(key.sign(b"")))
    )

    with pytest.raises(Malformed, match="outside of its group"):
        exchange.host_key(reply, "ssh-ed25519", b"said")


OFFERS = Algorithms(
    exchanges=("sntrup761x25519-sha512",),
    host_keys=("rsa-sha2-512", "ecdsa-sha2-nistp256"),
    ciphers=(("aes128-ctr",),) * 2,
    macs=(("hmac-sha2-256",),) * 2,
    compressions=(("none",),) * 2,
)


async def test_a_visit_without_a_common_exchange():
    """Banner and offers are heard, leave is taken, and why there is no key is said."""
    chatter = packet(b"\x02" + string(b"padding")) + packet(b"\x04\x00" + string(b"debug") * 2)
    server = Saying(b"# welcome\r\nSSH-2.0-x y\r\n" + chatter, packet(kexinit(OFFERS)))
    heard = SshHeard()

    await converse(server, Trace(), heard, "any")

    assert (heard.banner, heard.offers, heard.host_key) == ("SSH-2.0-x y", OFFERS, None)
    assert heard.no_key == "the server offers no key exchange that can be asked for"
    assert server.sent[0] == b"SSH-2.0-Pantau\r\n"
    assert server.sent[1][5] == 1


@pytest.mark.parametrize(
    ("proven", "others"),
    [("ssh-ed25519", ("ecdsa", "rsa")), ("ssh-rsa", ("ecdsa",)), (None, ())],
)
def test_the_other_keys_of_a_server(proven, others):
    """Which other types of key are worth asking for follows from what is offered."""
    key = proven and HostKey(type=proven, bits=256, fingerprint="SHA256:x")

    assert other_types(SshHeard(offers=OFFERS, host_key=key)) == others
