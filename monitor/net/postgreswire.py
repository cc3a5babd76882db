"""How PostgreSQL writes its messages down, protocol 3.0 (its manual, "Message Formats")."""

import hashlib
import struct
from collections.abc import Iterable, Mapping

from monitor.net.sqlstate import Refusal

AUTHENTICATION, ERROR, NOTICE, PARAMETER, KEY_DATA = b"R", b"E", b"N", b"S", b"K"
READY, VERSIONS, NOTIFICATION, BOUND = b"Z", b"v", b"A", b"2"
DATA_ROW, COMPLETE, SUSPENDED, EMPTY = b"D", b"C", b"s", b"I"

SSL_REQUEST = struct.pack("!II", 8, 80_877_103)
TERMINATE = b"X\0\0\0\4"
_PROTOCOL_3 = 196_608
_MOST_FIELDS = 30  # of an error; there are eighteen kinds


class Malformed(ValueError):
    """Bytes that are not what they should be."""


def message(tag: bytes, *parts: bytes) -> bytes:
    """Return a message of the client's."""
    payload = b"".join(parts)
    return tag + struct.pack("!I", 4 + len(payload)) + payload


def text(value: str) -> bytes:
    """Return a text with the NUL that ends it."""
    return value.encode() + b"\0"


def startup(parameters: Mapping[str, str]) -> bytes:
    """Return the first message, which says who comes and where to."""
    listed = b"".join(text(name) + text(value) for name, value in parameters.items())
    return message(b"", struct.pack("!I", _PROTOCOL_3), listed, b"\0")


def password(secret: bytes) -> bytes:
    """Return the answer to a demand for a password, in the clear or hashed."""
    return message(b"p", secret, b"\0")


def sasl_first(mechanism: str, response: bytes) -> bytes:
    return message(b"p", text(mechanism), struct.pack("!I", len(response)), response)


def sasl_next(response: bytes) -> bytes:
    return message(b"p", response)


def query(statement: str) -> bytes:
    """Return a request to run statements, in the simple way."""
    return message(b"Q", text(statement))


def one_statement(statement: str, most_rows: int) -> bytes:
    """Return the request for one statement's first rows, as text.

    The extended way: the server itself refuses a second statement, such as a COMMIT.
    """
    return b"".join(
        (
            message(b"P", b"\0", text(statement), b"\0\0"),
            message(b"B", b"\0\0", b"\0" * 6),
            message(b"E", b"\0", struct.pack("!I", most_rows)),
            message(b"S"),
        )
    )


def hashed(username: str, secret: str, salt: bytes) -> bytes:
    """Return a password as the method `md5` has it."""
    inner = hashlib.md5(secret.encode() + username.encode(), usedforsecurity=False).hexdigest()
    outer = hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest()
    return b"md5" + outer.encode()


def read_refusal(payload: bytes) -> Refusal:
    """Return what an error says; what is malformed in it is left out."""
    fields = {part[:1]: part[1:] for part in payload.split(b"\0", _MOST_FIELDS) if part}
    state = fields.get(b"C", b"").decode(errors="replace")
    return Refusal(state=state, message=fields.get(b"M", b"").decode(errors="replace"))


def read_texts(payload: bytes) -> list[bytes]:
    """Return the texts that each end in NUL."""
    if not payload.endswith(b"\0"):
        raise Malformed("a text without its end")
    return payload[:-1].split(b"\0")


def read_method(payload: bytes) -> tuple[int, bytes]:
    """Return which proof an authentication message asks for, and what belongs to it."""
    if len(payload) < 4:
        raise Malformed("an authentication message without a method")
    return int.from_bytes(payload[:4]), payload[4:]


def read_mechanisms(octets: bytes) -> tuple[str, ...]:
    """Return the names of SASL that a server lists."""
    names: Iterable[bytes] = read_texts(octets)
    return tuple(name.decode("ascii", "replace") for name in names if name)


def read_first_column(payload: bytes) -> bytes | None:
    """Return the first value of a row, None for NULL. Other values are not looked at."""
    if len(payload) < 2:
        raise Malformed("a row without its number of columns")
    if not int.from_bytes(payload[:2]):
        return None
    size = int.from_bytes(payload[2:6], signed=True)
    if size < -1 or len(payload) < 6 + max(size, 0):
        raise Malformed("a row that is shorter than it says")
    return None if size == -1 else payload[6 : 6 + size]
