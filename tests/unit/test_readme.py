"""What README.md and docs/ show is true of the program that they come with."""

import base64
import os
import re
import shlex
import subprocess
import time
from functools import cache
from pathlib import Path

import click
import pytest

from monitor.cli.main import COMMANDS, pantau
from monitor.configuration.loader import load
from monitor.configuration.webconfig import load_web_config
from monitor.domain.observation import FailureKind, UnknownCause
from monitor.locales import Language
from monitor.locales.messages_reasons import CAUSES, FAILURES
from monitor.notifiers import receiver_types
from monitor.notifiers.webhook import signed, signing_key
from monitor.probes import check_types
from tests.pages import examples_of, page_of
from tests.peers import peer

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
WRITTEN = {
    "token": "0123456789abcdef0123456789abcdef",
    "bot": "123456789:AAF0fake_token-of-a-bot-that-is-not-there",
    "url": "https://hooks.example/T0/B0/geheim",
    "apprise": "json://pantau:geheim@hooks.example/geheim",
}
BLOCK = re.compile(r"^(`{3,})(\w*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")
NAME = re.compile(r"# (\S+\.ya?ml)\n")
PROMETHEUS = ROOT / "deploy" / "prometheus"
SERVICE = "{id: portal, name: Portal, owner: diskominfo}"
# Of an owner that some blocks name beside the first.
OTHER = "{id: milik-bapenda, name: Pajak, owner: bapenda}"


@cache
def blocks(language):
    """Return the code blocks in a language, each with the name of its page and its number."""
    return [
        pytest.param(code, id=f"{page.name}-{number}")
        for page in PAGES
        for number, (_, written, code) in enumerate(BLOCK.findall(page.read_text()))
        if written == language
    ]


def load_as_it_stands(folder, code):
    """Load a block as the file that its first line names; without a name by what it holds."""
    named = NAME.match(code)
    name = named[1] if named else "checks.yaml" if code.startswith("- ") else "config/alerts.yaml"
    (folder / "config" / "services").mkdir(parents=True)
    (folder / "config" / "calendars").mkdir()
    if "jam-kerja" in code:
        calendar = folder / "config" / "calendars" / "jam-kerja.yaml"
        calendar.write_text('name: Jam kerja\ndays: {mon-fri: "07:30-16:00"}\n')
    checks = folder / "checks.yaml"
    checks.write_text(f"version: 1\nservices:\n  - {SERVICE}\n  - {OTHER}\n")
    if code.startswith("- "):
        code = whole(code)
    for file in {
        *re.findall(r"\w+\.(?:apprise|key|pem|p12|token|bot|url|user|password|community)\b", code),
        "oncall",
    }:
        (folder / file).touch(mode=0o600)
        (folder / file).write_text(WRITTEN.get(file.rpartition(".")[2], SECRET))
    (folder / name).write_text(code.replace("/etc/pantau/", ""))
    if name == "config/blackbox.yml":
        (folder / "config" / "monitor.yaml").write_text("probe: {enabled: true}\n")
        (folder / "config" / "oncall").touch(mode=0o600)
        (folder / "config" / "oncall").write_text(SECRET)
    elif "probe:" in code:
        (folder / "config" / "blackbox.yml").write_text("modules: {}\n")
    if "through: surel" in code:
        (folder / "config" / "alerts.yaml").write_text(
            "receivers:\n  - {name: surel, type: email, host: mail.example, from: a@b.example, "
            "to: c@b.example}\n"
        )
    if name == "web.yml":
        load_web_config(folder / name)
    else:
        load(checks, check_types(), receiver_types(), {"CREDENTIALS_DIRECTORY": str(folder)})


def whole(checks):
    """Return a list of checks as a file, with the services that they name."""
    services = sorted(set(re.findall(r"service: ([\w-]+)", checks)))
    declared = "".join(f"  - {SERVICE.replace('portal', each)}\n" for each in services)
    return f"version: 1\nservices:\n{declared}checks:\n{checks}"


@pytest.mark.parametrize("code", blocks("yaml"))
def test_configuration_that_is_shown_is_accepted(tmp_path, code):
    """Every YAML block of the documentation is accepted as it stands."""
    named = NAME.match(code)
    if named and (PROMETHEUS / named[1]).exists():
        shown = set(re.findall(r"\S.*", code.partition("\n")[2]))
        assert shown <= set(re.findall(r"\S.*", (PROMETHEUS / named[1]).read_text()))
        return

    load_as_it_stands(tmp_path, code)


