"""One visit to an SQL server: what checks of PostgreSQL and MySQL have in common."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from monitor.conditions.databaseattempt import Plan, Secure, certificate_of, visit, visit_of
from monitor.conditions.sql import SqlConditions, judge, number, role
from monitor.domain.observation import Outcome, Series, series
from monitor.fields.sqlkeys import Rows, SqlKeys
from monitor.net.errors import NetError
from monitor.net.network import Network
from monitor.net.reader import Reader
from monitor.net.sql import SqlHeard, SqlSession, Visitor
from monitor.net.visit import Security

_VALUE = series("pantau_query_value")
_ROWS = series("pantau_query_rows")
# More than an answer of the largest size, and what the kernel hands over in one piece.
_LARGEST = 131_072

Speak = Callable[[Reader, SqlHeard, str | None], SqlSession]
"""Makes a session of one protocol; the text names the database to open."""


async def visit_sql(
    network: Network, keys: SqlKeys, speak: Speak, *alpn: str, deadline: float, now: datetime
) -> Outcome:
    """Make the visit that a check's keys ask for, and judge it.

    `alpn` is what to offer where TLS comes first. `deadline` is a reading of `time.monotonic`,
    `now` the wall clock.
    """
    plan = plan_of(keys, speak, *alpn, deadline=deadline)
    return await visit(network, plan, keys.ip, deadline=deadline, now=now)


def plan_of(keys: SqlKeys, speak: Speak, *alpn: str, deadline: float) -> Plan[SqlHeard]:
    """Return what the visit consists of."""
    visitor, conditions = visitor_of(keys), conditions_of(keys)
    where = visit_of(keys, *alpn)

    async def converse(reader: Reader, heard: SqlHeard, secure: Secure) -> None:
        session = speak(reader, heard, keys.database)
        await session.greeting()
        if where.security is Security.STARTTLS:
            await session.start_tls()
            await secure()
        try:
            await _errand(session, keys, visitor, deadline)
        finally:
            # Everything has been learned by then; after the deadline nothing is sent any more.
            with suppress(NetError):
                await session.leave()

    return Plan(
        visit=where,
        certificate=certificate_of(keys),
        listen=SqlHeard,
        converse=converse,
        judge=lambda heard, seconds: judge(conditions, heard, seconds),
        shown=_shown,
        measured=_measured,
        largest=_LARGEST,
        secrets=() if visitor is None else (visitor.password,),
    )


async def _errand(
    session: SqlSession, keys: SqlKeys, visitor: Visitor | None, deadline: float
) -> None:
    if visitor is None:
        await session.knock()
        return
    await session.log_in(visitor)
    if keys.query is None and keys.expect.role is None:
        return
    await session.begin(deadline)
    if keys.expect.role is not None:
        await session.look_at_role()
    if keys.query is not None:
        await session.ask(keys.query)


def visitor_of(keys: SqlKeys) -> Visitor | None:
    """Return who logs in, with the password as it is now."""
    if keys.login is None:
        return None
    return Visitor(username=keys.login.username, password=keys.login.password.reveal())


def conditions_of(keys: SqlKeys) -> SqlConditions:
    """Return the conditions that a check's keys hold."""
    expect = keys.expect
    return SqlConditions(
        replica=None if expect.role is None else expect.role == "replica",
        value=expect.value,
        value_matches=expect.value_matches,
        value_min=expect.value_min,
        value_max=expect.value_max,
        rows=_bounds(expect.rows),
        max_seconds=expect.max_seconds,
    )


def _bounds(rows: int | Rows | None) -> tuple[int | None, int | None]:
    if isinstance(rows, Rows):
        return rows.min, rows.max
    return rows, rows


def _shown(heard: SqlHeard) -> dict[str, Any]:
    """Return as facts what was heard; what a query returned is none of them."""
    found: dict[str, Any] = {}
    if heard.version is not None:
        found["version"] = heard.version
    if heard.asks is not None:
        found["asks_for"] = heard.asks
    if heard.refused is not None:
        found["refused"] = heard.refused
    if heard.logged_in:
        found["login"] = "accepted"
    if heard.replica is not None:
        found["role"] = role(heard.replica)
    if heard.answer is not None:
        found["rows"] = heard.answer.rows
    return found


def _measured(heard: SqlHeard) -> dict[Series, float]:
    answer = heard.answer
    if answer is None:
        return {}
    found = {_ROWS: float(answer.rows)}
    value = number(answer.value)
    if value is not None:
        found[_VALUE] = value
    return found
