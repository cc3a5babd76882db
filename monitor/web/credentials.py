"""Who may read what is not public: users with bcrypt hashes, client certificates."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import bcrypt

# bcrypt reads no further; its Python library refuses what is longer, htpasswd cuts it off.
_BCRYPT_BYTES = 72
# Comparing takes a tenth of a second of a core. Whoever guesses must not have them all.
_AT_A_TIME = 1
_WAITING = 16


class ClientAuth(StrEnum):
    """What is asked of clients, in the words of the exporter-toolkit.

    Its RequestClientCert and RequireAnyClientCert take certificates unverified. They prove
    nothing, and are not offered.
    """

    NONE = "NoClientCert"
    IF_GIVEN = "VerifyClientCertIfGiven"
    REQUIRED = "RequireAndVerifyClientCert"


class TlsVersion(StrEnum):
    """The oldest version that is spoken."""

    TLS12 = "TLS12"
    TLS13 = "TLS13"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsServerConfig:
    """`client_ca_file` verifies client certificates; `client_auth` other than NONE needs it."""

    cert_file: Path
    key_file: Path
    client_ca_file: Path | None = None
    client_auth: ClientAuth = ClientAuth.NONE
    min_version: TlsVersion = TlsVersion.TLS12

    def __post_init__(self) -> None:
        if (self.client_auth is ClientAuth.NONE) is not (self.client_ca_file is None):
            raise ValueError("client_ca_file and client_auth_type go together")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """A web-config file, validated. `users` maps a name to a bcrypt hash."""

    tls: TlsServerConfig | None = None
    users: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def asks_for_a_credential(self) -> bool:
        """Say whether nobody gets in without proof of who they are."""
        return bool(self.users) or (
            self.tls is not None and self.tls.client_auth is ClientAuth.REQUIRED
        )


class TooManyAttempts(Exception):
    """So many passwords wait to be compared that another one is not taken."""


class Authenticator:
    """Compares passwords, in a thread and one at a time.

    A user's last accepted password is remembered as a keyed hash, so that a scrape costs no
    bcrypt. Wrong ones are not remembered: guessing stays slow. An unknown user costs the same.
    """

    def __init__(
        self, users: Mapping[str, str], compare: Callable[[bytes, str], bool] | None = None
    ) -> None:
        self._users = dict(users)
        self._compares = compare or is_password
        self._decoy = next(iter(self._users.values()), "")
        self._key = secrets.token_bytes(32)
        self._accepted: dict[str, bytes] = {}
        self._turn = asyncio.Semaphore(_AT_A_TIME)
        self._waiting = 0

    @property
    def has_users(self) -> bool:
        """Say whether a password is asked for."""
        return bool(self._users)

    def replace(self, users: Mapping[str, str]) -> None:
        """Take other users, or other passwords. What was accepted before is compared again."""
        self._users = dict(users)
        self._decoy = next(iter(self._users.values()), "")
        self._accepted.clear()

    async def admits(self, authorization: str | None) -> bool:
        """Say whether this Authorization header names a user with the right password.

        Raise TooManyAttempts instead of letting a queue grow.
        """
        if not self._users:
            return True
        given = basic(authorization)
        if given is None:
            return False
        user, password = given
        digest = hmac.digest(self._key, password, hashlib.sha256)
        if hmac.compare_digest(self._accepted.get(user, b""), digest):
            return True
        if not await self._compare(user, password):
            return False
        self._accepted[user] = digest
        return True

    async def _compare(self, user: str, password: bytes) -> bool:
        if self._waiting >= _WAITING:
            raise TooManyAttempts
        self._waiting += 1
        try:
            async with self._turn:
                stored = self._users.get(user, self._decoy)
                equal = await asyncio.to_thread(self._compares, password, stored)
        finally:
            self._waiting -= 1
        return equal and user in self._users


def basic(authorization: str | None) -> tuple[str, bytes] | None:
    """Return user and password of a Basic header (RFC 7617), or None if it is none."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (user.decode(), password) if colon else None
    except (binascii.Error, ValueError):
        return None


def is_password(password: bytes, stored: str) -> bool:
    """Say whether `password` has the bcrypt hash `stored`. Takes a tenth of a second."""
    try:
        return bcrypt.checkpw(password[:_BCRYPT_BYTES], stored.encode())
    except ValueError:
        return False
