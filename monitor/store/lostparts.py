"""What a backup that is put back lacks of sealed hours, though the ledger tells of them."""

import json
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from monitor.domain.instant import microseconds
from monitor.store.asked import tuples
from monitor.store.ledger import entries
from monitor.store.schema import sealed_hour, sealed_part, vantage_name


def mark_lost_parts(connection: Connection, size: int, at: datetime) -> None:
    """Note the parts of which entries from number `size` on tell: their rows are in no backup.

    What the backup has of these hours is sealed as another part, and so is what it had begun.
    """
    numbers = dict(tuples(connection, _VANTAGES))
    for number, body in entries(connection, size):
        told = json.loads(body)
        if told.get("type") != "hour" or told["vantage"] not in numbers:
            continue
        lost = {
            "vantage_id": numbers[told["vantage"]],
            "hour": told["hour"],
            "part": told["part"],
        }
        _move_aside(connection, lost)
        row = {**lost, "entry": number, "restored_at": microseconds(at)}
        connection.execute(insert(sealed_part), row)


def _move_aside(connection: Connection, lost: dict[str, int]) -> None:
    """Have the part that was being sealed when the backup was made be the next one of its hour.

    No entry stands for its rows yet.
    """
    newest = select(func.max(sealed_part.c.part)).where(
        sealed_part.c.vantage_id == lost["vantage_id"], sealed_part.c.hour == lost["hour"]
    )
    found = connection.execute(newest).scalar()
    if found is None or found < lost["part"]:
        return
    for table in (sealed_part, sealed_hour):
        of_part = [table.c[name] == value for name, value in {**lost, "part": found}.items()]
        connection.execute(update(table).where(*of_part).values(part=lost["part"] + 1))


_VANTAGES = select(vantage_name.c.name, vantage_name.c.id)
