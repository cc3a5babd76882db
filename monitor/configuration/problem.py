"""What is wrong with a configuration, and where."""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.domain.text import visible_text

_LONGEST = 4096


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake or doubt. `line` and `column` count from 1, in characters.

    `file` is relative to the folder of checks.yaml.
    """

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """Return it as compilers print theirs, so that editors jump there.

        It is one line, and steers no terminal: keys and file names may be of anything.
        """
        return visible_text(f"{self.file}:{self.line}:{self.column}: {self.message}", _LONGEST)


class ConfigError(Exception):
    """The configuration cannot be used. `problems` holds every mistake of every file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))
