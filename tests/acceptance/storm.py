"""Kills a daemon again and again while its targets flip, and finds what was lost or told wrongly.

Used by the short test, by the long one, and to see that each sabotage is noticed.
"""

import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from tests.acceptance.messages import changed_repeats, faults_in_order
from tests.collector import Behaviour, Collector, Received, answers, hangs_up
from tests.daemon import Daemon, Launcher, Site, eventually, http_check, services
from tests.flippable import Flippable
from tests.record import DELIVERED, SUPERSEDED, Record, Sample, outages

POINTS = ("writing:2", "committed:3", "changed", "frozen", "settling", "settled", "received")
DELIVERY_SECONDS = 60.0


@dataclass(kw_only=True)
class Findings:
    """What was measured, and what is wrong. `faults` is empty when every promise was kept."""

    faults: list[str] = field(default_factory=list)
    first_check_seconds: list[float] = field(default_factory=list)
    deaths: list[str] = field(default_factory=list)
    delivery_seconds: float = 0.0
    repeats: int = 0
    incidents: int = 0
    samples: int = 0
    alerts: int = 0
    loop_lag: float = 0.0

    def __str__(self) -> str:
        slowest = max(self.first_check_seconds, default=0)
        deaths = ", ".join(f"{count} {point}" for point, count in Counter(self.deaths).items())
        return (
            f"{len(self.deaths)} kills ({deaths}); "
            f"{self.samples} samples, {self.incidents} incidents, {self.alerts} messages, "
            f"{self.repeats} repeated to the receiver that behaves; start to first check at most "
            f"{slowest:.2f} s, all told {self.delivery_seconds:.1f} s after the last start, "
            f"loop lag {self.loop_lag:.3f} s"
        )


@dataclass(kw_only=True)
class Storm:
    """One run of it: `steady` is the receiver that behaves, `rough` the one that doesn't."""

    daemon: Daemon
    targets: Flippable
    steady: Collector
    rough: Collector
    names: Sequence[str]
    chance: random.Random
    longest_run: float
    record: Record
    findings: Findings = field(default_factory=Findings)
    seen: set[tuple[str, int, int]] = field(default_factory=set)
    doomed: bool = False
    moods: "Moods"

    def one_life(self, point: str | None) -> None:
        """Start it, flip some targets, and have it killed: at a named point or at a random time."""
        daemon, by_receiver = self.daemon, point == "received"
        self.doomed = by_receiver
        # Its first message may go out before it is ready.
        daemon.start("" if point is None or by_receiver else point, may_die=by_receiver)
        self._flip(self.chance.randrange(2) if point is None else 2)
        if point is None:
            self._note_first_check()
            time.sleep(self.chance.uniform(0, self.longest_run))
        died = point is not None and daemon.ended(4.0) is not None
        daemon.kill()
        self.findings.deaths.append((point or "at random") if died or point is None else "late")
        self._look_for_losses()

    def take_message(self, _: Received) -> None:
        """Kill the daemon before its message is answered, if that is how it is to die."""
        if self.doomed:
            self.doomed = False
            self.daemon.kill_now()

    def last_life(self) -> None:
        """Let everything calm down, and judge the whole."""
        self.doomed = False
        self.daemon.start()
        self.targets.down = set()
        began = time.monotonic()
        try:
            eventually(self._is_calm, DELIVERY_SECONDS, "everything was told", 0.1)
        except AssertionError:
            self.findings.faults.append(
                f"{self.record.pending()} messages wait {DELIVERY_SECONDS} s after the last start"
            )
        self.findings.delivery_seconds = time.monotonic() - began
        self.findings.loop_lag = self.daemon.metrics("pantau_loop_lag_seconds").get("", 0.0)
        self.daemon.terminate()
        self._look_for_losses()
        self._judge()

    def _flip(self, count: int) -> None:
        for name in self.chance.sample(list(self.names), count):
            if name in self.targets.down:
                self.targets.bring_up(name)
            else:
                self.targets.take_down(name)

    def _note_first_check(self) -> None:
        began = self.daemon.started_at
        first = eventually(
            lambda: next((a.at for a in reversed(self.targets.asked) if a.at > began), None),
            10,
            "a target was asked",
        )
        self.findings.first_check_seconds.append(first - began)

    def _is_calm(self) -> bool:
        now_open = [i for i in self.record.incidents() if i.ended_at is None]
        return not now_open and not self.record.pending()

    def _look_for_losses(self) -> None:
        samples = self.record.samples()
        now = {sample.key for sample in samples}
        if lost := self.seen - now:
            self.findings.faults.append(f"{len(lost)} samples that were there are gone")
        self.seen = now
        said = [event["sequence"] for event in self.daemon.events("store.committed")]
        if said and max(said) > self.record.sequence():
            self.findings.faults.append(
                f"change {max(said)} was acknowledged, {self.record.sequence()} is stored"
            )

    def _judge(self) -> None:
        findings, samples = self.findings, self.record.samples()
        incidents, messages = self.record.incidents(), self.record.messages()
        findings.samples, findings.incidents = len(samples), len(incidents)
        findings.alerts = len(messages)
        findings.faults += self._unopened(samples)
        outbox = {(m.subject, m.receiver, m.alert["sequence"]) for m in messages}
        findings.faults += [
            f"no row for change {sequence} of incident {incident.id} to {receiver}"
            for incident in incidents
            for receiver in incident.receivers
            for sequence in range(1, incident.sequence + 1)
            if (incident.id, receiver, sequence) not in outbox
        ]
        findings.faults += [
            f"message {m.id} ended in state {m.state}"
            for m in messages
            if m.state not in (DELIVERED, SUPERSEDED)
        ]
        accepted = {"steady": list(self.steady.received), "rough": self.moods.accepted(self.rough)}
        for name, heard in accepted.items():
            findings.faults += faults_in_order(heard)
            findings.faults += [f"the body of {i} changed" for i in changed_repeats(heard)]
            told = {received.headers["webhook-id"] for received in heard}
            findings.faults += [
                f"{name} never got {m.id}, marked delivered"
                for m in messages
                if m.receiver == name and m.state == DELIVERED and m.id not in told
            ]
        findings.faults += self._repeats()

    def _unopened(self, samples: Sequence[Sample]) -> list[str]:
        stored = {(i.service, i.started_at): i.ended_at for i in self.record.incidents()}
        expected = {
            (name, began): ended
            for name in self.names
            for began, ended in outages([s for s in samples if s.check == name])
        }
        return [
            f"by its samples {name} was down from {began} to {ended}: "
            f"{stored.get((name, began), 'no incident')}"
            for (name, began), ended in expected.items()
            if stored.get((name, began), -1) != ended
        ] + [
            f"incident of {name} at {at}: no sample says so"
            for name, at in stored.keys() - expected.keys()
        ]

    def _repeats(self) -> list[str]:
        """At most one message a kill comes again, to a receiver that answers."""
        heard = self.steady.received
        known: set[str] = set()
        again = []
        for received in heard:
            if received.headers["webhook-id"] in known:
                again.append(received.at)
            known.add(received.headers["webhook-id"])
        self.findings.repeats = len(again)
        lives = pairwise([0.0, *self.daemon.kills, time.time()])
        counts = [sum(begin <= at < end for at in again) for begin, end in lives]
        return [f"{count} messages were repeated after one kill" for count in counts if count > 1]


