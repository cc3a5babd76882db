"""Log lines: JSON for machines, text for a terminal. One event a line, named `noun.verb`."""

import logging
import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from monitor.cli.settings import LogFormat
from monitor.domain.text import visible_text

_LONGEST = 2048


def set_up(
    log_format: LogFormat | None, *, quiet: bool = False, stream: TextIO | None = None
) -> None:
    """Send log lines to stderr: as JSON unless it is a terminal or `log_format` says otherwise.

    `quiet` keeps warnings and errors only. What libraries log by the standard library goes the
    same way, from warnings on.
    """
    stream = stream or sys.stderr
    chosen = log_format or (LogFormat.TEXT if stream.isatty() else LogFormat.JSON)
    least = logging.WARNING if quiet else logging.INFO
    structlog.configure(
        processors=[*_common(), *_ending(chosen, stream)],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    _adopt_standard_logging(chosen, stream)


def _common() -> Sequence[Processor]:
    return (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        shown_safely,
        in_order,
    )


def _ending(log_format: LogFormat, stream: TextIO) -> Sequence[Processor]:
    # Other ways to show a traceback print local variables, and secrets with them.
    if log_format is LogFormat.TEXT:
        renderer = structlog.dev.ConsoleRenderer(
            colors=stream.isatty() and not os.environ.get("NO_COLOR"),
            exception_formatter=structlog.dev.plain_traceback,
            sort_keys=False,
        )
        return (renderer,)
    return (
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    )


def shown_safely(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Make every text of an event fit for one line: parts of it were written by targets."""
    return {key: _shown(value) for key, value in event.items()}


def _shown(value: Any) -> Any:
    """Return a value whose texts are visible, also those inside it."""
    if isinstance(value, str):
        return visible_text(value, _LONGEST)
    if isinstance(value, list):
        return [_shown(each) for each in value]
    if isinstance(value, tuple):  # as the exception of a library's record, which stays one
        return tuple(_shown(each) for each in value)
    if isinstance(value, dict):
        return {key: _shown(each) for key, each in value.items()}
    return value


def in_order(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Put first what every line has, so that lines can be read one below the other."""
    first = {key: event[key] for key in ("timestamp", "level", "event") if key in event}
    return {**first, **event}


def _adopt_standard_logging(log_format: LogFormat, stream: TextIO) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_renamed, *_common()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_ending(log_format, stream),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


def _renamed(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Give a line of a library the event `library.logged`, and its text as detail."""
    record: Any = event.get("_record")
    event["detail"] = str(event.get("event", ""))
    event["event"] = "library.logged"
    event["library"] = record.name if record is not None else ""
    return event
