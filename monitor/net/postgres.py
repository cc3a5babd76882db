"""A visit to PostgreSQL, or to what speaks its protocol, such as PgBouncer. Raises NetError.

Nothing is set that outlives the transaction: behind a pooler the session is somebody else's next.
"""

import asyncio
from contextlib import suppress
from typing import NoReturn

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net import postgreswire as wire
from monitor.net.errors import NetError
from monitor.net.reader import Reader
from monitor.net.scram import NAME, PLUS, Scram, Unacceptable
from monitor.net.sql import (
    ASKS_FOR_NOTHING,
    LARGEST_ANSWER,
    MOST_ROWS,
    STRANGER,
    Answer,
    Refused,
    SqlHeard,
    Visitor,
    fail,
    milliseconds_for,
    too_much,
    turned_away,
)

_LARGEST = 16_384  # of a message
_SHOWN = 100
_OK, _CLEARTEXT, _MD5, _SASL, _SASL_CONTINUE, _SASL_FINAL = 0, 3, 5, 10, 11, 12
_METHODS = {
    2: "Kerberos",
    _CLEARTEXT: "a readable password",
    _MD5: "a password hashed with MD5",
    6: "credentials of a Unix socket",
    7: "GSSAPI",
    9: "SSPI",
    _SASL: "SASL",
}
_KEPT = {b"server_version", b"in_hot_standby"}
_ROLE = "SELECT pg_is_in_recovery()"