@contextmanager
def storm(launch: Launcher, *, checks: int, longest_run: float, seed: int) -> Iterator[Storm]:
    """Set up `checks` checks at 1 s, and two receivers."""
    names = [f"layanan-{number:02}" for number in range(checks)]
    chance = random.Random(seed)
    with Flippable() as targets, Collector() as steady, Collector() as rough:
        moods = Moods(chance)
        rough.otherwise, rough.arrived = moods.behaviour(), moods.note
        daemon = Daemon(Site(), launch)
        try:
            site = daemon.site
            site.write_settings()
            site.write_alerts({"steady": steady.url, "rough": rough.url})
            site.write(
                services(names),
                [http_check(name, targets.url(name)) for name in names],
                interval="1s",
                timeout="1s",
                failure_threshold=1,
                success_threshold=1,
            )
            made = Storm(
                daemon=daemon,
                targets=targets,
                steady=steady,
                rough=rough,
                names=names,
                chance=chance,
                longest_run=longest_run,
                record=Record(site.data),
                moods=moods,
            )
            steady.arrived = made.take_message
            yield made
        finally:
            daemon.close()


class Moods:
    """How the rough receiver behaves: it refuses 5 % of the messages, and takes another 5 % without
    a word.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._mine = threading.local()
        self._refused: list[Received] = []

    def behaviour(self) -> Behaviour:
        return Behaviour(self._act)

    def note(self, received: Received) -> None:
        """Remember what this thread, which answers it next, has received."""
        self._mine.received = received

    def accepted(self, collector: Collector) -> list[Received]:
        """Return what was received and not refused."""
        return [each for each in list(collector.received) if not self._has_refused(each)]

    def _has_refused(self, received: Received) -> bool:
        return any(each is received for each in self._refused)

    def _act(self, peer: socket.socket, stop: threading.Event) -> None:
        drawn = self._chance.random()
        if drawn < 0.05:
            self._refused.append(self._mine.received)
        behaviour = answers(503) if drawn < 0.05 else hangs_up() if drawn < 0.1 else answers(204)
        behaviour.act(peer, stop)
