"""A visit to MySQL or MariaDB. Everything raises NetError.

A visit is never ended between greeting and login: a server counts that against our address, and
shuts it out after max_connect_errors of them. A stranger who is refused is not counted so.
"""

from typing import NoReturn

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net import mysqlwire as wire
from monitor.net.reader import Reader, shown
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

_LARGEST = 16_384  # of a packet
_MOST_COLUMNS = 1000
_SHOWN = 100
_MOST_STEPS = 5  # of a login
_UNKNOWN_VARIABLE = 1193
_OUT_OF_TIME = (1317, 1969, 3024)  # interrupted; max_statement_time; max_execution_time
_READ_ONLY = "SELECT @@global.read_only"
_WRITABLE = ("0", "OFF")  # MariaDB 12 names what it once numbered


class MySql:
    """A client of protocol 10. Without a database none is opened."""

    def __init__(self, reader: Reader, heard: SqlHeard, database: str | None) -> None:
        self.reader = reader
        self._heard = heard
        self._database = database
        self._number = 0  # of the next packet
        self._greeting: wire.Greeting | None = None
        self._ours = wire.ours(database)
        self._in_session = False

    @classmethod
    def behind_tls(cls, reader: Reader) -> "MySql":
        """Return a session for who has made TLS by OVER_TLS, and did not keep the greeting."""
        session = cls(reader, SqlHeard(), None)
        session._ours, session._number = wire.OVER_TLS, 2
        session._greeting = wire.Greeting(
            version="", can=wire.OVER_TLS, nonce=b"", method=wire.NATIVE
        )
        return session

    async def greeting(self) -> None:
        """Hear the greeting, or why there is none."""
        payload = await self._greeted()
        if payload[:1] == bytes([wire.ERROR]):
            refusal = wire.read_refusal(payload)
            raise self.reader.failure(f"the server says {refusal}", FailureKind.STATUS)
        try:
            self._greeting = greeting = wire.read_greeting(payload)
        except wire.Malformed:
            raise self._no_greeting(payload) from None
        self._heard.version = visible_text(greeting.version, _SHOWN)

    async def _greeted(self) -> bytes:
        head = await self.reader.exactly(4)
        length = int.from_bytes(head[:3], "little")
        if head[3] or not 0 < length <= _LARGEST:
            raise self._no_greeting(head + bytes(self.reader.buffered))
        self._number = 1
        return await self.reader.exactly(length)

    def _no_greeting(self, said: bytes) -> Exception:
        return self.reader.unexpected("a greeting of protocol 10", said, FailureKind.BANNER)

    async def start_tls(self) -> None:
        """Ask for TLS. The server says nothing to that: the handshake may begin."""
        if wire.Can.TLS not in self._said.can:
            version = shown(self._said.version.encode())
            raise self.reader.failure(
                f"the server does not offer TLS; it is {version}", FailureKind.STARTTLS
            )
        self._ours |= wire.Can.TLS
        await self._send(wire.tls_request(self._ours))

    @property
    def _said(self) -> wire.Greeting:
        assert self._greeting is not None, "the greeting comes first"  # noqa: S101
        return self._greeting

    async def knock(self) -> None:
        """Come as a stranger, and hear that he may not come in, or that he may."""
        try:
            await self._log_in(Visitor(username=STRANGER))
            self._heard.asks = ASKS_FOR_NOTHING
        except Refused as refused:
            turned_away(self.reader, self._heard, refused.refusal)

    async def log_in(self, visitor: Visitor) -> None:
        """Prove who we are."""
        try:
            await self._log_in(visitor)
        except Refused as refused:
            fail(self.reader, refused.refusal, "login")
        self._heard.logged_in = True

    async def _log_in(self, visitor: Visitor) -> None:
        method, nonce = self._said.method, self._said.nonce
        if method not in _PROOFS:
            method = wire.NATIVE  # the server switches to its own
        proof = _PROOFS[method](visitor.password, nonce)
        await self._send(wire.response(self._ours, visitor.username, proof, method, self._database))
        for _ in range(_MOST_STEPS):
            payload = await self._packet()
            first = payload[:1]
            if first == bytes([wire.OK]):
                self._in_session = True
                return
            if first == bytes([wire.SWITCH]):
                method, nonce = wire.read_switch(payload)
                await self._switched(method, nonce, visitor)
            elif first == bytes([wire.MORE]) and method == wire.SHA2:
                await self._fully(payload[1:], visitor)
            else:
                raise self.reader.unexpected("a step of the login", payload)
        raise self.reader.failure(f"login: no end of it after {_MOST_STEPS} steps")

    async def _switched(self, method: str, nonce: bytes, visitor: Visitor) -> None:
        """Prove it in the way that the server has for this account."""
        if not visitor.password:
            # To the other method an empty password is one byte.
            await self._send(b"\0" if method == wire.SHA2 else b"")
            return
        prove = _PROOFS.get(method)
        if prove is None:
            await self._send(b"")  # an answer, so that the visit is not counted against us
            name = shown(method.encode())
            detail = f"login: the account's method is {name}, which is not spoken"
            raise self.reader.failure(detail, FailureKind.STATUS)
        await self._send(prove(visitor.password, nonce))

    async def _fully(self, said: bytes, visitor: Visitor) -> None:
        """Send the password itself, when the server does not remember it, and over TLS alone."""
        if said == wire.FAST_OK:
            return
        if said != wire.FULL:
            raise self.reader.unexpected("a step of caching_sha2_password", said)
        if wire.Can.TLS not in self._ours:
            detail = (
                "login: the server does not remember the password (caching_sha2_password) and "
                "asks for it in full, which needs TLS: set tls: starttls"
            )
            raise self.reader.failure(detail, FailureKind.STATUS)
        await self._send(visitor.password.encode() + b"\0")

    async def begin(self, deadline: float) -> None:
        """Let every statement of the session write nothing, and end in time."""
        longest = milliseconds_for(deadline)
        if "MariaDB" in self._said.version:
            limit = f"max_statement_time = {longest / 1000:.3f}"
        else:
            limit = f"max_execution_time = {longest}"
        await self._run(f"SET SESSION {limit}", forgiven=(_UNKNOWN_VARIABLE,))
        await self._run(f"SET SESSION sql_select_limit = {MOST_ROWS}")
        # Of the session: the implicit commit in front of a CREATE or DROP would end what a
        # START TRANSACTION READ ONLY began, and MariaDB then runs it.
        await self._run("SET SESSION TRANSACTION READ ONLY")

    async def look_at_role(self) -> None:
        """Learn whether this server takes writes: a replica, as it should be, does not."""
        answer = await self._first(_READ_ONLY)
        self._heard.replica = answer.value not in _WRITABLE

    async def ask(self, statement: str) -> None:
        """Run one statement, and keep what it found."""
        self._heard.answer = await self._first(statement)

    async def leave(self) -> None:
        """Say good-bye."""
        if self._in_session:
            await self._command(wire.QUIT)

    async def _run(self, statement: str, forgiven: tuple[int, ...] = ()) -> None:
        await self._command(wire.QUERY + statement.encode())
        try:
            await self._packet()
        except Refused as refused:
            if refused.refusal.number not in forgiven:
                self._query_failed(refused)

    async def _first(self, statement: str) -> Answer:
        """Run one statement; return what it found."""
        await self._command(wire.QUERY + statement.encode())
        try:
            rows = await self._rows()
        except Refused as refused:
            self._query_failed(refused)
        except wire.Malformed as error:
            raise self.reader.failure(f"query: {error}") from None
        value = rows[0] if rows else None
        return Answer(
            value=None if value is None else value.decode(errors="replace"), rows=len(rows)
        )

    async def _rows(self) -> list[bytes | None]:
        """Return the first column of what a query found."""
        payload = await self._packet()
        if payload[:1] in {bytes([wire.OK]), bytes([wire.LOCAL_FILE])}:
            raise self.reader.failure("query: it returns no rows", FailureKind.STATUS)
        count = wire.read_count(payload)
        if count > _MOST_COLUMNS:
            raise self.reader.failure(f"query: it returns {count} columns", FailureKind.TOO_LARGE)
        for _ in range(count + 1):  # what each column is, and the end of that
            await self._packet()
        found: list[bytes | None] = []
        size = 0
        while not wire.is_end(payload := await self._packet()):
            size += len(payload)
            if size > LARGEST_ANSWER:
                too_much(self.reader)
            found.append(wire.read_first_column(payload))
        return found

    def _query_failed(self, refused: Refused) -> NoReturn:
        refusal = refused.refusal
        kind = FailureKind.TIMEOUT if refusal.number in _OUT_OF_TIME else FailureKind.STATUS
        raise self.reader.failure(f"query: the server says {refusal.about_query()}", kind)

    async def _command(self, payload: bytes) -> None:
        self._number = 0
        await self._send(payload)

    async def _send(self, payload: bytes) -> None:
        await self.reader.send(wire.packet(payload, self._number))
        self._number += 1

    async def _packet(self) -> bytes:
        """Return the payload of the next packet. Raises Refused for an error."""
        head = await self.reader.exactly(4)
        length = int.from_bytes(head[:3], "little")
        if head[3] != self._number & 0xFF:
            raise self.reader.failure(f"packet {head[3]} came, expected {self._number & 0xFF}")
        if length > _LARGEST:
            too_much(self.reader)
        self._number += 1
        payload = await self.reader.exactly(length)
        if payload[:1] == bytes([wire.ERROR]):
            raise Refused(wire.read_refusal(payload))
        return payload


_PROOFS = {wire.NATIVE: wire.native_proof, wire.SHA2: wire.sha2_proof}
