"""What is known of one check over a period: from the rows of sealed hours, and samples after."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from monitor.domain.epochs import merge_epochs
from monitor.domain.observation import Status
from monitor.domain.timeline import Sample, Span, clip, joined, spans
from monitor.domain.windows import Window
from monitor.store.asked import Asked
from monitor.store.block import HOUR
from monitor.store.hours import Hour, read_spans
from monitor.store.samples import first_unsealed, samples_between
from monitor.store.sealed import first_sealed, sealed_before, sealed_spans
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
    told = sealed_spans(connection, asked)
    start = asked.start // HOUR
    before = sealed_before(connection, asked.check, asked.vantage, start)
    last = next(reversed(told), start - 1 if before is None else before.hour)
    cut = _cut(connection, asked, (last + 1) * HOUR)
    firsts = [_last_at(before)]
    if firsts == [None] and told:
        sealed = Asked(asked.check, asked.vantage, asked.start, cut)
        firsts += [first_sealed(connection, sealed)]
    pieces = list(_sealed(connection, asked, told, Window(start * HOUR, cut), stops))
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


def _cut(connection: Connection, asked: Asked, sealed_until: int) -> int:
    """Return up to where sealed hours are to be believed: the hour of a later one's late sample
    will be another part of it.
    """
    end = max(sealed_until, asked.start)
    late = first_unsealed(connection, asked.check, asked.vantage)
    return end if late is None else min(end, late // HOUR * HOUR)


def _sealed(
    connection: Connection,
    asked: Asked,
    told: Mapping[int, str | None],
    window: Window,
    stops: Stops,
) -> Iterator[Span]:
    """Yield what is known in sealed hours. One without a row is unknown, as marks have it.

    Almost all hours are up throughout (their text is None): those in a row are one span.
    """
    reached = window.start
    up: int | None = None
    for hour, text in told.items():
        began = hour * HOUR
        if began >= window.end:
            break
        if up is not None and (text is not None or reached < began):
            yield Span(up, reached, Status.UP)
            up = None
        if reached < began:
            yield from _gap(connection, asked, Window(reached, began), stops)
        if text is not None:
            yield from read_spans(text, began)
        elif up is None:
            up = began
        reached = began + HOUR
    if up is not None:
        yield Span(up, reached, Status.UP)
    if reached < window.end:
        yield from _gap(connection, asked, Window(reached, window.end), stops)


def _gap(connection: Connection, asked: Asked, window: Window, stops: Stops) -> list[Span]:
    before = sealed_before(connection, asked.check, asked.vantage, window.start // HOUR)
    if before is None or before.last is None or before.last_epoch is None:
        return spans([], 1, window, stops.between(*window))
    samples, ends = merge_epochs([stops.epoch(before.last_epoch, [before.last])])
    return spans(samples, before.interval, window, [*ends, *stops.between(*window)])


def _last_at(row: Hour | None) -> int | None:
    return None if row is None or row.last is None else row.last.at
