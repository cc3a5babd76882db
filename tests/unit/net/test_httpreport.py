"""What a fetch says, in numbers."""

import time

import pytest

from monitor.domain.observation import series
from monitor.net.fetch import Reply
from monitor.net.http1 import Http1Response as Response
from monitor.net.httpreport import fetch_numbers, reply_numbers
from monitor.net.trace import Trace
from monitor.net.urls import parse_target


@pytest.fixture
def makassar(monkeypatch):
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Asia/Makassar")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("makassar")
@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (b"Mon, 01 Jan 2024 00:00:00 GMT", 1704067200.0),
        (b"Mon, 01 Jan 2024 00:00:00 -0000", 1704067200.0),
        (b"Mon, 01 Jan 2024 00:00:00", 1704067200.0),
        (b"Mon, 01 Jan 99999 00:00:00 GMT", None),
        (b"Mon, 01 Jan 2024 00:00:00 +99999999", None),
        (b"yesterday", None),
        (b"\xff", None),
    ],
)
def test_last_modified(written, seconds):
    """A date without a zone is UTC, whatever the zone of this machine; what is none is absent."""
    response = Response()
    response.feed(b"HTTP/1.1 204 No\r\nLast-Modified: " + written + b"\r\n\r\n")

    numbers = reply_numbers(Reply(response, parse_target("http://a.test/"), 0))

    assert numbers.get(series("probe_http_last_modified_timestamp_seconds")) == seconds


def test_nothing_but_resolving_has_begun():
    """Before there was an address only the phase of resolving has a time."""
    phases = [name for name in fetch_numbers(Trace()) if name[0] == "probe_http_duration_seconds"]

    assert phases == [series("probe_http_duration_seconds", phase="resolve")]
