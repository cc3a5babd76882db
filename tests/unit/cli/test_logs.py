"""Log lines on stderr."""

import io
import json
import logging

import pytest
import structlog

from monitor.cli.logs import set_up
from monitor.cli.settings import LogFormat


@pytest.fixture(autouse=True)
def as_it_was():
    """Leave logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(log_format=None, *, quiet=False):
    stream = io.StringIO()
    set_up(log_format, quiet=quiet, stream=stream)
    return structlog.get_logger(), stream


def test_json_unless_on_a_terminal():
    """Off a terminal each line is one JSON object with event, level and time."""
    log, stream = lines()

    log.info("check.transition", check_id="portal-http", new="down")

    told = json.loads(stream.getvalue())
    assert (told["event"], told["level"], told["check_id"]) == (
        *("check.transition", "info", "portal-http"),
    )
    assert told["timestamp"].endswith("Z")


def test_text_when_asked_for():
    """--log-format text gives lines for people."""
    log, stream = lines(LogFormat.TEXT)

    log.info("check.transition", check_id="portal-http")

    assert "check.transition" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_quiet_keeps_warnings():
    """--quiet keeps warnings and drops the rest."""
    log, stream = lines(quiet=True)

    log.info("config.reloaded")
    log.warning("self.offline")

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == [
        "self.offline"
    ]


@pytest.mark.parametrize("log_format", list(LogFormat))
def test_tracebacks_show_no_values(log_format):
    """A traceback shows code, never the values of variables: some are secrets."""
    log, stream = lines(log_format)

    def fail():
        password = "hunter2".upper()
        raise KeyError(len(password))

    try:
        fail()
    except KeyError:
        log.exception("probe.crashed")

    assert "KeyError" in stream.getvalue()
    assert "HUNTER2" not in stream.getvalue()


@pytest.mark.parametrize("log_format", list(LogFormat))
def test_text_of_targets_stays_on_its_line(log_format):
    """What a target wrote can neither begin a line nor steer a terminal."""
    log, stream = lines(log_format)

    log.info("check.failed", detail="x\n{}\x1b[2J\u202e")

    assert stream.getvalue().count("\n") == 1
    assert not set("\x1b\u202e") & set(stream.getvalue())


def test_libraries_log_the_same_way():
    """What a library logs comes out as an event of ours, from warnings on."""
    _, stream = lines()

    logging.getLogger("some.library").warning("watch %s", "out")
    logging.getLogger("some.library").info("never mind")

    [line] = stream.getvalue().splitlines()
    told = json.loads(line)
    assert (told["event"], told["library"], told["detail"]) == (
        *("library.logged", "some.library", "watch out"),
    )
