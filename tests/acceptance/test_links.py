"""Whoever gets a message says from their phone that they take care."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request

from monitor.domain.note import NoteKind, Via
from monitor.ports import Sought
from monitor.store.reader import open_reader
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import body, kinds
from tests.collector import Collector
from tests.daemon import http_check, quiet_port, services
from tests.servers import free_port


def test_a_link_in_a_message(hire: Hire, collector: Collector) -> None:
    """The link in a message works after a restart, on the public listener and without a password;
    to open it changes nothing, and its form tells everybody who takes care.
    """
    daemon, public = hire(), quiet_port()
    daemon.site.write(
        services(["kota"]),
        [http_check("kota", f"http://127.0.0.1:{free_port()}/", "kota")],
        failure_threshold=1,
        interval="2s",
    )
    daemon.site.write_settings(
        public_listen=f"127.0.0.1:{public}", external_url=f"http://127.0.0.1:{public}"
    )
    daemon.site.write_alerts({"oncall": collector.url})
    daemon.start()
    collector.wait_for(1, 15)
    link = body(collector.received[0])["incident"]["ack_url"]
    daemon.terminate()
    daemon.start()

    pages = [fetched(link) for _ in range(3)]
    elsewhere = fetched(link.replace(str(public), str(daemon.site.port)))
    before = notes_of(daemon.site.data)
    sent = fetched(link, {"by": "Rina", "comment": "Sedang dicek", "act": "acknowledge"})
    collector.wait_for(2, 15)

    assert link.startswith(f"http://127.0.0.1:{public}/ack/")
    assert {status for status, _ in (*pages, elsewhere, sent)} == {200}
    assert "Belum ada yang menangani" in pages[0][1]
    assert before == []
    assert "Ditangani oleh Rina" in sent[1]
    assert fetched(forged(link))[0] == 403, "a forged link opened"
    assert kinds(collector.received) == ["alert.firing", "alert.acknowledged"]
    assert notes_of(daemon.site.data) == [
        (NoteKind.ACKNOWLEDGED, "Rina", "Sedang dicek", Via.LINK, "oncall")
    ]
    key = (daemon.site.data / "link.key").read_text().strip()
    assert re.fullmatch("[0-9a-f]{64}", key)
    assert key not in daemon.log.read_text()
    assert key not in json.dumps([body(each) for each in collector.received])


def forged(link: str) -> str:
    """Return the link with another first character of its token."""
    page, _, token = link.rpartition("/")
    return f"{page}/{'b' if token[0] == 'a' else 'a'}{token[1:]}"


def fetched(url: str, form: dict[str, str] | None = None) -> tuple[int, str]:
    """Return the status and the page, as a browser gets it that sends a form of the page."""
    sent = None if form is None else urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(url, sent, {"Origin": "null"} if sent else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def notes_of(data) -> list[tuple[NoteKind, str, str, Via | None, str]]:
    with open_reader(data) as reader:
        (incident,) = reader.found(Sought(limit=2))
        story = reader.story(incident.id)
    assert story is not None
    return [(one.kind, one.by, one.text, one.via, one.receiver) for one in story.notes]
