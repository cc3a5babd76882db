"""The running daemon tells by way of Apprise, and nobody what its URL is."""

import json

import pytest

from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.collector import Collector, answers
from tests.daemon import Site, eventually, http_check, services
from tests.servers import free_port

PASSWORD, PATH, WRONG = "kanaripassword", "kanaripath", "kanariwrong"


def receiver(site: Site, name: str, url: str) -> dict[str, object]:
    """Return a receiver, with its URL in a file."""
    path = site.folder / name
    path.touch(mode=0o600)
    path.write_text(url + "\n")
    return {"name": name, "type": "apprise", "url": {"file": str(path)}}


def url_of(port: int) -> str:
    return f"json://pantau:{PASSWORD}@127.0.0.1:{port}/{PATH}"


@pytest.mark.slow
def test_told_and_not_telling(hire: Hire, collector: Collector) -> None:
    """An outage is told, whatever one receiver answers others are told, and no log line, page,
    metric, stored byte or output of a command holds anything of a URL.
    """
    with Collector() as refusing:
        refusing.otherwise = answers(503, {}, f"no {PASSWORD} {PATH}".encode())
        daemon = hire()
        site = daemon.site
        receivers = [
            receiver(site, "told", url_of(collector.port)),
            receiver(site, "refusing", url_of(refusing.port)),
        ]
        alerts = site.folder / "config" / "alerts.yaml"
        alerts.write_text(json.dumps({"receivers": receivers, "grouping": {"wait": "0s"}}))
        check = http_check("portal", f"http://127.0.0.1:{free_port()}/")
        site.write(services(["portal"]), [check], interval="1s", failure_threshold=1)
        daemon.start()

        [message] = collector.wait_for(1, 20)
        eventually(lambda: daemon.events("notification.failed"), 20, "one receiver failed")
        eventually(lambda: daemon.events("notification.delivered"), 20, "one was told")
        told = {path: daemon.fetch(path)[1] for path in ("/", "/metrics", "/-/ready")}
        tested = pantau(site.folder, "notify", "test", "refusing")
        told["notify test"] = tested.stdout + tested.stderr
        receivers.append(receiver(site, "wrong", f"tgram://{WRONG}"))
        alerts.write_text("receivers:\n" + "".join(f"  - {json.dumps(r)}\n" for r in receivers))
        wrong = pantau(site.folder, "validate")
        told["validate"] = wrong.stdout + wrong.stderr
        told["reload"] = daemon.fetch("/-/reload", "POST", seconds=15)[1]
        daemon.terminate()

    told["log"] = daemon.log.read_text()
    for path in site.data.rglob("*"):
        if path.is_file():
            told[str(path)] = path.read_bytes().decode("latin-1")
    assert "GANGGUAN" in json.loads(message.body)["title"]
    assert "status 503" in told["notify test"]
    assert "config/alerts.yaml:4:" in told["validate"]
    assert "Apprise does not understand" in told["validate"]
    assert "status 503" in told["log"]
    leaks = [
        where for where, text in told.items() for part in (PASSWORD, PATH, WRONG) if part in text
    ]
    assert leaks == []
