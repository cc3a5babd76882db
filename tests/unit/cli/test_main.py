"""What becomes of arguments: help, exit codes, and never a traceback."""

import subprocess
import sys

import click
import pytest

from monitor.cli import main as entry
from monitor.cli.errors import Failed


def run(*arguments):
    """Run the command line in this process; return its exit code."""
    with pytest.raises(SystemExit) as ended:
        entry.main(arguments)
    return ended.value.code


@pytest.fixture
def with_command(monkeypatch):
    """Let a command `odd` raise what a test asks for."""

    def install(error):
        @click.command(context_settings={"ignore_unknown_options": True})
        @click.argument("rest", nargs=-1)
        def odd(rest):
            raise error

        monkeypatch.setattr(sys.modules[__name__], "odd", odd, raising=False)
        monkeypatch.setitem(entry.COMMANDS, "odd", (f"{__name__}:odd", "Odd."))

    return install


def test_help_lists_every_command(capsys):
    """--help names each command and what it does."""
    assert run("--help") == 0

    told = capsys.readouterr().out
    assert all(name in told and text in told for name, (_, text) in entry.COMMANDS.items())


GROUPS = (
    "db",
    "ledger",
    "notify",
    "silence",
    "maintenance",
    "correct",
    "export",
)  # their commands take the options


@pytest.mark.parametrize("name", [name for name in entry.COMMANDS if name != "demo"])
def test_every_command_explains_itself(name, capsys):
    """COMMAND --help works for each command, with the shared options."""
    assert run(name, "--help") == 0

    told = capsys.readouterr().out
    assert f"Usage: pantau {name}" in told
    assert name in GROUPS or "--config" in told


def test_help_imports_no_command():
    """To list the commands none of them is imported, nor what they stand on."""
    code = (
        "import sys\n"
        "from monitor.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in sys.modules if m.startswith('monitor')), file=sys.stderr)\n"
        "print(*(m for m in ('pydantic', 'rich', 'structlog', 'yaml', 'asyncio') "
        "if m in sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    *_, loaded, heavy = done.stderr.splitlines()
    assert loaded == (
        "['monitor', 'monitor.cli', 'monitor.cli.lazy', 'monitor.cli.main', 'monitor.cli.settings']"
    )
    assert heavy == ""


def test_unknown_command_is_a_usage_error_with_the_nearest(capsys):
    """A command that does not exist is a usage error that names the nearest one."""
    assert run("vrsion") == 2
    assert "did you mean 'version'?" in capsys.readouterr().err


def test_unknown_option_is_a_usage_error(capsys):
    """An unknown option is a usage error."""
    assert run("version", "--nope") == 2


def test_options_stand_before_or_after_the_command(capsys):
    """The shared options are taken before the command's name and after it."""
    assert run("--output", "json", "version") == 0
    before = capsys.readouterr().out
    assert run("version", "--output", "json") == 0

    assert before == capsys.readouterr().out
    assert before.startswith("{")


def test_the_later_option_wins(capsys):
    """Of the same option given twice, the one after the command's name holds."""
    run("--output", "json", "version", "--output", "table")

    assert not capsys.readouterr().out.startswith("{")


def test_failure_is_told_without_traceback(with_command, capsys):
    """A command that fails says why on stderr and exits 1."""
    with_command(Failed("the disk is full"))

    assert run("odd") == 1
    assert capsys.readouterr().err == "the disk is full\n"


def test_our_mistake_is_one_sentence(with_command, capsys, monkeypatch):
    """What nobody foresaw is one sentence and where to report it, not a traceback."""
    monkeypatch.delenv("PANTAU_DEBUG", raising=False)
    with_command(KeyError("port"))

    assert run("odd") == 1
    told = capsys.readouterr().err
    assert "mistake of Pantau's" in told
    assert "KeyError: 'port'" in told
    assert "Traceback" not in told


def test_traceback_is_there_for_who_asks(with_command, capsys, monkeypatch):
    """PANTAU_DEBUG=1 adds the traceback."""
    monkeypatch.setenv("PANTAU_DEBUG", "1")
    with_command(KeyError("port"))

    run("odd")

    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_quiet(with_command, capsys):
    """Ctrl-C ends a command without a word, with 130; the next prompt has its own line."""
    with_command(KeyboardInterrupt())

    assert run("odd") == 130
    assert capsys.readouterr() == ("", "\n")


@pytest.mark.parametrize(
    "error", [Failed("no such\nfile"), click.UsageError("no such file"), KeyError("x")]
)
def test_nagios_is_never_told_critical_by_mistake(error, with_command, capsys):
    """With --nagios every mistake is UNKNOWN, exit code 3, on one line of stdout."""
    with_command(error)

    assert run("odd", "--nagios") == 3
    told = capsys.readouterr().out
    assert told.startswith("UNKNOWN: ")
    assert told.count("\n") == 1
