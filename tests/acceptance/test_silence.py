"""On-call staff want to hear nothing of something for a while."""

import pytest

from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import kinds
from tests.collector import Collector
from tests.daemon import eventually, http_check, services
from tests.servers import free_port


@pytest.mark.parametrize(
    ("what", "complaint"),
    [
        (("--label", "rack"), "--label: 'rack': write NAME=VALUE"),
        ((), "name what is to be silent"),
        (("--service", "kota", "--for", "2"), "--for: '2' is no duration"),
    ],
)
def test_silence_of_nothing(hire: Hire, what: tuple[str, ...], complaint: str) -> None:
    """What silences nothing is a usage error that says what would be right."""
    site = hire().site
    site.write(services(["kota"]), [http_check("kota", "http://127.0.0.1:1/", "kota")])

    found = pantau(site.folder, "silence", "add", "--for", "1h", *what)

    assert found.returncode == 2
    assert complaint in found.stderr


def test_silence_outlives_a_kill(hire: Hire, collector: Collector) -> None:
    """Nobody is told of what is silenced, also after a kill; once it is lifted, it is told."""
    daemon = hire()
    site = daemon.site
    site.write(services(["kota"]), [])
    site.write_alerts({"oncall": collector.url})
    daemon.start()
    of_nothing = pantau(site.folder, "silence", "add", "--service", "kotta", "--for", "1h")
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
    explained = pantau(site.folder, "notify", "explain", "kota").stdout
    before = kinds(collector.received)

    assert pantau(site.folder, "silence", "lift", silence, "--by", "Rina").returncode == 0
    collector.wait_for(1, 15)

    assert of_nothing.returncode == 1
    assert "there is no service 'kotta'; did you mean 'kota'?" in of_nothing.stderr
    assert before == []
    assert silence in listed
    assert "service kota" in listed
    assert "Pindah server" in listed
    assert f"silence {silence} (Rina: Pindah server)." in explained
    assert kinds(collector.received) == ["alert.firing"]
