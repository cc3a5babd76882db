"""On-call staff want to hear nothing of something for a while."""

from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import kinds
from tests.collector import Collector
from tests.daemon import eventually, http_check, services
from tests.servers import free_port


def test_silence_outlives_a_kill(hire: Hire, collector: Collector) -> None:
    """Nobody is told of what is silenced, also after a kill; once it is lifted, it is told."""
    daemon = hire()
    site = daemon.site
    site.write(services(["kota"]), [])
    site.write_alerts({"oncall": collector.url})
    daemon.start()
    added = pantau(
        site.folder,
        *("silence", "add", "--service", "kota", "--for", "1h"),
        *("--by", "Rina", "--comment", "Pindah server"),
    )
    silence = added.stdout.split()[1].rstrip(":")
    daemon.kill()
    check = http_check("kota", f"http://127.0.0.1:{free_port()}/", "kota")
    site.write(services(["kota"]), [check], failure_threshold=1)
    daemon.start()
    eventually(
        lambda: "silenced" in pantau(site.folder, "status").stdout,
        seconds=20,
        what="the outage is seen, and held",
        every_seconds=0.5,
    )
    listed = pantau(site.folder, "silence", "list").stdout
    before = kinds(collector.received)

    assert pantau(site.folder, "silence", "lift", silence, "--by", "Rina").returncode == 0
    collector.wait_for(1, 15)

    assert before == []
    assert silence in listed
    assert "service kota" in listed
    assert "Pindah server" in listed
    assert kinds(collector.received) == ["alert.firing"]
