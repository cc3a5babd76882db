"""The configuration, as every command that needs it loads it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.cli.errors import Failed

if TYPE_CHECKING:
    from monitor.configuration.config import Config
    from monitor.configuration.problem import Problem


class Refused(Failed):
    """The configuration cannot be used. `problems` says why, files named as `located` does."""

    def __init__(self, problems: Iterable["Problem"]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn what the loader of `path` has to complain about into Refused."""
    from monitor.configuration.problem import ConfigError

    try:
        yield
    except ConfigError as error:
        raise Refused(located(problem, path) for problem in error.problems) from None


def configuration(path: Path) -> "Config":
    """Return what `path` and the config/ beside it say, or raise Refused with every mistake."""
    from monitor.configuration.loader import load
    from monitor.notifiers import receiver_types
    from monitor.probes import check_types

    with refusing(path):
        return load(path, check_types(), receiver_types())


def located(problem: "Problem", path: Path) -> "Problem":
    """Return a problem with its file named from the working directory, so that editors jump.

    Who stands in another folder than `path` is in is told how to say where it is.
    """
    problem = replace(problem, file=str(path.parent / problem.file))
    if problem.file != str(path) or path.exists():
        return problem
    return replace(problem, message=f"{problem.message}; say where it is with --config")


def no_configuration() -> "Config":
    """Return what holds where nothing is configured: every setting at its default."""
    from monitor.configuration.config import Config
    from monitor.configuration.settings import MonitorSettings
    from monitor.domain.surroundings import Flapping, Grouping
    from monitor.fields.context import Context

    return Config(
        monitor=MonitorSettings.model_validate({}, context=Context(folder=Path.cwd())),
        services={},
        checks=(),
        disabled=(),
        receivers={},
        routes=(),
        grouping=Grouping(),
        flapping=Flapping(),
        warnings=(),
        files=(),
        hash="",
    )
