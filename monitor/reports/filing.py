"""Files of a report: none takes the place of another.

All of them are written beside their places first. Where one would take the place of a report that
says something else, none is put there.
"""

import filecmp
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.reports.source import Pieces


class Occupied(FileExistsError):
    """Where a report would go is another one, which says something else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} is another report: nothing was written")


@dataclass(frozen=True, slots=True)
class Filed:
    """A file that is there now; `is_new` says that it was not before."""

    path: Path
    is_new: bool


Going = Callable[[Sequence[str]], Iterable[str]]
"""Gives names of files one by one, and may show how far it is."""


def filed(
    folder: Path, files: Mapping[str, Pieces], *, replacing: bool = False, going: Going = iter
) -> Sequence[Filed]:
    """Write `files` by name into `folder`, in order. What is there in the same words stays.

    Raises Occupied where a file is there that says something else, unless `replacing`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drafts = {folder / name: folder / f".{name}.{os.getpid()}.part" for name in files}
    try:
        for name in going(list(files)):
            path, draft = folder / name, drafts[folder / name]
            _write(draft, files[name]())
            if not replacing and path.exists() and not filecmp.cmp(path, draft, shallow=False):
                raise Occupied(path)
        return [_placed(path, draft) for path, draft in drafts.items()]
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def _placed(path: Path, draft: Path) -> Filed:
    is_new = not path.exists() or not filecmp.cmp(path, draft, shallow=False)
    if is_new:
        draft.replace(path)
    return Filed(path, is_new)


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())
