"""Messages that were given up are on record, and can be sent after all."""

import json
import subprocess
from typing import Any

import pytest

from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import body, distinct
from tests.collector import Collector, answers
from tests.daemon import Daemon, Site, eventually, http_check, services
from tests.servers import free_port


@pytest.fixture
def given_up(hire: Hire, collector: Collector) -> Daemon:
    """A daemon whose receiver wanted no more messages when it was told of an outage."""
    daemon = hire()
    check = http_check("kota", f"http://127.0.0.1:{free_port()}/", "kota")
    daemon.site.write(services(["kota"]), [check], failure_threshold=1)
    daemon.site.write_alerts({"oncall": collector.url})
    collector.otherwise = answers(410)
    daemon.start()
    eventually(lambda: letters(daemon.site), 20, "the message is given up", every_seconds=0.3)
    collector.otherwise = answers(204)
    return daemon


def dead_letters(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    return pantau(site.folder, "notify", "dead-letters", *arguments)


def letters(site: Site, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        dead_letters(site, "--output", "json", *arguments).stdout
    )
    return found


def test_a_dead_letter_is_sent_by_the_daemon(given_up: Daemon, collector: Collector) -> None:
    """The daemon sends again what was given up, with the same id and the same body, though the
    endpoint had wanted no more.
    """
    site = given_up.site
    (letter,) = letters(site)

    shown, elsewhere = dead_letters(site), letters(site, "--receiver", "other")
    sent = dead_letters(site, "--retry", "--by", "Rina")
    eventually(lambda: len(collector.received) > 1, 15, "it is sent again")
    eventually(lambda: given_up.metrics("pantau_notifications_total")['{receiver="oncall"}'], 5, "")

    assert (letter["receiver"], letter["type"], letter["service"]) == (
        *("oncall", "alert.firing", "kota"),
    )
    assert "endpoint is gone" in letter["error"]
    assert letter["obstacle"] is None
    assert letter["id"] in shown.stdout
    assert elsewhere == []
    assert sent.stdout == f"✓ {letter['id']}: waits to be sent\n"
    first, second = collector.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == letter["id"]
    assert first.body == second.body
    assert letters(site) == []
    assert dead_letters(site, letter["id"], "--retry").stderr == (
        f"{letter['id']}: no message of this id was given up\n"
    )


def test_a_dead_letter_waits_for_the_daemon(given_up: Daemon, collector: Collector) -> None:
    """Without a daemon what was given up waits, once, until one starts; kills change nothing."""
    site = given_up.site
    given_up.kill()
    (letter,) = letters(site)

    sent = dead_letters(site, "--retry", "--by", "Rina", "--output", "json")
    again = dead_letters(site, "--retry")
    before = len(collector.received)
    given_up.start()
    eventually(lambda: len(collector.received) > 1, 15, "it is sent at the start")

    assert json.loads(sent.stdout) == {"retried": [letter["id"]], "refused": {}, "by": "Rina"}
    assert again.stdout == "There is nothing to send again.\n"
    assert before == 1
    (message,) = distinct(collector.received)
    assert (message.headers["webhook-id"], body(message)["type"]) == (
        *(letter["id"], "alert.firing"),
    )


def test_its_receiver_is_gone(given_up: Daemon, collector: Collector) -> None:
    """What was for a receiver that is not configured any more is refused, and stays on record."""
    site = given_up.site
    given_up.kill()
    site.write_alerts({"other": collector.url})

    refused = dead_letters(site, "--retry", "--by", "Rina")
    (letter,) = letters(site)

    assert refused.returncode == 1
    assert refused.stderr == f"{letter['id']}: there is no receiver 'oncall' any more\n"
    assert letter["obstacle"] == "there is no receiver 'oncall' any more"
    assert dead_letters(site, "--output", "csv").stdout.startswith("id,receiver,type,")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("N1",), "an ID goes with --retry"),
        (("--since", "yesterday"), "--since: 'yesterday' is no duration"),
    ],
)
def test_what_cannot_be_asked(hire: Hire, arguments: tuple[str, ...], complaint: str) -> None:
    """What makes no sense is a usage error that says what would."""
    said = dead_letters(hire().site, *arguments)

    assert said.returncode == 2
    assert complaint in said.stderr
