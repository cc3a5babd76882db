"""Log lines on stderr."""

import io
import json
import logging
import re

import pytest
import structlog

from monitor.cli.logs import set_up
from monitor.cli.settings import LogFormat
from tests.payloads import PAYLOADS

UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


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


@pytest.mark.parametrize("log_format", list(LogFormat))
def test_one_event_is_one_line(log_format):
    """Whatever others wrote, an event is one line of valid UTF-8 that steers no terminal, and off a
    terminal one JSON object with the keys that it was given, each bounded.
    """
    octets = io.BytesIO()
    set_up(log_format, stream=io.TextIOWrapper(octets, encoding="utf-8", write_through=True))
    log = structlog.get_logger()

    for number, text in enumerate(PAYLOADS):
        log.info(
            "check.failed", number=number, detail=text, target=text, others=[text], of={1: text}
        )

    written = octets.getvalue().decode("utf-8")
    assert not UNSEEN.search(written)
    assert written.count("\n") == len(PAYLOADS)
    if log_format is LogFormat.JSON:
        told = [json.loads(line) for line in written.split("\n")[:-1]]
        assert [each["number"] for each in told] == list(range(len(PAYLOADS)))
        assert {each["event"] for each in told} == {"check.failed"}
        assert max(len(each["detail"].encode()) for each in told) <= 2048


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


def test_traceback_of_a_library_is_kept():
    """What a library logs with an exception keeps its traceback, on the same line."""
    _, stream = lines()

    try:
        {}["kunci"]
    except KeyError:
        logging.getLogger("some.library").exception("failed")

    [line] = stream.getvalue().splitlines()
    assert "KeyError: 'kunci'" in json.loads(line)["exception"]
