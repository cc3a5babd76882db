"""Commands beside a real daemon, and without one."""

import json
import os
import pty
import resource
import signal
import socket
import subprocess

import pytest

from tests.acceptance.cli.commands import PANTAU, pantau
from tests.collector import Collector, answers
from tests.daemon import Daemon, Installed, Site, eventually, services


@pytest.fixture
def site():
    """A city of one service with one check of our own listener, and a receiver."""
    site = Site()
    site.write(
        services(["portal"]),
        [
            {
                "id": "portal-port",
                "service": "portal",
                "type": "tcp",
                "host": "127.0.0.1",
                "port": site.port,
            }
        ],
        interval="1s",
        timeout="1s",
        retry_interval="1s",
        success_threshold=1,
    )
    site.write_settings()
    yield site
    site.remove()


@pytest.fixture
def collector(site):
    """A webhook that the site's receiver `oncall` calls."""
    with Collector() as collector:
        site.write_alerts({"oncall": collector.url})
        yield collector


@pytest.fixture
def daemon(site):
    """The daemon of the site, running."""
    daemon = Daemon(site, Installed()).start()
    yield daemon
    daemon.close()


def of_check(folder):
    done = pantau(folder, "status", "-o", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return told["running"], told["checks"][0]["status"]


def test_status_is_asked_of_the_daemon_else_of_the_database(collector, daemon, site):
    """Status comes from the running daemon; without one, from the database, and that is said."""
    eventually(lambda: of_check(site.folder) == (True, "up"), 60, "the check is up", 0.5)
    table = pantau(site.folder, "status").stdout
    assert "Portal" in table
    assert "✓ up" in table
    assert "1 service: 1 up" in table

    daemon.terminate()

    done = pantau(site.folder, "status")
    assert done.returncode == 0
    assert "portal-port" in done.stdout
    assert "No daemon runs" in done.stderr
    assert of_check(site.folder) == (False, "up")


def test_receiver_is_tried_by_the_daemon(collector, daemon, site):
    """With a daemon, it sends the test; exit code 0 when it arrived."""
    done = pantau(site.folder, "notify", "test", "oncall")

    assert done.returncode == 0, done.stderr
    assert "✓ oncall: delivered" in done.stdout
    assert len(collector.received) == 1


def test_receiver_is_tried_without_daemon(collector, site):
    """Without a daemon the command sends the test itself, and shows what it sent."""
    done = pantau(site.folder, "notify", "test", "oncall")

    assert done.returncode == 0, done.stderr
    [received] = collector.received
    assert received.body.decode() in done.stdout


def test_undelivered_test_says_why(collector, site):
    """A test that did not arrive says why, on stderr; exit code 1."""
    collector.otherwise = answers(503)

    done = pantau(site.folder, "notify", "test", "oncall")

    assert (done.returncode, done.stdout) == (1, "")
    assert "503" in done.stderr


def test_unknown_receiver_is_a_usage_error(collector, site):
    """A receiver that is not configured is a usage error that names the nearest."""
    done = pantau(site.folder, "notify", "test", "oncal")

    assert done.returncode == 2
    assert "did you mean 'oncall'?" in done.stderr


def test_doctor_finds_what_is_wrong(collector, site):
    """The doctor marks what is fine, doubtful and broken; exit code 1 when something is broken."""
    with socket.create_server(("127.0.0.1", site.port)):
        done = pantau(site.folder, "doctor")

    marks = {(line[0], line[2:14].strip()) for line in done.stdout.splitlines()}
    assert done.returncode == 1
    assert marks >= {
        *(("✓", "Python"), ("✓", "config"), ("✓", "daemon"), ("✓", "descriptors")),
        *(("✗", "listen"), ("✗", "resolver")),
    }


def test_doctor_sees_the_daemon(collector, daemon, site):
    """Beside a running daemon its listener is no trouble, and the self-check is answered."""
    done = pantau(site.folder, "doctor", "-o", "json")

    grades = {one["subject"]: one["grade"] for one in json.loads(done.stdout)}
    assert (grades["daemon"], grades["listen"], grades["self-check"]) == ("fine", "fine", "fine")


def test_second_daemon_is_refused_in_a_sentence(collector, daemon, site):
    """A second daemon on the same data directory is refused in a sentence that names the first."""
    done = pantau(site.folder, "run")

    assert done.returncode == 1
    assert f"process {daemon.pid}" in done.stderr
    assert "Traceback" not in done.stderr


def test_run_refuses_a_wrong_configuration(site):
    """A wrong configuration keeps the daemon from starting, with every place."""
    site.config.write_text("version: 1\nchekcs: []\n")

    done = pantau(site.folder, "run")

    assert done.returncode == 1
    assert "checks.yaml:2:1: chekcs" in done.stderr


def test_run_introduces_itself_on_a_terminal(collector, site):
    """On a terminal the daemon says what it watches and where to look; Ctrl-C ends it with 0."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [PANTAU, "run"], cwd=site.folder, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = b""
    while b"Ctrl-C stops it." not in said:
        said += os.read(ours, 4096)
    running.send_signal(signal.SIGINT)

    assert running.wait(30) == 0
    os.close(ours)
    text = said.decode()
    assert "Pantau keeps watch: 1 check of 1 service (1 tcp)" in text
    assert f"http://127.0.0.1:{site.port}/metrics" in text
    assert "go to oncall" in text


def test_validate_names_every_mistake_with_its_place(site):
    """Validation prints file:line:column of every mistake on stderr and exits 1."""
    site.config.write_text("version: 1\nchekcs: []\nservices: [{id: 1}]\n")

    done = pantau(site.folder, "validate")

    assert (done.returncode, done.stdout) == (1, "")
    assert "checks.yaml:2:1: chekcs: unknown key; did you mean 'checks'?" in done.stderr
    assert "checks.yaml:3:" in done.stderr


def test_validate_says_what_is_configured(collector, site):
    """A valid configuration is summed up in a closing line; --quiet leaves the exit code alone."""
    assert pantau(site.folder, "validate").stdout == "1 check of 1 service, 1 receiver\n"
    assert pantau(site.folder, "validate", "-q").stdout == ""


def test_validate_names_files_from_where_one_stands(site, tmp_path):
    """Places are named so that an editor that was started here finds them."""
    site.config.write_text("version: 1\nchekcs: []\n")

    done = pantau(tmp_path, "--config", site.config, "validate")

    assert f"{site.config}:2:1:" in done.stderr


def test_validate_for_programs(collector, site):
    """JSON gives each mistake's place by parts, and what is configured."""
    good = json.loads(pantau(site.folder, "validate", "-o", "json").stdout)
    site.config.write_text("version: 1\nchekcs: []\n")
    bad = pantau(site.folder, "validate", "-o", "json")

    assert (good["valid"], good["checks_by_type"]) == (True, {"tcp": 1})
    assert bad.returncode == 1
    assert json.loads(bad.stdout)["errors"][0]["line"] == 2


@pytest.mark.parametrize("name", ["checks", "monitor", "alerts"])
def test_schema_of_each_file(tmp_path, name):
    """A JSON Schema is there for each file of the configuration."""
    assert "properties" in json.loads(pantau(tmp_path, "schema", name).stdout)


def test_unknown_schema_is_a_usage_error(tmp_path):
    """Another schema is a usage error."""
    assert pantau(tmp_path, "schema", "x").returncode == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_for_each_shell(tmp_path, shell):
    """Each shell gets its completion script."""
    assert "_PANTAU_COMPLETE" in pantau(tmp_path, "completion", shell).stdout


def test_shell_is_told_the_commands(tmp_path):
    """The shell completes the names of commands."""
    told = pantau(
        tmp_path, _PANTAU_COMPLETE="bash_complete", COMP_WORDS="pantau va", COMP_CWORD="1"
    )

    assert told.stdout == "plain,validate\n"


def test_closed_pipe_is_quiet(tmp_path):
    """Who reads only the first line of the output is told nothing more."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [PANTAU, "schema"], cwd=tmp_path, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)

    assert (done.returncode, done.stderr) == (1, b"")


def test_poor_encoding_fails_nothing(tmp_path):
    """What the terminal's encoding lacks becomes a question mark."""
    done = pantau(tmp_path, "doctor", PYTHONIOENCODING="latin-1")

    assert "? Python" in done.stdout


@pytest.mark.parametrize(("command", "seconds"), [("--help", 0.2), ("validate", 0.6)])
def test_commands_start_at_once(collector, site, command, seconds):
    """Help takes under 0.2 s of processor time, and validation under 0.6 s."""
    taken = min(cpu_seconds(site.folder, command) for _ in range(10))
    print(f"pantau {command}: {taken:.3f} s of processor time")

    assert taken < seconds


def cpu_seconds(folder, *arguments):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert pantau(folder, *arguments).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
