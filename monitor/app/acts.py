"""What people have taken down, for the daemon and for a command that writes by itself."""

from monitor.app.acknowledging import Acknowledger
from monitor.app.commenting import Commenter, KnownIncidents
from monitor.app.silencing import Silencer
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline
from monitor.ports import Clock, Recording
from monitor.web.context import Acts


def build_acts(
    board: Board, pipeline: Pipeline, recorder: Recording, clock: Clock, known: KnownIncidents
) -> Acts:
    """Return all that people may have taken down. What it returns to them is on disk."""
    return Acts(
        board=board,
        acknowledger=Acknowledger(board, pipeline, recorder, clock),
        commenter=Commenter(board, pipeline, recorder, clock, known),
        silencer=Silencer(pipeline, recorder, clock),
    )
