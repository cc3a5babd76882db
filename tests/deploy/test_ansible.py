"""The role of Ansible: judged, and run as far as its files go in a folder that stands for a machine."""

import os
from pathlib import Path

import pytest

from tests.deploy.tools import DEPLOY, judged, pantau, read, tool

ANSIBLE = DEPLOY / "ansible"
TASKS = read(ANSIBLE / "roles/pantau/tasks/main.yml")


@pytest.fixture
def alone(tmp_path):
    """Settings that keep Ansible to this machine and to a temporary folder."""
    tools = str(Path(tool("ansible-playbook")).parent)
    own = {"ANSIBLE_HOME": str(tmp_path / "ansible"), "PATH": f"{tools}:{os.environ['PATH']}"}
    return {**os.environ, **own, "ANSIBLE_LOCALHOST_WARNING": "false"}


def test_ansible_lint_has_nothing_against_it(alone):
    """The role meets ansible-lint's profile for production."""
    command = [tool("ansible-lint"), "--offline", "--profile", "production", "--strict"]

    assert judged(*command, "site.yml", "roles", cwd=ANSIBLE, env=alone) == ""


def test_the_playbook_can_be_read(alone):
    """Ansible understands the playbook and its role."""
    command = [tool("ansible-playbook"), "--syntax-check", "--inventory", "pantau,", "site.yml"]

    assert judged(*command, cwd=ANSIBLE, env=alone) == ""


def test_what_is_missing_is_named(alone):
    """Without a package and a configuration the role does nothing, and says what it needs."""
    command = [tool("ansible-playbook"), "--connection", "local", "--check"]
    inventory = ["--inventory", "pantau,", "--extra-vars", "ansible_become=false"]
    told = judged(*command, *inventory, "site.yml", cwd=ANSIBLE, env=alone)

    assert "pantau_configuration" in told
    assert "pantau_package" in told


def test_secrets_are_roots_and_never_shown():
    """A secret is a file for root alone, and no output of Ansible has it."""
    [brings] = [task for task in TASKS if task["name"] == "Bring the secrets"]

    assert brings["no_log"] is True
    assert brings["ansible.builtin.copy"]["mode"] == "0600"


def test_a_wrong_configuration_is_never_run():
    """The configuration is checked, with its secrets, before the service is started or restarted."""
    names = [task["name"] for task in TASKS]
    [check] = [task for task in TASKS if task["name"] == "Check the configuration"]

    assert (
        names.index("Bring the secrets")
        < names.index(check["name"])
        < names.index("Run the service")
    )
    assert pantau(*check["ansible.builtin.command"]["argv"][1:2], "--help").returncode == 0
