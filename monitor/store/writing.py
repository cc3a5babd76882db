"""Executes jobs inside the transaction that is open: the order of the tables, row by row."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Table, select

from monitor.domain.check import CheckId
from monitor.domain.deadletter import Retry
from monitor.domain.incident import Incident
from monitor.domain.instant import microseconds
from monitor.domain.state import Transition
from monitor.ports import Change, DeliveryState, Mark
from monitor.store import rows, schema
from monitor.store.corrections import correction_row
from monitor.store.documents import read_alert
from monitor.store.filings import filing_row
from monitor.store.ledger import Ledger, Signing
from monitor.store.pushes import push_rows
from monitor.store.record import (
    configuration_entry,
    correction_entry,
    filing_entry,
    mark_entry,
    note_entry,
    retry_entry,
    silence_entry,
    transition_entry,
    window_entry,
)
from monitor.store.rows import Cosigned, Enqueued, Frozen, HandOver, Job, Names, Row, Settled, Sign
from monitor.store.statements import Statements
from monitor.store.windows import window_row


class Scribe:
    """Writes jobs on one connection for one vantage. A new one is made after a rollback.

    `epoch` is the highest one so far, `rows` how many were written, `conflicts` how many
    observations were there already.
    """

    def __init__(
        self,
        connection: Connection,
        statements: Statements,
        vantage: str,
        epoch: int,
        signing: Signing | None = None,
    ) -> None:
        self.epoch = epoch
        self.conflicts = 0
        self.rows = 0
        self._connection = connection
        self._do = statements
        self._checks = _known(connection, schema.check_name)
        self._vantages = _known(connection, schema.vantage_name)
        self._names = Names(checks=self._checks, vantages=self._vantages)
        self._learn((), (vantage,))
        self._vantage = self._vantages[vantage]
        self._vantage_name = vantage
        self.ledger = Ledger(connection, *(signing or ()))

    def write(self, jobs: Sequence[Job], sequence: int) -> None:
        """Write `jobs` in order. `sequence` is the number of the last one."""
        changes = []
        for job in jobs:
            if isinstance(job, Enqueued):
                changes.append(job)
                continue
            self._write_changes(changes)
            changes = []
            if isinstance(job, Sign):
                self.ledger.sign(job.at)
            elif isinstance(job, HandOver):
                self.ledger.hand_over(job.successor, job.by, job.at)
            elif isinstance(job, Cosigned):
                self.ledger.cosigned(job.size, job.note)
            else:
                self._write_to_outbox(job)
        self._write_changes(changes)
        if changes:
            self.ledger.sign_if_long(changes[-1].at)
        self._run(
            self._do.put_meta,
            [{"name": "sequence", "value": sequence}, {"name": "epoch", "value": self.epoch}],
        )

    def _write_changes(self, changes: Sequence[Enqueued]) -> None:
        self._learn(
            chain.from_iterable(rows.check_names(each.change) for each in changes),
            chain.from_iterable(rows.vantages(each.change) for each in changes),
        )
        for run in rows.runs(changes):
            self._write_run(run)

    def _write_run(self, run: Sequence[Enqueued]) -> None:
        do, names, vantage = self._do, self._names, self._vantage
        changes = [each.change for each in run]
        tallies: list[Row] = []
        for change in changes:
            self.epoch = max(self.epoch, *rows.epochs(change), 0)
            tallies += rows.tally_rows(change.tallies.items(), names, vantage, self.epoch)
        seen = [o for change in changes for o in change.observations]
        self.conflicts += len(seen) - self._run(
            do.add_observation, rows.observation_rows(seen, names)
        )
        missed = (m for change in changes for m in change.missed)
        self._run(do.add_missed, rows.missed_rows(missed, names))
        states = (pair for change in changes for pair in change.states.items())
        self._run(do.put_state, rows.state_rows(states, names, vantage))
        for change in changes:
            self._write_rare(change)
        self._run(
            do.add_outbox,
            [row for each in run for row in rows.outbox_rows(each.change.notifications, each.at)],
        )
        told = [each for change in changes for each in change.notifications]
        self._run(do.add_telling, rows.telling_rows(told))
        for mark in (mark for change in changes for mark in change.marks):
            self._write_mark(mark)
        self._run(do.put_tally, tallies)
        pushes = (p for change in changes for p in change.pushes)
        self._run(do.put_push, push_rows(pushes, names, vantage))
        services = (pair for change in changes for pair in change.service_tallies.items())
        self._run(do.put_service_tally, rows.service_tally_rows(services, vantage))

    def _write_rare(self, change: Change) -> None:
        epoch = max(rows.epochs(change), default=self.epoch)
        for check_id, transition in change.transitions:
            self._write_transition(check_id, transition, epoch)
        for check_id in change.forgotten:
            self._forget(check_id)
        for incident in change.incidents:
            self._write_incident(incident)
        self._write_once(change)
        self._run(self._do.put_silence, [rows.silence_row(each) for each in change.silences])
        self.ledger.add(map(silence_entry, change.silences))
        self._run(self._do.put_window, [window_row(each) for each in change.windows])
        self.ledger.add(map(window_entry, change.windows))
        self.ledger.add(map(configuration_entry, change.configured))
        for row_id in change.forgotten_notifications:
            self._connection.execute(self._do.forget_notification, {"of_row": row_id})
        self._retry(change.retries)

    def _write_once(self, change: Change) -> None:
        """Add what is never changed, each with its entry; what is there already stays."""
        do = self._do
        added = [
            *((do.add_note, rows.note_row(each), note_entry(each)) for each in change.notes),
            *(
                (do.add_correction, correction_row(each), correction_entry(each))
                for each in change.corrections
            ),
            *((do.add_filing, filing_row(each), filing_entry(each)) for each in change.filings),
        ]
        for statement, row, entry in added:
            if self._run(statement, [row]):
                self.ledger.add([entry])

    def _retry(self, retries: Iterable[Retry]) -> None:
        """Let wait again what was given up, in its order, unless later news got past it."""
        found = [
            (row, retry)
            for retry in retries
            for row in self._connection.execute(self._do.dead_row, {"of_row": retry.row_id})
            if not self._is_overtaken(row)
        ]
        for row, retry in sorted(found, key=lambda each: int(each[0].number)):
            self._connection.execute(self._do.remove_row, {"of_row": row.id})
            self._run(self._do.add_outbox, [rows.retried_row(row, retry)])
            self._run(self._do.add_retry, [rows.retry_row(row, retry)])
            self.ledger.add([retry_entry(retry, row.receiver)])

    def _is_overtaken(self, row: Any) -> bool:
        parameters = {
            "of_incidents": sorted(read_alert(row.alert).incidents),
            "of_receiver": row.receiver,
            "of_number": row.number,
        }
        return self._connection.execute(self._do.later_row, parameters).first() is not None

    def _write_transition(self, check_id: CheckId, transition: Transition, epoch: int) -> None:
        """Add a transition, and change the interval with it; one that is there changes nothing."""
        do, check, vantage = self._do, self._checks[check_id], self._vantage
        if not self._run(
            do.add_transition, [rows.transition_row(check, vantage, epoch, transition)]
        ):
            return
        self.ledger.add([transition_entry(check_id, self._vantage_name, epoch, transition)])
        at = microseconds(transition.at)
        current = self._connection.execute(
            do.open_interval, {"of_check": check, "of_vantage": vantage}
        ).first()
        if current is not None:
            at = max(at, current.started_at)
            self._connection.execute(
                do.close_interval, {"of_number": current.number, "ended_at": at}
            )
        self._run(do.insert_interval, [rows.interval_row(check, vantage, at, transition)])

    def _write_mark(self, mark: Mark) -> None:
        if self._run(self._do.add_mark, rows.mark_rows([mark], self._vantage)):
            self.ledger.add([mark_entry(self._vantage_name, mark)])

    def _forget(self, check_id: CheckId) -> None:
        check = self._checks.get(check_id)
        if check is not None:
            parameters = {"of_check": check, "of_vantage": self._vantage}
            self._connection.execute(self._do.forget_state, parameters)

    def _write_incident(self, incident: Incident) -> None:
        self._run(self._do.put_incident, [rows.incident_row(incident)])
        self._connection.execute(self._do.clear_affected, {"of_incident": incident.id})
        self._run(self._do.insert_affected, rows.affected_rows(incident))

    def _write_to_outbox(self, job: Frozen | Settled) -> None:
        if isinstance(job, Frozen):
            parameters: Row = {"of_row": job.row_id, "body": job.body}
            self._connection.execute(self._do.freeze, parameters)
        else:
            self._write_receipt(job)
            parameters = {"of_row": job.row_id, **rows.settlement_row(job.settlement)}
            self._connection.execute(self._do.settle, parameters)

    def _write_receipt(self, job: Settled) -> None:
        """Keep the receipt of a row that was delivered, for incidents that have none yet."""
        settlement = job.settlement
        if settlement.state is not DeliveryState.DELIVERED or not settlement.detail:
            return
        row = self._connection.execute(self._do.pending_row, {"of_row": job.row_id}).first()
        if row is not None:
            alert = read_alert(row.alert)
            self._run(
                self._do.add_receipt, rows.receipt_rows(alert, row.receiver, settlement.detail)
            )

    def _learn(self, checks: Iterable[str], vantages: Iterable[str]) -> None:
        """Give a number to every name that has none yet."""
        self._number(schema.check_name, self._do.add_check, self._checks, checks)
        self._number(schema.vantage_name, self._do.add_vantage, self._vantages, vantages)

    def _number(
        self, table: Table, add: Insert, known: dict[str, int], names: Iterable[str]
    ) -> None:
        new = list(dict.fromkeys(name for name in names if name not in known))
        if new:
            self._run(add, [{"name": name} for name in new])
            known |= _known(self._connection, table, table.c.name.in_(new))

    def _run(self, statement: Insert, parameters: list[Row]) -> int:
        """Execute `statement` for each row, and return how many rows it wrote."""
        if not parameters:
            return 0
        self.rows += len(parameters)
        return self._connection.execute(statement, parameters).rowcount


def _known(
    connection: Connection, table: Table, *conditions: ColumnElement[bool]
) -> dict[str, int]:
    found = connection.execute(select(table.c.id, table.c.name).where(*conditions))
    return {name: number for number, name in found}
