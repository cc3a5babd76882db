"""SCRAM-SHA-256, the client's side (RFC 5802, 7677), with and without channel binding.

Both sides prove that they know the password, and neither sends it. What a server may ask for is
bounded: its count of iterations is the work that it makes us do.
"""

import hashlib
import hmac
import re
import secrets
import stringprep
import unicodedata
from base64 import b64decode, b64encode
from binascii import Error as NoBase64

NAME, PLUS = "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"

# More are an attack on our processor: these take a quarter of a second. Few would help who listens
# to guess the password; but we speak over verified TLS, or where that is allowed to be read.
MOST_ITERATIONS = 600_000
_LARGEST = 4096
_FIRST = re.compile(r"r=([!-+\--~]{1,1024}),s=([A-Za-z0-9+/=]{1,1024}),i=([1-9][0-9]{0,9})(?:,|\Z)")
_FINAL = re.compile(r"v=([A-Za-z0-9+/=]{1,128})(?:,|\Z)")
_ERROR = re.compile(r"e=([ -~]{1,100})")


class Unacceptable(ValueError):
    """A server's message that is malformed, asks too much, or proves nothing."""


class Scram:
    """One exchange. `binding` is what tells our end of the channel, None without one.

    `could_bind` says that we could have bound, had the server offered it: it then notices who
    took its offer away (RFC 5802, 6).
    """

    def __init__(
        self,
        password: str,
        *,
        binding: bytes | None = None,
        could_bind: bool = False,
        nonce: str | None = None,
        username: str = "",
    ) -> None:
        self._password = prepared(password)
        self._nonce = nonce or b64encode(secrets.token_bytes(18)).decode()
        flag = "p=tls-server-end-point" if binding is not None else "y" if could_bind else "n"
        self._header = f"{flag},,"
        self._binding = self._header.encode() + (binding or b"")
        self._bare = f"n={username},r={self._nonce}"
        self._signature = b""

    def first(self) -> bytes:
        """Return what the client says first."""
        return (self._header + self._bare).encode()

    def final(self, server_first: bytes) -> bytes:
        """Return our proof. It takes long: keep it off the loop. Raises Unacceptable."""
        said = _text(server_first)
        match = _FIRST.match(said)
        if match is None:
            raise Unacceptable("its first message is malformed")
        nonce, salt, count = match[1], _decoded(match[2]), int(match[3])
        if not nonce.startswith(self._nonce) or nonce == self._nonce:
            raise Unacceptable("it did not add to our nonce")
        if count > MOST_ITERATIONS:
            raise Unacceptable(
                f"it asks for {count} iterations, at most {MOST_ITERATIONS} are made"
            )
        bare = f"c={b64encode(self._binding).decode()},r={nonce}"
        signed = f"{self._bare},{said},{bare}".encode()
        salted = hashlib.pbkdf2_hmac("sha256", self._password, salt, count)
        client_key = _hmac(salted, b"Client Key")
        proof = _xor(client_key, _hmac(hashlib.sha256(client_key).digest(), signed))
        self._signature = _hmac(_hmac(salted, b"Server Key"), signed)
        return f"{bare},p={b64encode(proof).decode()}".encode()

    def verify(self, server_final: bytes) -> None:
        """Raise Unacceptable unless the server proves that it knows the password, too."""
        said = _text(server_final)
        if error := _ERROR.match(said):
            raise Unacceptable(f"it says {error[1]!r}")
        match = _FINAL.match(said)
        if match is None or not self._signature:
            raise Unacceptable("its last message is malformed")
        if not hmac.compare_digest(_decoded(match[1]), self._signature):
            raise Unacceptable("its signature is wrong: it does not know the password")


def prepared(password: str) -> bytes:
    """Return the password as both sides take it (SASLprep, RFC 4013).

    One that it forbids is taken as it is: so does PostgreSQL, which let it be chosen.
    """
    mapped = "".join(
        " " if stringprep.in_table_c12(each) else each
        for each in password
        if not stringprep.in_table_b1(each)
    )
    text = unicodedata.normalize("NFKC", mapped)
    return (password if not text or _forbidden(text) else text).encode()


_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,
)


def _forbidden(text: str) -> bool:
    if any(prohibits(each) for each in text for prohibits in _PROHIBITED):
        return True
    if not any(map(stringprep.in_table_d1, text)):
        return False
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return not ends or any(map(stringprep.in_table_d2, text))


def _text(octets: bytes) -> str:
    if len(octets) > _LARGEST or not octets.isascii():
        raise Unacceptable(f"a message of {len(octets)} bytes that is none of SCRAM")
    return octets.decode()


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except NoBase64:
        raise Unacceptable("its message holds no base64") from None


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
