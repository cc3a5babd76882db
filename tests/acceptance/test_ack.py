"""On-call staff say "mine", and everybody knows."""

import json

from monitor.domain.note import NoteKind, Via
from monitor.ports import Sought
from monitor.store.reader import open_reader
from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import body, kinds
from tests.collector import Collector
from tests.daemon import http_check, services
from tests.servers import free_port


def test_who_takes_care_is_told_and_kept(hire: Hire, collector: Collector) -> None:
    """`pantau ack` tells those who were told of an outage who takes care of it, once, and a kill
    after it changes nothing of that.
    """
    daemon = hire()
    daemon.site.write(
        services(["kota"]),
        [http_check("kota", f"http://127.0.0.1:{free_port()}/", "kota")],
        failure_threshold=1,
    )
    daemon.site.write_alerts({"oncall": collector.url})
    daemon.start()
    collector.wait_for(1, 15)

    said = pantau(
        daemon.site.folder, "ack", "kota", "--by", "Rina", "--comment", "Sedang dicek"
    ).stdout
    pantau(daemon.site.folder, "comment", "kota", "--by", "Budi", "--comment", "Kabel putus")
    daemon.kill()
    daemon.start()
    collector.wait_for(2, 15)

    assert "✓ kota: Rina takes care of it" in said
    assert kinds(collector.received) == ["alert.firing", "alert.acknowledged"]
    assert "Rina: Sedang dicek" in body(collector.received[1])["summary"]["id"]
    with open_reader(daemon.site.data) as reader:
        (incident,) = reader.found(Sought(limit=2))
        notes = reader.story(incident.id).notes
    assert [(one.kind, one.by, one.text, one.via) for one in notes] == [
        (NoteKind.ACKNOWLEDGED, "Rina", "Sedang dicek", Via.COMMAND),
        (NoteKind.COMMENT, "Budi", "Kabel putus", Via.COMMAND),
    ]
    status = json.loads(pantau(daemon.site.folder, "status", "--output", "json").stdout)
    assert [each["acknowledged_by"] for each in status["services"]] == ["Rina"]
