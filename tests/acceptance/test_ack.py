"""On-call staff say "mine", and everybody knows."""

import json
from typing import Any

from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import body, kinds
from tests.collector import Collector
from tests.daemon import Daemon, http_check, services
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
    assert "Ditangani oleh: Rina (Sedang dicek)" in body(collector.received[1])["summary"]["id"]
    (listed,) = shown(daemon, "--service", "kota", "--open")
    story = shown(daemon, listed["id"])
    over_http = json.loads(daemon.fetch(f"/api/v1/incidents/{listed['id']}")[1])
    assert listed["acknowledged"]["by"] == "Rina"
    assert [(one["kind"], one["by"], one["text"], one["via"]) for one in story["notes"]] == [
        ("acknowledged", "Rina", "Sedang dicek", "command"),
        ("comment", "Budi", "Kabel putus", "command"),
    ]
    assert {one["receiver"] for one in story["deliveries"]} == {"oncall"}
    assert story["deliveries"][0]["state"] == "delivered"
    assert over_http["notes"] == story["notes"]
    assert listed["id"] in pantau(daemon.site.folder, "incidents").stdout
    assert "--service" in pantau(daemon.site.folder, "incidents", "kota").stderr
    status = json.loads(pantau(daemon.site.folder, "status", "--output", "json").stdout)
    assert [each["acknowledged_by"] for each in status["services"]] == ["Rina"]


def shown(daemon: Daemon, *asked: str) -> Any:
    """Return what `pantau incidents` says as JSON."""
    return json.loads(pantau(daemon.site.folder, "incidents", *asked, "--output", "json").stdout)
