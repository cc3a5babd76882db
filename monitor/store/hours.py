"""The rows of sealed hours: how one reads, and the bytes that the ledger stands for."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, and_

from monitor.domain.observation import MissedReason, Status, UnknownCause
from monitor.domain.timeline import Sample, Span
from monitor.ledger.canonical import plain
from monitor.store.block import HOUR
from monitor.store.codes import CAUSE, STATUS
from monitor.store.schema import check_name, sealed_hour


class Hour(NamedTuple):
    """A row of `sealed_hour`, its columns in the order of the table."""

    check_id: int
    vantage_id: int
    hour: int
    part: int
    block: int | None
    hash: bytes | None
    interval: int
    expected: int
    received: int
    known: int
    samples: int
    missed: str | None
    spans: str | None
    latency: bytes | None
    first_at: int | None
    last_at: int | None
    last_epoch: int | None
    last_status: int | None
    last_cause: int | None

    @property
    def began(self) -> int:
        """Return when the hour began (microseconds since the Unix epoch)."""
        return self.hour * HOUR

    @property
    def first(self) -> int | None:
        """Return when the first sample of the hour was taken that counts."""
        return None if self.first_at is None else self.began + self.first_at

    @property
    def last(self) -> Sample | None:
        """Return the sample that holds at the end of the hour, if any may."""
        if self.last_at is None or self.last_status is None:
            return None
        cause = CAUSE.optional_meaning(self.last_cause)
        return Sample(self.began + self.last_at, STATUS.meaning[self.last_status], cause)

    def missed_counts(self) -> dict[MissedReason, int]:
        """Return how many slots were missed, by reason."""
        return {} if self.missed is None else missed_counts(self.missed)

    def known_throughout(self) -> list[Span]:
        """Return the spans of the hour, which leave nothing of it out."""
        return read_spans(self.spans, self.began)


COLUMNS = tuple(sealed_hour.c[name] for name in Hour._fields)


def in_part(vantage: int, hour: int, part: int) -> ColumnElement[bool]:
    """Return how the row of a check in one part of an hour is joined to the check's name."""
    return and_(
        sealed_hour.c.check_id == check_name.c.id,
        sealed_hour.c.vantage_id == vantage,
        sealed_hour.c.hour == hour,
        sealed_hour.c.part == part,
    )


def spans_text(spans: Sequence[Span], began: int) -> str | None:
    """Return spans as they are stored: None for an hour that was up throughout."""
    if len(spans) == 1 and spans[0][2:] == (Status.UP, None, False):
        return None
    return compact([[each.start - began, each.status, each.cause, each.bridged] for each in spans])


def read_spans(text: str | None, began: int) -> list[Span]:
    """Return spans as they were before they were stored."""
    if text is None:
        return [Span(began, began + HOUR, Status.UP)]
    written = json.loads(text)
    ends = [*(offset for offset, *_ in written[1:]), HOUR]
    return [
        Span(
            began + offset,
            began + end,
            Status(status),
            None if cause is None else UnknownCause(cause),
            bridged,
        )
        for (offset, status, cause, bridged), end in zip(written, ends, strict=True)
    ]


def missed_counts(text: str) -> dict[MissedReason, int]:
    """Return how many slots were missed by reason, as it was before it was stored."""
    return {MissedReason(reason): count for reason, count in json.loads(text).items()}


def missed_text(counts: Mapping[str, int]) -> str | None:
    """Return how many slots were missed by reason, as it is stored: None for none."""
    return compact(dict(sorted(counts.items()))) if counts else None


def leaf(row: Hour, check: str, vantage: str) -> bytes:
    """Return what the ledger's entry of an hour stands for: this row in canonical JSON."""
    last = row.last
    return plain(
        {
            "check": check,
            "expected": row.expected,
            "first": row.first_at,
            "hash": None if row.hash is None else row.hash.hex(),
            "hour": row.hour,
            "interval": row.interval,
            "known": row.known,
            "last": None
            if last is None
            else [row.last_at, last.status.value, last.cause and last.cause.value, row.last_epoch],
            "latency": None if row.latency is None else row.latency.hex(),
            "missed": {} if row.missed is None else json.loads(row.missed),
            "part": row.part,
            "received": row.received,
            "samples": row.samples,
            "spans": None if row.spans is None else json.loads(row.spans),
            "vantage": vantage,
        }
    )


def in_code_points(connection: Connection, name: Column[str]) -> ColumnElement[str]:
    """Return a name so that it is ordered, and compared, by code points: as Python does."""
    return name if connection.dialect.name == "sqlite" else name.collate("C")


def compact(value: Any) -> str:
    """Return JSON without blanks. Its names here are in order, and its numbers whole."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def hours(rows: Iterable[Sequence[Any]]) -> Iterator[Hour]:
    """Yield rows that were selected by `COLUMNS`."""
    return map(Hour._make, rows)
