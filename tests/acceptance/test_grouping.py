"""One cause is one message, a storm is few, and kill -9 while they wait loses none of it."""

import time
from collections.abc import Iterable, Sequence

import pytest

from tests.acceptance.conftest import Hire
from tests.acceptance.messages import body, distinct, kinds
from tests.collector import Collector, Received
from tests.daemon import Daemon, Entry, eventually, http_check, quiet_port, services
from tests.flippable import Flippable
from tests.record import Record

_WAIT_SECONDS = 4.0
_LONG_WAIT_SECONDS = 6.0  # two intervals of hundreds of checks
_SECONDS = 40.0
_HUNDREDS = [f"layanan-{number:03}" for number in range(500)]
_PROMPTLY = {"interval": "1s", "timeout": "1s", "failure_threshold": 1, "success_threshold": 1}


def _open_incidents(daemon: Daemon) -> int:
    return sum(each.ended_at is None for each in Record(daemon.site.data).incidents())


def _killed_while_news_wait(daemon: Daemon, incidents: int) -> None:
    """Kill the daemon once so many incidents are stored and nobody was told, and start it again."""
    eventually(lambda: _open_incidents(daemon) == incidents, _SECONDS, "all incidents are stored")
    assert Record(daemon.site.data).messages() == []
    daemon.kill()
    daemon.start()


def _no_more_follows(
    collector: Collector, count: int, wait: float = _WAIT_SECONDS
) -> Sequence[Received]:
    """Return the messages received once there are `count`, and none came for longer than news wait."""
    eventually(lambda: len(distinct(collector.received)) >= count, _SECONDS, f"{count} messages")
    time.sleep(1.5 * wait)
    return distinct(collector.received)


def _told(messages: Iterable[Received], kind: str) -> list[str]:
    """Return the services of all incidents that messages of this kind tell of."""
    documents = [each for each in map(body, messages) if each["type"] == kind]
    return sorted(
        each["service"]["id"]
        for document in documents
        for each in (document, *document.get("companions", ()))
    )


@pytest.mark.slow
def test_dead_parent_is_one_message(hire: Hire, collector: Collector) -> None:
    """Sixty services go down with the one that they depend on: one message names them all, though
    the daemon was killed before it was sent, and one tells that all is over.
    """
    daemon, port = hire(), quiet_port()
    names = [f"layanan-{number:02}" for number in range(60)]
    behind: list[Entry] = [{**each, "depends_on": ["router"]} for each in services(names)]
    daemon.site.write(
        [*services(["router"]), *behind],
        [http_check(name, f"http://127.0.0.1:{port}/t/{name}") for name in ("router", *names)],
        **_PROMPTLY,
    )
    daemon.site.write_alerts(
        {"oncall": collector.url}, by="owner", wait=f"{_WAIT_SECONDS:g}s", storm_limit=20
    )
    daemon.start()
    _killed_while_news_wait(daemon, 61)

    [firing] = map(body, _no_more_follows(collector, 1))
    with Flippable(port=port):
        eventually(lambda: _open_incidents(daemon) == 0, _SECONDS, "all incidents are over")
        messages = _no_more_follows(collector, 2)

    assert (firing["type"], firing["service"]["id"]) == ("alert.firing", "router")
    assert sorted(each["id"] for each in firing["victims"]) == names
    assert kinds(messages) == ["alert.firing", "alert.resolved"]
    assert _told(messages, "alert.resolved") == ["router"]


@pytest.mark.slow
def test_storm_is_few_messages(hire: Hire, collector: Collector, targets: Flippable) -> None:
    """Of fifty services of ten owners half go down, each by itself: at most five messages tell of
    every one, though the daemon was killed before they were sent, and as few tell of its end.
    """
    daemon = hire()
    names = [f"layanan-{number:02}" for number in range(50)]
    ill = names[:25]
    targets.take_down(*ill)
    daemon.site.write(
        [{**each, "owner": f"dinas-{n % 10}"} for n, each in enumerate(services(names))],
        [http_check(name, targets.url(name)) for name in names],
        **_PROMPTLY,
    )
    daemon.site.write_alerts(
        {"oncall": collector.url}, by="owner", wait=f"{_WAIT_SECONDS:g}s", storm_limit=20
    )
    daemon.start()
    _killed_while_news_wait(daemon, len(ill))

    fired = _no_more_follows(collector, 1)
    targets.bring_up(*ill)
    eventually(lambda: _open_incidents(daemon) == 0, _SECONDS, "all incidents are over")
    messages = _no_more_follows(collector, len(fired) + 1)

    assert len(fired) <= 5
    assert _told(fired, "alert.firing") == ill
    assert len(messages) <= 10
    assert _told(messages, "alert.resolved") == ill


def _watch_hundreds(daemon: Daemon, targets: Flippable, collector: Collector) -> None:
    """Have five hundred services of ten owners watched, all of which depend on one router."""
    behind: list[Entry] = [
        {**each, "owner": f"dinas-{number % 10}", "depends_on": ["router"]}
        for number, each in enumerate(services(_HUNDREDS))
    ]
    daemon.site.write(
        [*services(["router"]), *behind],
        [http_check(name, targets.url(name)) for name in ("router", *_HUNDREDS)],
        **{**_PROMPTLY, "interval": "3s"},
    )
    daemon.site.write_alerts(
        {"oncall": collector.url}, by="owner", wait=f"{_LONG_WAIT_SECONDS:g}s", storm_limit=20
    )
    daemon.start()
    eventually(
        lambda: {each.name for each in targets.asked} == {"router", *_HUNDREDS},
        _SECONDS,
        "every target was asked",
        0.2,
    )


@pytest.mark.slow
def test_five_hundred_behind_one(hire: Hire, targets: Flippable, collector: Collector) -> None:
    """Five hundred services go down at once with the one that they depend on: exactly one message
    is sent, which says how many there are.
    """
    daemon = hire()
    _watch_hundreds(daemon, targets, collector)

    targets.take_down("router", *_HUNDREDS)
    eventually(lambda: _open_incidents(daemon) == 501, _SECONDS, "all incidents are stored", 0.2)
    [firing] = map(body, _no_more_follows(collector, 1, _LONG_WAIT_SECONDS))

    assert (firing["type"], firing["service"]["id"]) == ("alert.firing", "router")
    assert firing["victims_total"] == 500
    assert {each["id"] for each in firing["victims"]} <= set(_HUNDREDS)


@pytest.mark.slow
def test_half_of_five_hundred(hire: Hire, targets: Flippable, collector: Collector) -> None:
    """Half of five hundred services go down, each by itself, while our own network is well: at most
    five messages tell of all of them.
    """
    daemon = hire()
    _watch_hundreds(daemon, targets, collector)

    targets.take_down(*_HUNDREDS[::2])
    eventually(lambda: _open_incidents(daemon) == 250, _SECONDS, "all incidents are stored", 0.2)
    fired = [*map(body, _no_more_follows(collector, 1, _LONG_WAIT_SECONDS))]

    assert {each["type"] for each in fired} == {"alert.firing"}
    assert len(fired) <= 5
    assert sum(1 + each.get("companions_total", 0) for each in fired) == 250
