"""Names that somebody sends, held against what is watched."""

from collections.abc import Iterable, Mapping

from monitor.configuration.findings import unknown
from monitor.ports import StatusBoard


def stranger(board: StatusBoard, names: Mapping[str, Iterable[str]]) -> str | None:
    """Return the complaint about the first name that nothing has, None if each names something.

    `names` holds those of each kind: `service`, `owner`, `check` or `type`.
    """
    known = _known(board)
    for what, some in names.items():
        for name in sorted(some):
            if name not in known[what]:
                return unknown(what, name, known[what])
    return None


def _known(board: StatusBoard) -> Mapping[str, frozenset[str]]:
    services = board.services()
    return {
        "service": frozenset(service.id for service in services),
        "owner": frozenset(service.owner for service in services),
        "check": frozenset(watched.check.id for watched in board.checks()),
        "type": frozenset(watched.check.type for watched in board.checks()),
    }
