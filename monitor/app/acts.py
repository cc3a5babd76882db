"""What people have taken down, for the daemon and for a command that writes by itself."""

from collections.abc import Callable, Collection
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

from monitor.app.acknowledging import Acknowledger
from monitor.app.commenting import Commenter, KnownIncidents
from monitor.app.correcting import Corrector, KnownCorrections
from monitor.app.deadletters import DeadLetters, KnownLetters
from monitor.app.filer import Filer, KnownFilings
from monitor.app.keyrotation import KeyRotation, SignedLedger
from monitor.app.planner import KnownWindows, Planner
from monitor.app.silencing import Silencer
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline
from monitor.ports import Clock, Recording
from monitor.web.context import Acts


class Known(
    KnownCorrections,
    KnownFilings,
    KnownIncidents,
    KnownLetters,
    KnownWindows,
    SignedLedger,
    Protocol,
):
    """What the store knows and the board does not, and the ledger in it."""


def build_acts(
    board: Board,
    pipeline: Pipeline,
    recorder: Recording,
    clock: Clock,
    known: Known,
    *,
    zone: tzinfo,
    data_dir: Path,
    reopen: Callable[[Collection[str]], None] = lambda _: None,
) -> Acts:
    """Return all that people may have taken down. What it returns to them is on disk.

    `reopen` is told of receivers that are said to be well again.
    """
    return Acts(
        board=board,
        acknowledger=Acknowledger(board, pipeline, recorder, clock),
        commenter=Commenter(board, pipeline, recorder, clock, known),
        silencer=Silencer(pipeline, recorder, clock),
        dead_letters=DeadLetters(pipeline, recorder, clock, known, reopen),
        planner=Planner(pipeline, recorder, clock, known),
        corrector=Corrector(pipeline, recorder, clock, known),
        filer=Filer(pipeline, recorder, clock, known, data_dir),
        key_rotation=KeyRotation(known, data_dir),
        zone=zone,
    )
