"""The four containers that `docker compose up` starts."""

import pytest

from tests.deploy.tools import DEPLOY, judged, pantau, read, tool

FILE = DEPLOY / "compose" / "compose.yaml"
SERVICES = read(FILE)["services"]
each_service = pytest.mark.parametrize("name", SERVICES)


def test_it_is_a_compose_file():
    """The file is as the Compose specification has it."""
    assert judged(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", FILE) == ""


@each_service
def test_what_is_mounted_is_shipped(name):
    """Every folder that a container is given is in the project, and can't be written from within."""
    volumes = [
        volume.replace("${PANTAU_CONFIG:-./pantau}", "./pantau")
        for volume in SERVICES[name]["volumes"]
    ]
    mounted = [volume.split(":") for volume in volumes if volume.startswith(".")]

    assert mounted
    for source, _, mode in mounted:
        assert (FILE.parent / source).is_dir(), source
        assert mode == "ro"


@each_service
def test_containers_are_shut_in(name):
    """No container can write to its root, has a capability, or can gain one."""
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@each_service
def test_images_are_pinned(name):
    """Images of others have a release as their tag, never `latest`."""
    service = SERVICES[name]

    assert "build" in service or service["image"].partition(":")[2][-1].isdigit()


def test_nothing_is_published_beyond_the_machine():
    """Until somebody says otherwise, every port is on loopback."""
    published = [str(port) for service in SERVICES.values() for port in service.get("ports", [])]

    assert len(published) == 4
    assert all("127.0.0.1:" in port for port in published)


def test_its_first_configuration_is_valid():
    """What Pantau watches to begin with is right, and leaves the city alone."""
    told = pantau("validate", "--config", FILE.parent / "pantau" / "checks.yaml")
    checks = read(FILE.parent / "pantau" / "checks.yaml")["checks"]

    assert told.returncode == 0, told.stdout + told.stderr
    assert all(check["url"].startswith("http://127.0.0.1:") for check in checks)