@pytest.mark.parametrize("name", check_types())
def test_every_check_type_has_a_page(name):
    """The page of check types shows an example of each, beside what it is for."""
    assert name in {check["type"] for check in examples_of(name)}
    assert page_of(name) in (ROOT / "docs" / "checks.md").read_text()


@pytest.mark.parametrize("code", blocks("sh"))
def test_commands_that_are_shown_exist(code):
    """Every command and option of `pantau` in the documentation is one that it has, and every
    target of make as well.
    """
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0].rpartition("/")[2] == "pantau":
            exists(words[1:])
        if words[:1] == ["make"]:
            assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text()


def exists(words):
    group, options = pantau, []
    while isinstance(group, click.Group) and words:
        name, *words = words
        command = group.get_command(click.Context(group), name)
        assert command is not None, name
        group, options = command, command.params
    known = {option for parameter in options for option in parameter.opts}
    assert {word.partition("=")[0] for word in words if word.startswith("-")} <= known
    if group.name == "check" and words:
        assert f"id: {words[0]}\n" in (ROOT / "checks.yaml").read_text()


def test_table_of_commands_is_whole():
    """README.md tells of every command that a person asks something with."""
    told = set(re.findall(r"`pantau (\w+)", (ROOT / "README.md").read_text()))

    assert set(COMMANDS) - {"run", "schema", "version"} <= told <= set(COMMANDS)


def test_links_lead_somewhere():
    """Every file that the documentation links to is there."""
    for page in PAGES:
        for pair in LINK.findall(page.read_text()):
            target = "".join(pair).partition("#")[0]
            if target and "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize(
    ("members", "catalogue"),
    [(FailureKind, FAILURES), (UnknownCause, CAUSES)],
    ids=["kinds", "causes"],
)
def test_every_failure_is_explained(members, catalogue):
    """Each kind of failure and each cause is explained in both languages, as alerts word it."""
    page = (ROOT / "docs" / "failures.md").read_text()
    for member in members:
        texts = [re.escape(catalogue[language][member]) for language in (Language.ID, Language.EN)]
        assert re.search(rf"(?m)^\| `{member}` \| {texts[0]}\. .+ \| {texts[1]}\. .+ \|$", page), (
            member
        )


def signed_message(name="1", at=None, body=b'{"type":"test"}'):
    at = int(time.time()) if at is None else at
    return signed(name, at, body, signing_key(SECRET)), body


OLD = 1_600_000_000
FORGERIES = {
    "genuine": (None, None, True),
    "other body": (None, b'{"type":"other"}', False),
    "old": (OLD, None, False),
}


@pytest.mark.parametrize(("at", "body", "genuine"), FORGERIES.values(), ids=FORGERIES)
def test_python_that_checks_a_signature(at, body, genuine):
    """The Python that the documentation shows accepts what Pantau signs, and nothing else."""
    [code] = (case.values[0] for case in blocks("python") if "is_genuine" in case.values[0])
    names = {}
    exec(compile(code, "alerts.md", "exec"), names)
    fields, sent = signed_message(at=at)

    assert names["is_genuine"](fields, body or sent, SECRET + "\n") is genuine


@pytest.mark.peers
@pytest.mark.parametrize(("at", "body", "genuine"), FORGERIES.values(), ids=FORGERIES)
def test_shell_that_checks_a_signature(tmp_path, at, body, genuine):
    """The shell script that the documentation shows does the same."""
    [code] = (case.values[0] for case in blocks("sh") if "openssl dgst" in case.values[0])
    fields, sent = signed_message(at=at)
    (tmp_path / "secret").write_text(SECRET + "\n")
    (tmp_path / "body").write_bytes(body or sent)
    given = {name.replace("-", "_"): value for name, value in fields.items()}
    peer("openssl")

    done = subprocess.run(
        ["sh", "-c", code],
        env={**os.environ, **given, "secret": "secret", "body": "body"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode == 0) is genuine, done.stderr
    assert ("genuine" in done.stdout) is genuine
