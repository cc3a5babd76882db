"""Names that somebody sends, held against what is watched."""

from collections.abc import Iterable, Mapping

from monitor.configuration.findings import unknown
from monitor.ports import StatusBoard


def stranger(board: StatusBoard, names: Mapping[str, Iterable[str]]) -> str | None:
    """Return the complaint about the first name that nothing has, None if each names something.

    `names` holds those of each kind: `service`, `owner`, `check` or `type`, or `label`, written as
    `labels_of` has them.
    """
    known = _known(board)
    for what, some in names.items():
        for name in sorted(some):
            if name not in known[what]:
                return unknown(what, name, known[what])
    return None


def labels_of(labels: Mapping[str, str]) -> Iterable[str]:
    """Return labels as people write them: NAME=VALUE."""
    return [f"{name}={value}" for name, value in labels.items()]


def _known(board: StatusBoard) -> Mapping[str, frozenset[str]]:
    services, checks = board.services(), [watched.check for watched in board.checks()]
    return {
        "service": frozenset(service.id for service in services),
        "owner": frozenset(service.owner for service in services),
        "check": frozenset(each.id for each in checks),
        "type": frozenset(each.type for each in checks),
        "label": frozenset(label for each in checks for label in labels_of(each.labels)),
    }
