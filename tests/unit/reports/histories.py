"""A history of samples that are in memory, as a report asks the store for it."""

from dataclasses import dataclass, field

from monitor.domain.epochs import Epoch, merge_epochs
from monitor.domain.latency import sketch
from monitor.domain.observation import Status
from monitor.domain.timeline import spans
from monitor.ledger.checkpoint import Checkpoint
from monitor.store.codes import MARK
from monitor.store.stops import Stops
from monitor.store.timeline import Known


@dataclass(frozen=True)
class Counts:
    received: int = 0
    missed: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Answered:
    received: int
    latency: dict


@dataclass(frozen=True)
class FakeHistory:
    samples: dict
    events: tuple = ()
    missed: dict = field(default_factory=dict)
    shown: tuple = ()
    took: int = 250_000

    def intervals(self, check_id, start, end):
        return self.shown

    def known(self, check_id, interval, window):
        stops = Stops((m.epoch, mark_at(m), MARK.code[m.kind], m.detail) for m in self.events)
        samples, ends = merge_epochs([Epoch(samples=self.samples.get(check_id, ()))])
        return Known(
            first=samples[0].at if samples else None,
            spans=spans(samples, interval, window, [*ends, *stops.between(*window)]),
        )

    def answers(self, check_id, windows):
        return [self.answered(check_id, window) for window in windows]

    def answered(self, check_id, window):
        inside = [s for s in self.samples.get(check_id, ()) if window.start <= s.at < window.end]
        taken = [self.took for s in inside if s.status in (Status.UP, Status.DEGRADED)]
        return Answered(received=len(inside), latency=sketch(taken))

    def slots(self, check_id, start, end):
        inside = [one for one in self.samples.get(check_id, ()) if start <= one.at < end]
        return Counts(received=len(inside), missed=self.missed)


def mark_at(mark):
    return int(mark.at.timestamp() * 1_000_000)


@dataclass(frozen=True)
class FakeRecords(FakeHistory):
    work: tuple = ()
    acts: tuple = ()
    happened: tuple = ()
    said: tuple = ()
    applied: tuple = ()
    hours: dict = field(default_factory=dict)
    point: Checkpoint | None = None
    asked: list = field(default_factory=list)

    def windows(self):
        return self.work

    def corrections(self):
        return self.acts

    def incidents(self, start, end):
        return self.happened

    def notes(self, incidents):
        return [note for note in self.said if note.incident in incidents]

    def marks(self, start, end):
        return self.events

    def configured(self, start, end):
        return self.applied

    def recorded(self, start, end):
        return self.hours

    def checkpoint(self, told, end):
        self.asked.append((told, end))
        return self.point