class Postgres:
    """A client of protocol 3.0. Without a database the server opens that of the user's name."""

    def __init__(self, reader: Reader, heard: SqlHeard, database: str | None) -> None:
        self.reader = reader
        self._heard = heard
        self._database = database
        self._parameters: dict[bytes, bytes] = {}
        self._in_session = False
        self._in_transaction = False
        self._at_rest = False  # nothing is on its way that belongs to an earlier question

    async def greeting(self) -> None:
        """Hear nothing: here the client speaks first."""

    async def start_tls(self) -> None:
        """Ask for TLS, and hear that the handshake may begin."""
        await self.reader.send(wire.SSL_REQUEST)
        said = await self.reader.exactly(1)
        if said == b"N":
            raise self.reader.failure("the server does not offer TLS", FailureKind.STARTTLS)
        if said != b"S":  # E: it has no process for us, or is older than SSL
            awaited, all_of_it = "S to a request for TLS", said + bytes(self.reader.buffered)
            raise self.reader.unexpected(awaited, all_of_it, FailureKind.STARTTLS)

    async def knock(self) -> None:
        """Come as a stranger, and hear what is asked of him, or why he may not come in."""
        try:
            method, rest = await self._begin(STRANGER)
            if method == _OK:
                await self._ready()
                self._heard.asks = ASKS_FOR_NOTHING
            else:
                self._heard.asks = self._asked(method, rest)
        except Refused as refused:
            turned_away(self.reader, self._heard, refused.refusal)

    async def log_in(self, visitor: Visitor) -> None:
        """Prove who we are, and let the server prove that it knew, where the method has it so."""
        try:
            method, rest = await self._begin(visitor.username)
            await self._prove(method, rest, visitor)
            await self._ready()
        except Refused as refused:
            fail(self.reader, refused.refusal, "login")
        self._heard.logged_in = True

    async def look_at_role(self) -> None:
        """Learn whether this is a replica. Inside a transaction."""
        told = self._parameters.get(b"in_hot_standby")  # from PostgreSQL 14 on, by no pooler
        if told is not None:
            self._heard.replica = told == b"on"
            return
        answer = await self._first(_ROLE)
        self._heard.replica = answer.value == "t"

    async def begin(self, deadline: float) -> None:
        """Begin a transaction that writes nothing, and whose statements end in time."""
        longest = milliseconds_for(deadline)
        limits = f"BEGIN READ ONLY; SET LOCAL statement_timeout = {longest}"
        self._in_transaction = True
        await self._told(wire.query(limits))

    async def ask(self, statement: str) -> None:
        """Run one statement, and keep what it found."""
        self._heard.answer = await self._first(statement)

    async def leave(self) -> None:
        """Say good-bye. Before a login there is none: the server would log a broken rule."""
        if not self._in_session:
            return
        if self._in_transaction and self._at_rest:  # else a pooler would drop its connection
            await self._told(wire.query("ROLLBACK"))
        await self.reader.send(wire.TERMINATE)

    async def _begin(self, username: str) -> tuple[int, bytes]:
        parameters = {"user": username, "application_name": "pantau", "client_encoding": "UTF8"}
        if self._database is not None:
            parameters["database"] = self._database
        await self.reader.send(wire.startup(parameters))
        return await self._method()

    async def _method(self) -> tuple[int, bytes]:
        """Return what the server wants next of who logs in."""
        while True:
            tag, payload = await self._message()
            if tag == wire.AUTHENTICATION:
                break
            if tag not in {wire.NOTICE, wire.VERSIONS}:
                raise self.reader.unexpected("a message about the login", tag + payload)
        try:
            return wire.read_method(payload)
        except wire.Malformed as error:
            raise self.reader.failure(str(error)) from None

    def _asked(self, method: int, rest: bytes) -> str:
        if method == _SASL:
            return _listed(self._mechanisms(rest))
        return _METHODS.get(method, f"method {method}")

    def _mechanisms(self, octets: bytes) -> tuple[str, ...]:
        try:
            return wire.read_mechanisms(octets)
        except wire.Malformed as error:
            raise self.reader.failure(f"the list of mechanisms: {error}") from None

    async def _prove(self, method: int, rest: bytes, visitor: Visitor) -> None:
        if method == _OK:
            return
        if method == _CLEARTEXT:
            await self.reader.send(wire.password(visitor.password.encode()))
        elif method == _MD5 and len(rest) == 4:
            hashed = wire.hashed(visitor.username, visitor.password, rest)
            await self.reader.send(wire.password(hashed))
        elif method == _SASL:
            await self._scram(self._mechanisms(rest), visitor.password)
        else:
            detail = f"login: the server asks for {self._asked(method, rest)}, which is not spoken"
            raise self.reader.failure(detail, FailureKind.STATUS)
        await self._expect(_OK)

    async def _scram(self, mechanisms: tuple[str, ...], password: str) -> None:
        binding = self._channel()
        name = PLUS if binding is not None and PLUS in mechanisms else NAME
        if name not in mechanisms:
            detail = f"login: the server offers {_listed(mechanisms)}, none of which is spoken"
            raise self.reader.failure(detail, FailureKind.STATUS)
        scram = Scram(
            password,
            binding=binding if name == PLUS else None,
            could_bind=binding is not None,
        )
        await self.reader.send(wire.sasl_first(name, scram.first()))
        try:
            challenge = await self._expect(_SASL_CONTINUE)
            proof = await asyncio.to_thread(scram.final, challenge)
            await self.reader.send(wire.sasl_next(proof))
            scram.verify(await self._expect(_SASL_FINAL))
        except Unacceptable as error:
            raise self.reader.failure(f"login: the server's part of SCRAM: {error}") from None

    def _channel(self) -> bytes | None:
        """Return what tells this channel from another, None unless the certificate was verified."""
        tls = self.reader.stream.trace.tls
        return end_point(tls.pair[0]) if tls is not None and tls.pair else None

    async def _expect(self, wanted: int) -> bytes:
        method, rest = await self._method()
        if method != wanted:
            raise self.reader.failure(f"login: expected step {wanted}, the server takes {method}")
        return rest

    async def _ready(self) -> None:
        """Take in what the server tells at the beginning of a session."""
        self._in_session = True
        while True:
            tag, payload = await self._message()
            if tag == wire.READY:
                return
            if tag == wire.PARAMETER:
                self._keep(payload)
            elif tag not in {wire.KEY_DATA, wire.NOTICE, wire.VERSIONS}:
                raise self.reader.unexpected("the beginning of a session", tag + payload)

    def _keep(self, payload: bytes) -> None:
        name, _, value = payload.removesuffix(b"\0").partition(b"\0")
        if name in _KEPT:
            self._parameters[name] = value
        if name == b"server_version":
            self._heard.version = visible_text(value, _SHOWN)

    async def _first(self, statement: str) -> Answer:
        """Run one statement; return what it found."""
        rows = await self._told(wire.one_statement(statement, MOST_ROWS))
        try:
            value = wire.read_first_column(rows[0]) if rows else None
        except wire.Malformed as error:
            raise self.reader.failure(str(error)) from None
        return Answer(
            value=None if value is None else value.decode(errors="replace"), rows=len(rows)
        )

    async def _told(self, question: bytes) -> list[bytes]:
        """Return the rows that answer a question, once the server is ready for more."""
        self._at_rest = False
        await self.reader.send(question)
        rows: list[bytes] = []
        size, running = 0, False
        while True:
            tag, length = await self._head()
            if tag == wire.DATA_ROW:
                size += length
            if size > LARGEST_ANSWER:
                too_much(self.reader)
            payload = await self.reader.exactly(length)
            if tag == wire.READY:
                self._at_rest = True
                return rows
            if tag == wire.ERROR:
                await self._failed(payload, running=running)
            running |= tag == wire.BOUND
            if tag == wire.DATA_ROW:
                rows.append(payload)
            elif tag == wire.PARAMETER:
                self._keep(payload)
            elif tag not in _AROUND_ROWS:
                raise self.reader.failure("query: it returns no rows", FailureKind.STATUS)

    async def _failed(self, payload: bytes, *, running: bool) -> NoReturn:
        """Raise NetError for an error, once the server is ready for more, if it ever is.

        `running` says that a statement had been prepared, with leave to read what it names.
        """
        with suppress(NetError):
            while not self._at_rest:
                tag, length = await self._head()
                await self.reader.exactly(length)
                self._at_rest = tag == wire.READY
        refusal = wire.read_refusal(payload)
        kind = FailureKind.TIMEOUT if refusal.state == "57014" else FailureKind.STATUS
        told = refusal.about_query(running=running)
        raise self.reader.failure(f"query: the server says {told}", kind)

    async def _message(self) -> tuple[bytes, bytes]:
        """Return the next message. Raises Refused for an error."""
        tag, length = await self._head()
        payload = await self.reader.exactly(length)
        if tag == wire.ERROR:
            raise Refused(wire.read_refusal(payload))
        return tag, payload

    async def _head(self) -> tuple[bytes, int]:
        """Return a message's tag, and how many bytes come behind its length."""
        head = await self.reader.exactly(5)
        length = int.from_bytes(head[1:]) - 4
        if not 0 <= length <= _LARGEST:
            if head[:1] == wire.DATA_ROW and length > 0:
                too_much(self.reader)
            said = head + bytes(self.reader.buffered)
            raise self.reader.unexpected("an answer of PostgreSQL", said)
        return head[:1], length


# A statement's beginning and end, and what may stand between: ParseComplete, BindComplete,
# the description of rows in the simple way, notices.
_AROUND_ROWS = {
    b"1",
    wire.BOUND,
    b"T",
    wire.COMPLETE,
    wire.SUSPENDED,
    wire.EMPTY,
    wire.NOTICE,
    wire.NOTIFICATION,
}


def _listed(mechanisms: tuple[str, ...]) -> str:
    return visible_text(", ".join(mechanisms), _SHOWN) or "nothing"


def end_point(certificate: bytes) -> bytes | None:
    """Return what tells a channel by its server's certificate (DER; RFC 5929, 4.1).

    None where that is not defined, as with Ed25519, or the certificate can't be read.
    """
    try:
        algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    except ValueError:
        return None
    if algorithm is None:
        return None
    if isinstance(algorithm, hashes.MD5 | hashes.SHA1):
        algorithm = hashes.SHA256()
    digest = hashes.Hash(algorithm)
    digest.update(certificate)
    return digest.finalize()
