"""`pantau demo`, run as a newcomer runs it."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from tests.daemon import eventually, quiet_port
from tests.peers import peer

_PANTAU = [sys.executable, "-P", "-m", "monitor"]
_PATIENCE_SECONDS = 60
_SERVICES = 8


class Demo:
    """A running demonstration, whose folders are made in `home`."""

    def __init__(self, home, *arguments, before=()):
        environment = {**os.environ, "TMPDIR": str(home), "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
        self.home = home
        self.said = ""
        self._process = subprocess.Popen(
            [*before, *_PANTAU, "demo", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd=home,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def says(self, text):
        """Wait until the demonstration says `text`."""
        eventually(lambda: text in self.said or self._ended(), _PATIENCE_SECONDS, f"it says {text}")
        assert text in self.said, self.said

    def signal(self, number):
        self._process.send_signal(number)

    def end(self, seconds=_PATIENCE_SECONDS):
        """Wait for the end, and return the exit code."""
        code = self._process.wait(seconds)
        self._reader.join()
        self._process.stdout.close()
        return code

    def close(self):
        """End it as gently as is possible: only so it ends its daemon."""
        if not self._ended():
            self.signal(signal.SIGTERM)
        self.end()

    def _ended(self):
        return self._process.poll() is not None

    def _read(self):
        for line in self._process.stdout:
            self.said += line


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a demonstration with some arguments."""
    demos = []

    def started(*arguments, before=()):
        demos.append(Demo(tmp_path, *arguments, before=before))
        return demos[-1]

    yield started
    for demo in demos:
        demo.close()


@pytest.mark.slow
def test_every_status_and_message_is_seen(start):
    """Within the demonstration each status is seen, and its alerts arrive signed: of an outage, of
    its end, and of a fault of our own, which is no outage of anybody.
    """
    port = quiet_port()
    demo = start("--seconds", "70", "--port", str(port))

    demo.says("? Tidak diketahui: Surel Pemerintah Kota (server DNS milik pemantau")
    services, _, _ = fetched(f"http://127.0.0.1:{port}/").partition("Arti tanda")

    for status in ("Normal", "Menurun", "Gangguan", "Tidak diketahui"):
        assert status in services
    assert demo.end(120) == 0
    assert "▲ Menurun: Perizinan Usaha" in demo.said
    for reason in (
        "✕ Gangguan: Pajak Daerah (masa berlaku sertifikat sudah berakhir)",
        "✕ Gangguan: Produk Hukum (JDIH) (jawaban server tidak sesuai)",
        "✕ Gangguan: Absensi Pegawai (server menolak sambungan",
        "✕ Gangguan: Antrean Puskesmas (status jawaban server tidak sesuai)",
        "✕ Gangguan: Surel Pemerintah Kota (nama situs tidak ditemukan di DNS)",
        "? Tidak diketahui: Surel Pemerintah Kota (server DNS milik pemantau tidak menjawab)",
    ):
        assert reason in demo.said
    for message in ("GANGGUAN: Pajak Daerah", "PULIH: Pajak Daerah", "PANTAU TANPA DNS"):
        assert f"✉ {message}" in demo.said
    assert demo.said.count("Gangguan: Surel Pemerintah Kota") == 1, "our own fault is no outage"
    assert "(alert.resolved, tanda tangan sah)" in demo.said
    assert "ditolak" not in demo.said
    assert "Traceback" not in demo.said
    assert re.search(r"Portal Kota Makassar +0 dtk", demo.said)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_behind(start, tmp_path, number):
    """Ctrl-C and SIGTERM end the demonstration with a summary and leave no folder, no process and
    no listener behind.
    """
    port = quiet_port()
    demo = start("--port", str(port))
    demo.says("✓ Normal: ")

    began = time.monotonic()
    demo.signal(number)

    assert demo.end() == 0
    assert time.monotonic() - began < 20
    assert "Demo selesai" in demo.said
    assert list(tmp_path.iterdir()) == []
    assert mentioning(str(tmp_path)) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)


@pytest.mark.slow
def test_stopped_before_it_began(start, tmp_path):
    """A demonstration that is stopped while its daemon starts leaves nothing behind either."""
    demo = start()
    eventually(lambda: list(tmp_path.glob("*/checks.yaml")), _PATIENCE_SECONDS, "it was set up")

    demo.signal(signal.SIGTERM)

    assert demo.end() == 0
    assert list(tmp_path.iterdir()) == []
    assert mentioning(str(tmp_path)) == []


@pytest.mark.slow
def test_reader_that_goes_away(start, tmp_path):
    """A demonstration whose output nobody reads any more ends in silence, and cleans up."""
    pipe = ("sh", "-c", '"$@" 2>trouble | head -n 20', "sh")
    demo = start("--seconds", "12", before=pipe)

    assert demo.end() == 0
    assert demo.said.count("\n") == 20
    assert [file.name for file in tmp_path.iterdir()] == ["trouble"]
    assert (tmp_path / "trouble").read_text() == ""


@pytest.mark.slow
@pytest.mark.peers
def test_no_network_is_needed(start):
    """Without any network but loopback every service of the city is seen to be well at first."""
    if os.geteuid() != 0:
        pytest.skip("only root may make a network namespace")
    alone = (peer("unshare"), "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    demo = start("--seconds", "8", before=alone)

    assert demo.end() == 0
    well = re.findall(r"✓ Normal: ((?:.|\n {12})+)", demo.said)
    assert sum(each.count(",") + 1 for each in well) == _SERVICES


@pytest.mark.slow
def test_port_that_is_taken(start, tmp_path):
    """A port that somebody else has is named, in one line, and nothing is left behind."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        demo = start("--port", str(port))

        assert demo.end() == 1
    assert demo.said == f"port {port} of 127.0.0.1: Address already in use\n"
    assert list(tmp_path.iterdir()) == []


def fetched(url):
    def try_once():
        with suppress(urllib.error.URLError), urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()
        return ""

    return eventually(try_once, _PATIENCE_SECONDS, f"{url} answers")


def mentioning(text):
    """Return the processes on whose command line `text` stands."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if text.encode() in (process / "cmdline").read_bytes():
                found.append(int(process.name))
    return found
