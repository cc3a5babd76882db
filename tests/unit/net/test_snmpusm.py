"""Keys, signatures and encryption of SNMP version 3, and its window of time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.net.ber import Malformed
from monitor.net.snmpusm import (
    DIGEST_BYTES,
    MOST_BOOTS,
    Engine,
    Keys,
    User,
    content_of,
    decrypted,
    discovery,
    encrypted,
    in_time,
    is_genuine,
    keys_of,
    localised,
    question,
    read_message,
)
from monitor.net.snmpwire import get_pdu

ENGINE = Engine(id=bytes.fromhex("000000000000000000000002"), boots=3, time=1000, read_at=50.0)
USER = User(name="pantau", hash_name="sha256", password="maplesyrup", secrecy="sandi-rahasia")
PDU = get_pdu(7, ["1.3.6.1.2.1.1.3.0"])


def a_question(user=USER, now=50.0, context_name="", engine=ENGINE):
    return question(
        9,
        PDU,
        user=user,
        engine=engine,
        keys=keys_of(user, engine.id),
        context_name=context_name,
        now=now,
        salt=b"saltsalt",
    )


def test_a_password_makes_the_key_of_the_standard():
    """A password becomes the localised key that RFC 3414, A.3.2 gives."""
    key = localised("sha1", "maplesyrup", ENGINE.id)

    assert key.hex() == "6695febc9288e36282235fc7151f128497b38f3f"


def test_encryption_is_that_of_the_standard():
    """AES-128-CFB gives what NIST SP 800-38A, F.3.13 gives."""
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    engine = Engine(boots=0x00010203, time=0x04050607)
    plain = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")

    found = encrypted(key, engine, bytes(range(8, 16)), plain)

    assert found.hex() == "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"


@given(st.binary(max_size=100))
def test_what_is_encrypted_can_be_decrypted(octets):
    """Decrypting gives back what was encrypted, whatever its length."""
    key, salt = bytes(range(16)), b"saltsalt"

    assert decrypted(key, ENGINE, salt, encrypted(key, ENGINE, salt, octets)) == octets


def test_a_discovery_tells_nothing_of_us():
    """The question for an engine bears no user, no engine and no time, and wants a report."""
    message = read_message(discovery(9, PDU))

    assert (message.id, message.user, message.engine) == (9, "", Engine())
    assert not message.is_authenticated


@pytest.mark.parametrize("hash_name", DIGEST_BYTES)
def test_a_signature(hash_name):
    """A message is genuine for who has its key, and for nobody once a bit of it has changed."""
    user = replace(USER, hash_name=hash_name)
    packet = a_question(user)

    assert len(read_message(packet).digest) == DIGEST_BYTES[hash_name]
    assert is_genuine(read_message(packet), keys_of(user, ENGINE.id))
    assert not is_genuine(read_message(packet), keys_of(user, b"other engine"))
    changed = packet[:-1] + bytes([packet[-1] ^ 1])
    assert not is_genuine(read_message(changed), keys_of(user, ENGINE.id))


def test_a_short_signature_is_none():
    """Fewer octets of a digest than the standard sends prove nothing."""
    keys, message = keys_of(USER, ENGINE.id), read_message(a_question())

    assert not is_genuine(replace(message, digest=message.digest[:1]), keys)
    assert not is_genuine(replace(message, digest=b""), keys)


def test_a_secret_question():
    """With privacy neither object nor context can be read on the way; with its key both can."""
    packet = a_question(context_name="ruang-server")
    content = content_of(read_message(packet), keys_of(USER, ENGINE.id))

    assert b"ruang-server" not in packet
    assert (content.octet_string(), content.octet_string()) == (ENGINE.id, b"ruang-server")
    assert PDU not in packet


def test_a_question_bears_the_engine_s_time():
    """The engine's time goes on from when it was told."""
    assert read_message(a_question(now=62.5)).engine.time == 1012


def test_without_a_key_nothing_is_decrypted():
    """An encrypted message that we have no key for is no answer."""
    keys = keys_of(replace(USER, secrecy=None), ENGINE.id)

    with pytest.raises(Malformed, match="decrypted"):
        content_of(read_message(a_question()), keys)


@pytest.mark.parametrize(
    ("said", "is_in_time"),
    [
        ({"time": 1000}, True),
        ({"time": 1010}, True),
        ({"time": 861}, True),
        ({"time": 859}, False),
        ({"time": 5000}, True),
        ({"boots": 4, "time": 0}, True),
        ({"boots": 2, "time": 1010}, False),
        ({"boots": MOST_BOOTS, "time": 1010}, False),
    ],
)
def test_the_window_of_time(said, is_in_time):
    """A message is at most 150 seconds old, and not of an earlier boot (RFC 3414, 3.2, 7b)."""
    found = in_time(ENGINE, replace(ENGINE, **said), 60.0)

    assert (found is not None) is is_in_time


def test_passwords_are_not_shown():
    """Neither a user nor its keys show a secret in messages of ours."""
    texts = f"{USER} {keys_of(USER, ENGINE.id)} {Keys(hash_name='sha1', authentication=b'kunci')}"

    assert not [secret for secret in ("maplesyrup", "sandi-rahasia", "kunci") if secret in texts]


@given(st.binary(max_size=120), st.integers(0, 90), st.integers(0, 255))
def test_any_packet_can_be_read(octets, place, octet):
    """No bytes raise anything but Malformed."""
    packet = a_question()
    for each in (octets, packet[:place] + bytes([octet]) + packet[place + 1 :], packet[:place]):
        try:
            content_of(read_message(each), keys_of(USER, ENGINE.id))
        except Malformed:
            continue
