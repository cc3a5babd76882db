"""Which configurations were in force, and since when, by the entries of the ledger."""

import json

from sqlalchemy import Connection, LargeBinary, func, select

from monitor.domain.instant import instant
from monitor.ports import Configured
from monitor.store.schema import ledger_entry, maintenance_window

# How an entry ends, since its keys are in order. A quote inside of a text is escaped.
_ENDING = b'"type":"config"}'
_BODY = ledger_entry.c.body
_IS_CONFIGURATION = (
    func.substr(_BODY, func.length(_BODY) - len(_ENDING) + 1, type_=LargeBinary) == _ENDING
)


def last_configured(connection: Connection) -> Configured | None:
    """Return the configuration that was in force last, and since when it was without a break.

    None once a maintenance window was ever taken down: from then on those say since when they
    are known, and nothing is sought here.
    """
    if connection.execute(select(maintenance_window.c.id).limit(1)).first() is not None:
        return None
    wanted = select(_BODY).where(_IS_CONFIGURATION)
    last = None
    for row in connection.execute(wanted.order_by(ledger_entry.c.number.desc())):
        entry = json.loads(row.body)
        if last is not None and entry["hash"] != last.hash:
            break
        last = Configured(entry["hash"], instant(entry["at"]))
    return last


def configured_between(connection: Connection, start: int, end: int) -> list[Configured]:
    """Return the configurations that were taken up in [start, end), oldest first."""
    wanted = select(_BODY).where(_IS_CONFIGURATION).order_by(ledger_entry.c.number)
    entries = (json.loads(row.body) for row in connection.execute(wanted))
    return [
        Configured(entry["hash"], instant(entry["at"]))
        for entry in entries
        if start <= entry["at"] < end
    ]
