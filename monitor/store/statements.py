"""The statements of the writer, made once for the database at hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Delete,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    case,
    delete,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from monitor.ports import DeliveryState
from monitor.store import schema
from monitor.store.codes import DELIVERY

_PENDING = DELIVERY.code[DeliveryState.PENDING]
_DELIVERED = DELIVERY.code[DeliveryState.DELIVERED]
_SUPERSEDED = DELIVERY.code[DeliveryState.SUPERSEDED]
_DEAD = DELIVERY.code[DeliveryState.DEAD]

_Insert = Callable[[Table], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """An `add_` keeps the row that is there, a `put_` replaces it."""

    add_check: Insert
    add_vantage: Insert
    add_observation: Insert
    add_missed: Insert
    add_transition: Insert
    add_mark: Insert
    add_outbox: Insert
    add_receipt: Insert
    add_note: Insert
    add_correction: Insert
    add_filing: Insert
    add_telling: Insert
    put_meta: Insert
    put_state: Insert
    put_incident: Insert
    put_tally: Insert
    put_service_tally: Insert
    put_push: Insert
    put_silence: Insert
    put_window: Insert
    forget_state: Delete
    open_interval: Select[Any]
    close_interval: Update
    insert_interval: Insert
    clear_affected: Delete
    insert_affected: Insert
    freeze: Update
    settle: Update
    pending_row: Select[Any]
    forget_notification: Delete
    dead_row: Select[Any]
    later_row: Select[Any]
    remove_row: Delete
    add_retry: Insert


def statements(dialect: str) -> Statements:
    """Return the statements for a dialect of SQLAlchemy: `sqlite` or `postgresql`."""
    insert: _Insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    state, interval, outbox = schema.check_state, schema.interval, schema.outbox
    of_check = (
        interval.c.check_id == bindparam("of_check"),
        interval.c.vantage_id == bindparam("of_vantage"),
        interval.c.ended_at.is_(None),
    )
    pending = (outbox.c.id == bindparam("of_row"), outbox.c.state == _PENDING)
    tried = outbox.c.attempts + case((bindparam("new_state") == _SUPERSEDED, 0), else_=1)
    return Statements(
        add_check=_add(insert, schema.check_name),
        add_vantage=_add(insert, schema.vantage_name),
        add_observation=_add(insert, schema.observation),
        add_missed=_add(insert, schema.missed_slot),
        add_transition=_add(insert, schema.transition),
        add_mark=_add(insert, schema.mark),
        add_outbox=_add(insert, schema.outbox),
        add_receipt=_add(insert, schema.receipt),
        add_note=_add(insert, schema.note),
        add_correction=_add(insert, schema.correction),
        add_filing=_add(insert, schema.filed_report),
        add_telling=_add(insert, schema.telling),
        put_meta=_put(insert, schema.meta),
        put_state=_put(insert, state),
        put_incident=_put(insert, schema.incident),
        put_tally=_put(insert, schema.tally),
        put_service_tally=_put(insert, schema.service_tally),
        put_push=_put(insert, schema.push),
        put_silence=_put(insert, schema.silence),
        put_window=_put_window(insert),
        forget_state=delete(state).where(
            state.c.check_id == bindparam("of_check"), state.c.vantage_id == bindparam("of_vantage")
        ),
        open_interval=select(interval.c.number, interval.c.started_at).where(*of_check),
        close_interval=update(interval).where(interval.c.number == bindparam("of_number")),
        insert_interval=insert(interval),
        clear_affected=delete(schema.affected_check).where(
            schema.affected_check.c.incident_id == bindparam("of_incident")
        ),
        insert_affected=insert(schema.affected_check),
        # What was sent once is what every later attempt sends.
        freeze=update(outbox).where(*pending, outbox.c.body.is_(None)),
        settle=update(outbox).where(*pending).values(attempts=tried),
        pending_row=select(outbox.c.receiver, outbox.c.alert).where(*pending),
        forget_notification=delete(outbox).where(
            outbox.c.id == bindparam("of_row"), outbox.c.state != _PENDING
        ),
        dead_row=select(outbox).where(outbox.c.id == bindparam("of_row"), outbox.c.state == _DEAD),
        later_row=_later_row(),
        remove_row=delete(outbox).where(outbox.c.id == bindparam("of_row")),
        add_retry=_add(insert, schema.retry),
    )


def _later_row() -> Select[Any]:
    """Find a later message about the same incidents that reached the receiver, or will."""
    outbox, telling = schema.outbox, schema.telling
    return (
        select(outbox.c.id)
        .join_from(telling, outbox, telling.c.row_id == outbox.c.id)
        .where(
            telling.c.incident_id.in_(bindparam("of_incidents", expanding=True)),
            outbox.c.receiver == bindparam("of_receiver"),
            outbox.c.number > bindparam("of_number"),
            outbox.c.state.in_([_PENDING, _DELIVERED]),
        )
        .limit(1)
    )


def _add(insert: _Insert, table: Table) -> Any:
    # Not every driver says how many of several rows it wrote unless it is asked.
    return insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def _put(insert: _Insert, table: Table) -> Any:
    statement = insert(table)
    keys: Sequence[str] = [column.name for column in table.primary_key]
    changed = {c.name: statement.excluded[c.name] for c in table.c if not c.primary_key}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _put_window(insert: _Insert) -> Any:
    """Return what adds a window, or ends one that is there; it changes nothing else of it."""
    window = schema.maintenance_window
    statement = insert(window)
    ends = ("cancelled_at", "cancelled_by", "cancel_reason")
    return statement.on_conflict_do_update(
        index_elements=["id", "added_at"],
        set_={name: statement.excluded[name] for name in ends},
        where=window.c.cancelled_at.is_(None),
    )
