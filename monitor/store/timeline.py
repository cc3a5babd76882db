"""What is known of one check over a period: from the rows of sealed hours, and samples after."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from monitor.domain.epochs import merge_epochs
from monitor.domain.timeline import Sample, Span, clip, joined, spans
from monitor.domain.windows import Window
from monitor.store.asked import Asked
from monitor.store.block import HOUR
from monitor.store.hours import Hour, latest
from monitor.store.samples import first_unsealed, samples_between
from monitor.store.sealed import sealed_before, sealed_rows
from monitor.store.stops import Stops


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a check throughout a period: `spans` are in order and leave nothing out.

    `first` is when the first sample was taken that counts in the period (microseconds, Unix
    epoch), or the one before that may hold into it; None where there is none.
    """

    first: int | None
    spans: Sequence[Span]


def known(connection: Connection, asked: Asked, interval: int, stops: Stops) -> Known:
    """Return what is known of a check, which runs every `interval` microseconds since its last
    sealed hour: how often it ran before that is kept with each.
    """
    rows = latest(sealed_rows(connection, asked))
    before = sealed_before(connection, asked.check, asked.vantage, asked.start // HOUR)
    cut = _cut(connection, asked, rows[-1] if rows else before)
    sealed = [row for row in rows if row.began < cut]
    firsts = [_last_at(before), *(row.first for row in sealed)]
    pieces = list(_sealed(sealed, before, Window(asked.start // HOUR * HOUR, cut), stops))
    if cut < asked.end:
        begin = max(cut, asked.start)
        samples, later = unsealed(connection, asked, Window(begin, asked.end), interval, stops)
        firsts += [sample.at for sample in samples[:1]]
        pieces += later
    return Known(
        first=next((at for at in firsts if at is not None), None),
        spans=clip(joined(pieces), Window(asked.start, asked.end)),
    )


def unsealed(
    connection: Connection, asked: Asked, window: Window, interval: int, stops: Stops
) -> tuple[list[Sample], list[Span]]:
    """Return the samples that can be believed, wherever they are kept, and what is known by them
    throughout `window`.

    Where the clock was stepped nearby, more is read on either side: which time was lived twice
    shows in what surrounds it.
    """
    start, end = window
    reach = surroundings(interval)
    if stops.stepped(start - reach, end + reach):
        start, end = start - reach, end + reach
    epochs = samples_between(connection, Asked(asked.check, asked.vantage, start, end))
    samples, ends = merge_epochs(stops.epoch(*each) for each in epochs.items())
    marks = [*ends, *stops.between(*window)]
    return samples, spans(samples, interval, window, marks)


def surroundings(interval: int) -> int:
    """Return how far around a step of the clock samples are looked at."""
    return 3 * HOUR + 5 * interval


def _cut(connection: Connection, asked: Asked, last: Hour | None) -> int:
    """Return up to where sealed hours are to be believed: the hour of a later one's late sample
    will be another part of it.
    """
    end = asked.start if last is None else max(last.began + HOUR, asked.start)
    late = first_unsealed(connection, asked.check, asked.vantage)
    return end if late is None else min(end, late // HOUR * HOUR)


def _sealed(
    rows: Sequence[Hour], before: Hour | None, window: Window, stops: Stops
) -> Iterator[Span]:
    """Yield what is known in sealed hours. One without a row is unknown, as marks have it."""
    reached, last = window.start, before
    for row in rows:
        if reached < row.began:
            yield from _gap(last, Window(reached, row.began), stops)
        yield from row.known_throughout()
        reached, last = row.began + HOUR, row
    if reached < window.end:
        yield from _gap(last, Window(reached, window.end), stops)


def _gap(before: Hour | None, window: Window, stops: Stops) -> list[Span]:
    if before is None or before.last is None or before.last_epoch is None:
        return spans([], 1, window, stops.between(*window))
    samples, ends = merge_epochs([stops.epoch(before.last_epoch, [before.last])])
    return spans(samples, before.interval, window, [*ends, *stops.between(*window)])


def _last_at(row: Hour | None) -> int | None:
    return None if row is None or row.last is None else row.last.at
