"""Which old versions and weak ciphers a server accepts, judged by its answers to our questions."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.tlsversions import (
    OLDER,
    WEAK,
    ServerHello,
    client_hello,
    older_offers,
    server_hello,
    weak_offers,
)

NUMBERS = dict(zip(OLDER, (0x0300, 0x0301, 0x0302, 0x0303), strict=True))
ALERT = b"\x15\x03\x01\x00\x02\x02\x46"


def hello(version, suite, session=b""):
    body = struct.pack("!H", NUMBERS[version]) + b"r" * 32 + bytes([len(session)]) + session
    body += struct.pack("!H", suite) + b"\0"
    message = b"\2" + len(body).to_bytes(3) + body
    return b"\x16\x03\x01" + len(message).to_bytes(2) + message


def offered(record):
    """Return the version and the cipher suites that a ClientHello offers."""
    version = int.from_bytes(record[9:11])
    size = int.from_bytes(record[44:46])
    return version, struct.unpack(f"!{size // 2}H", record[46 : 46 + size])


class Server:
    """Accepts these versions and suites, and chooses the newest version not over the offered."""

    def __init__(self, versions=(), suites=None, failing=None):
        self.versions, self.suites, self.failing = versions, suites, failing
        self.questions = []

    async def open(self):
        if self.failing is not None:
            raise self.failing
        return Conversation(self)

    def answer(self, record):
        self.questions.append(record)
        newest, suites = offered(record)
        agreed = [one for one in self.versions if NUMBERS[one] <= newest]
        common = [one for one in suites if self.suites is None or one in self.suites]
        return hello(agreed[-1], common[0]) if agreed and common else ALERT


class Conversation:
    def __init__(self, server):
        self.server, self.answer = server, b""

    async def send(self, octets):
        self.answer = self.server.answer(octets)

    async def receive(self, limit=32_768):
        piece, self.answer = self.answer[:7], self.answer[7:]
        return piece

    def close(self):
        pass


@pytest.mark.parametrize(
    ("accepted", "minimum", "found"),
    [
        (("TLS1.2",), "TLS1.2", ()),
        (("TLS1.0", "TLS1.1", "TLS1.2"), "TLS1.2", ("TLS1.0", "TLS1.1")),
        (("TLS1.0", "TLS1.2"), "TLS1.2", ("TLS1.0",)),
        (("SSL3",), "TLS1.2", ("SSL3",)),
        (("SSL3", "TLS1.0"), "TLS1.1", ("SSL3", "TLS1.0")),
        (("TLS1.2",), "TLS1.3", ("TLS1.2",)),
        ((), "TLS1.3", ()),
        (("TLS1.0", "TLS1.1", "TLS1.2"), "TLS1.0", ()),
    ],
)
async def test_every_older_version_is_found(accepted, minimum, found):
    """Whatever is older than the minimum and accepted is told, in order of age."""
    server = Server(accepted)

    offers = await older_offers(server.open, minimum, "a.test")

    assert (offers.versions, offers.unknown) == (found, ())
    assert len(server.questions) <= len(OLDER)


async def test_a_version_that_was_chosen_is_not_asked_for_again():
    """A server that chooses an older version than it was offered has answered for that one, too."""
    server = Server(("TLS1.0",))

    await older_offers(server.open, "TLS1.2", "a.test")

    assert [offered(one)[0] for one in server.questions] == [NUMBERS["TLS1.1"], NUMBERS["SSL3"]]


@pytest.mark.parametrize(
    ("suites", "found"),
    [
        ((0xC02F, 0x002F), ()),
        ((0x000A,), ("3DES",)),
        ((0x0005, 0x0001, 0xC02F), ("no encryption", "RC4")),
        (tuple(kind[0] for kind in WEAK.values()), tuple(WEAK)),
    ],
)
async def test_every_kind_of_weak_cipher_is_found(suites, found):
    """A server is asked until it agrees to nothing weak any more."""
    server = Server(("TLS1.2",), suites)

    offers = await weak_offers(server.open, "a.test")

    assert set(offers.ciphers) == set(found)
    assert len(server.questions) == min(len(found) + 1, len(WEAK))


async def test_no_answer_proves_nothing():
    """A question that could not be asked is told as such, and is neither a yes nor a no."""
    server = Server(failing=NetError(Kind.TIMEOUT, "time was up"))

    older, weak = (
        await older_offers(server.open, "TLS1.2", "a.test"),
        await weak_offers(server.open, "a.test"),
    )

    assert older.versions == weak.ciphers == ()
    assert older.unknown[0] == "TLS1.1: time was up"
    assert weak.unknown == ("weak ciphers: time was up",)


async def test_a_reset_is_a_no():
    """Some servers refuse by resetting the connection."""

    class Resetting(Server):
        def answer(self, record):
            raise NetError(Kind.CONNECT_RESET, "reset", answered=True)

    offers = await older_offers(Resetting().open, "TLS1.2", "a.test")

    assert (offers.versions, offers.unknown) == ((), ())


def record(kind, content):
    return bytes([kind]) + b"\3\1" + len(content).to_bytes(2) + content


WARNING = record(21, b"\1\x70")  # unrecognized_name
REQUEST = record(22, b"\0\0\0\0")  # HelloRequest
HELLO = hello("TLS1.0", 0x2F)[5:]


@pytest.mark.parametrize(
    ("before", "pieces", "accepted"),
    [
        (WARNING, [HELLO], True),
        (WARNING * 50, [HELLO], True),
        (record(21, b"\1") + record(21, b"\x70"), [HELLO], True),
        (record(21, b"\1\x70\1\x5a"), [HELLO], True),
        (REQUEST, [HELLO], True),
        (WARNING + REQUEST, [HELLO], True),
        (b"", [b"\0\0\0\0" + HELLO], True),
        (b"", [HELLO[:3], HELLO[3:]], True),
        (b"", [HELLO[n : n + 1] for n in range(len(HELLO))], True),
        (b"", [b"", HELLO], True),
        (b"", [HELLO + b"\x0b\0\xff\xffmore"], True),
        (WARNING + ALERT, [], False),
        (record(21, b"\1\0"), [HELLO], False),
        (record(21, b"\1\x70\2\x46"), [HELLO], False),
        (WARNING, [], False),
        (b"HTTP/1.0 400 Bad Request\r\n\r\n", [], False),
        (b"\x15\3\1\xff\xff", [], False),
    ],
)
async def test_what_may_stand_before_an_answer(before, pieces, accepted):
    """Warnings and requests refuse nothing, and an answer may be spread over many records."""
    said = before + b"".join(record(22, piece) for piece in pieces)

    offers = await older_offers(Saying(said).open, "TLS1.1", "a.test")

    assert (offers.versions, offers.unknown) == (("TLS1.0",) if accepted else (), ())


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (hello("TLS1.0", 0x2F)[:-3], "TLS1.0: the answer broke off"),
        (hello("TLS1.0", 0x2F)[:2], "TLS1.0: the answer broke off"),
        (record(22, HELLO[:20]), "TLS1.0: the answer broke off"),
        (WARNING * 500 + record(22, HELLO), "TLS1.0: no answer in 200 records"),
        (REQUEST * 500, "TLS1.0: no answer in 200 records"),
    ],
)
async def test_half_an_answer_proves_nothing(said, told):
    """What breaks off, or never comes to the point, is no refusal, and ends."""
    offers = await older_offers(Saying(said).open, "TLS1.1", "a.test")

    assert offers.versions == ()
    assert offers.unknown[0] == told


class Saying(Server):
    """Says the same to whoever asks."""

    def __init__(self, said):
        super().__init__()
        self.said = said

    def answer(self, record):
        self.questions.append(record)
        return self.said


def test_an_address_is_no_server_name():
    """SNI names hosts only (RFC 6066, 3)."""
    assert b"a.test" in client_hello("TLS1.2", [1], "a.test")
    assert b"192.0.2.7" not in client_hello("TLS1.2", [1], "192.0.2.7")


def test_no_weak_suite_is_counted_twice():
    """Each cipher suite belongs to one kind of weakness."""
    suites = [suite for kind in WEAK.values() for suite in kind]

    assert len(suites) == len(set(suites))


@given(st.binary(max_size=120))
def test_any_bytes_are_an_answer_or_none(octets):
    """A ServerHello is read or not; nothing that a stranger sends raises."""
    found = server_hello(octets)

    assert found is None or isinstance(found, ServerHello)
