"""The recipe of the container's image."""

import json
import re

from tests.deploy.tools import DEPLOY, ROOT, judged, pantau, tool

FILE = DEPLOY / "docker" / "Dockerfile"
RECIPE = FILE.read_text()
LAST_STAGE = RECIPE.rpartition("\nFROM ")[2]


def test_hadolint_has_nothing_against_it():
    """The recipe breaks none of hadolint's rules but those that it says why."""
    assert judged(tool("hadolint"), FILE) == ""


def test_it_runs_as_nobody():
    """The container's user is a number that is not root's, so that Kubernetes can see what it is."""
    assert re.findall(r"^USER (.+)$", LAST_STAGE, re.MULTILINE) == ["65534:65534"]


def test_what_it_copies_is_there():
    """What the image is made of exists, and is all that a builder is given."""
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", RECIPE, re.MULTILINE)
    wanted = {source for sources in copied for source in sources.split()}
    ignored, *given = (ROOT / ".dockerignore").read_text().split("\n*\n")[1].split("!")

    assert ignored == ""
    assert {name.split("\n")[0] for name in given} == wanted
    assert all((ROOT / source).exists() for source in wanted)


def test_its_commands_are_commands_of_pantau():
    """What it runs, and what it is asked for its health with, are commands that there are."""
    for line in re.findall(r"CMD (\[.+\])$", LAST_STAGE, re.MULTILINE):
        arguments = [word for word in json.loads(line) if word != "pantau"]

        assert pantau(*arguments, "--help").returncode == 0, line


def test_no_tool_of_installing_comes_along():
    """What installed Pantau, and could install more, is not in the image."""
    assert "uninstall --yes setuptools pip" in RECIPE
    assert "pip" not in LAST_STAGE
