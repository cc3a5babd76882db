"""Messages of SNMP version 3 under the User-based Security Model (RFC 3412, RFC 3414). Pure.

Digests are HMAC with SHA-1 (RFC 3414) or SHA-2 (RFC 7860), secrecy is AES-128-CFB (RFC 3826).
MD5 and DES, which the standard had in 1998, are not spoken.
"""

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from monitor.net import ber
from monitor.net.ber import Fields, Malformed
from monitor.net.snmpwire import VERSION_3

MOST_BOOTS = 2**31 - 1  # an engine that reached this is never in time again (RFC 3414, 2.2.2)
_WINDOW_SECONDS = 150  # RFC 3414, 2.2.3
_AUTH, _PRIV, _REPORTABLE = 1, 2, 4
_USM = 3
_LARGEST_MESSAGE = 65_507
_ENGINE_ID_BYTES = range(5, 33)  # RFC 3411, SnmpEngineID
_EXPANDED_BYTES = 1_048_576  # RFC 3414, A.2
_BLOCK = 16
_SALT = 8

# Each hash with how many octets of its HMAC are sent (RFC 3414, section 6; RFC 7860, section 4.2).
DIGEST_BYTES = {"sha1": 12, "sha224": 16, "sha256": 24, "sha384": 32, "sha512": 48}


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who asks. `hash_name` (a key of DIGEST_BYTES) and `password` are for authentication,
    None without; `secrecy` is the password of encryption, None without.
    """

    name: str
    hash_name: str | None = None
    password: str | None = field(default=None, repr=False)
    secrecy: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """A user's keys at one engine."""

    hash_name: str
    authentication: bytes = field(repr=False)
    secrecy: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The engine that is asked, what it said of its time, and when (monotonic seconds)."""

    id: bytes = b""
    boots: int = 0
    time: int = 0
    read_at: float = 0.0

    def time_at(self, now: float) -> int:
        return self.time + int(now - self.read_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that came in, its digest not yet looked at, its content perhaps encrypted."""

    id: int
    engine: Engine
    user: str
    is_authenticated: bool
    is_encrypted: bool
    digest: bytes
    salt: bytes
    content: bytes
    blanked: bytes  # the packet with zeros in place of the digest


def keys_of(user: User, engine_id: bytes) -> Keys | None:
    """Return a user's keys at an engine, None for one who has no password."""
    if user.hash_name is None or user.password is None:
        return None
    secrecy = None
    if user.secrecy is not None:
        secrecy = localised(user.hash_name, user.secrecy, engine_id)[:_BLOCK]
    return Keys(
        hash_name=user.hash_name,
        authentication=localised(user.hash_name, user.password, engine_id),
        secrecy=secrecy,
    )


def localised(hash_name: str, password: str, engine_id: bytes) -> bytes:
    """Return the key that a password makes at an engine (RFC 3414, 2.6 and A.2)."""
    key = _expanded(hash_name, password.encode())
    return hashlib.new(hash_name, key + engine_id + key).digest()


# A millisecond or three, of which every run of every check would need two.
@lru_cache(maxsize=256)
def _expanded(hash_name: str, password: bytes) -> bytes:
    repeated = password * (_EXPANDED_BYTES // len(password) + 1)
    return hashlib.new(hash_name, repeated[:_EXPANDED_BYTES]).digest()


def discovery(message_id: int, pdu: bytes) -> bytes:
    """Return the question for an engine's id and time (RFC 3414, section 4)."""
    return _message(message_id, _REPORTABLE, Engine(), _scoped(b"", "", pdu))


def question(
    message_id: int,
    pdu: bytes,
    *,
    user: User,
    engine: Engine,
    keys: Keys | None,
    context_name: str,
    now: float,
    salt: bytes,
) -> bytes:
    """Return a question as `user` asks it: signed and encrypted as far as there are keys.

    `now` is in monotonic seconds. `salt`, of 8 bytes, is never used twice.
    """
    scoped = _scoped(engine.id, context_name, pdu)
    if keys is None:
        return _message(message_id, _REPORTABLE, engine, scoped, user=user.name)
    current = replace(engine, time=engine.time_at(now))
    flags = _REPORTABLE | _AUTH
    if keys.secrecy is None:
        salt = b""
    else:
        flags |= _PRIV
        scoped = ber.octet_string(encrypted(keys.secrecy, current, salt, scoped))
    blank = bytes(DIGEST_BYTES[keys.hash_name])
    packet = _message(message_id, flags, current, scoped, user=user.name, digest=blank, salt=salt)
    at = _digest_at(packet)
    return packet[:at] + digest_of(keys, packet) + packet[at + len(blank) :]


def _scoped(engine_id: bytes, context_name: str, pdu: bytes) -> bytes:
    return ber.sequence((ber.octet_string(engine_id), ber.octet_string(context_name.encode()), pdu))


def _message(
    message_id: int,
    flags: int,
    engine: Engine,
    content: bytes,
    *,
    user: str = "",
    digest: bytes = b"",
    salt: bytes = b"",
) -> bytes:
    head = (
        ber.integer(message_id),
        ber.integer(_LARGEST_MESSAGE),
        ber.octet_string(bytes([flags])),
        ber.integer(_USM),
    )
    security = (
        ber.octet_string(engine.id),
        ber.integer(engine.boots),
        ber.integer(engine.time),
        ber.octet_string(user.encode()),
        ber.octet_string(digest),
        ber.octet_string(salt),
    )
    wrapped = ber.octet_string(ber.sequence(security))
    return ber.sequence((ber.integer(VERSION_3), ber.sequence(head), wrapped, content))


def _digest_at(packet: bytes) -> int:
    return _opened(packet)[1]


def _opened(packet: bytes) -> tuple[Message, int]:
    """Return a message, and where its digest stands. Raises Malformed."""
    outer = Fields(packet)
    body = outer.content(ber.SEQUENCE)
    outer.end()
    fields = Fields(body)
    version = fields.integer()
    if version != VERSION_3:
        raise Malformed(f"version {version}")
    message_id, flags = _head(fields.fields())
    parameters = fields.octet_string()
    parameters_at = outer.at - len(body) + fields.at - len(parameters)
    is_encrypted = bool(flags & _PRIV)
    content = fields.content(ber.OCTET_STRING if is_encrypted else ber.SEQUENCE)
    fields.end()

    wrapper = Fields(parameters)
    security = wrapper.content(ber.SEQUENCE)
    wrapper.end()
    each = Fields(security)
    engine = Engine(id=each.octet_string(), boots=each.integer(), time=each.integer())
    user, digest = each.octet_string(), each.octet_string()
    at = parameters_at + wrapper.at - len(security) + each.at - len(digest)
    salt = each.octet_string()
    each.end()
    if not (0 <= engine.boots <= MOST_BOOTS and 0 <= engine.time <= MOST_BOOTS):
        raise Malformed("an engine's time is out of range")
    message = Message(
        id=message_id,
        engine=engine,
        user=user.decode(errors="replace"),
        is_authenticated=bool(flags & _AUTH),
        is_encrypted=is_encrypted,
        digest=digest,
        salt=salt,
        content=content,
        blanked=packet[:at] + bytes(len(digest)) + packet[at + len(digest) :],
    )
    return message, at


def _head(fields: Fields) -> tuple[int, int]:
    message_id, _, flags, model = (
        fields.integer(),
        fields.integer(),
        fields.octet_string(),
        fields.integer(),
    )
    fields.end()
    if len(flags) != 1 or (flags[0] & _PRIV and not flags[0] & _AUTH):
        raise Malformed("flags that can't be")
    if model != _USM:
        raise Malformed(f"security model {model}")
    return message_id, flags[0]


def read_message(packet: bytes) -> Message:
    """Return a message of version 3. Raises Malformed."""
    return _opened(packet)[0]


def is_engine_id(octets: bytes) -> bool:
    """Say whether these can be an engine's id."""
    return len(octets) in _ENGINE_ID_BYTES


def is_genuine(message: Message, keys: Keys) -> bool:
    """Say whether a message was signed with these keys."""
    wanted = digest_of(keys, message.blanked)
    return message.is_authenticated and hmac.compare_digest(wanted, message.digest)


def digest_of(keys: Keys, packet: bytes) -> bytes:
    """Return the digest of a packet that has zeros in its place."""
    whole = hmac.digest(keys.authentication, packet, keys.hash_name)
    return whole[: DIGEST_BYTES[keys.hash_name]]


def in_time(known: Engine, said: Engine, now: float) -> Engine | None:
    """Return what is known of an engine's time after a genuine message of it.

    None means that the message is older than it may be (RFC 3414, 3.2, 7b).
    """
    is_newer = (said.boots, said.time) > (known.boots, known.time)
    latest = replace(said, read_at=now) if is_newer else known
    is_late = said.time < latest.time_at(now) - _WINDOW_SECONDS
    if latest.boots == MOST_BOOTS or said.boots < latest.boots or is_late:
        return None
    return latest


def content_of(message: Message, keys: Keys | None) -> Fields:
    """Return what a message holds, decrypted: engine id, context name and PDU are to be read.

    Raises Malformed.
    """
    if not message.is_encrypted:
        return Fields(message.content)
    if keys is None or keys.secrecy is None or len(message.salt) != _SALT:
        raise Malformed("it can't be decrypted")
    plain = decrypted(keys.secrecy, message.engine, message.salt, message.content)
    # What a cipher adds at the end is none of it.
    return Fields(plain).fields()


def encrypted(key: bytes, engine: Engine, salt: bytes, octets: bytes) -> bytes:
    """Return `octets` in AES-128-CFB, as RFC 3826, section 3.1 has it."""
    return _cfb(key, _iv(engine, salt), octets, forward=True)


def decrypted(key: bytes, engine: Engine, salt: bytes, octets: bytes) -> bytes:
    """Return what `encrypted` was given."""
    return _cfb(key, _iv(engine, salt), octets, forward=False)


def _iv(engine: Engine, salt: bytes) -> bytes:
    return engine.boots.to_bytes(4) + engine.time.to_bytes(4) + salt


def _cfb(key: bytes, feedback: bytes, octets: bytes, *, forward: bool) -> bytes:
    # CFB is made from single blocks: the library moves its own from place to place, as a mode
    # that nobody should choose today. ECB of one block each is the bare cipher.
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
    found = bytearray()
    for at in range(0, len(octets), _BLOCK):
        block = octets[at : at + _BLOCK]
        stream = cipher.update(feedback)
        turned = bytes(a ^ b for a, b in zip(block, stream, strict=False))
        found += turned
        feedback = turned if forward else block
    return bytes(found)
