"""What is asked wrongly, /config, /logs and debug=true: as blackbox_exporter answers."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml

from tests.conformance import ports
from tests.conformance.tables import CASES, NEWER
from tests.conformance.world import World

pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.xdist_group("conformance")]
TARGET = f"http://four.test:{ports.HTTP}/ok"
# 0.23 shows versions as numbers and sizes in its own units, and bearer_token as authorization.
_OTHERWISE = {"min_version", "max_version", "body_size_limit"}
HEADER = "X-Prometheus-Scrape-Timeout-Seconds"


def _path(**parameters: str) -> str:
    return f"/probe?{urlencode(parameters)}"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (_path(target=TARGET, module="none"), {}, 400),
        (_path(target=TARGET, module='a"b\n\\é'), {}, 400),
        (_path(module="none"), {}, 400),
        (_path(module="http_plain"), {}, 400),
        (_path(module="http_plain", target=""), {}, 400),
        ("/probe", {}, 400),
        (_path(target=TARGET, module="http_plain"), {HEADER: "soon"}, 500),
        (_path(target=TARGET, module="http_plain"), {HEADER: "5s"}, 500),
        (_path(target=TARGET, module="http_plain"), {HEADER: "1,5"}, 500),
        (_path(target=TARGET, module="http_host_header", hostname="lain.test"), {}, 400),
        (_path(target=TARGET, module="http_host_header_small", hostname="lain.test"), {}, 400),
        ("/logs?id=x", {}, None),
        ("/logs?id=123456", {}, 404),
    ],
)
def test_refusals_are_alike(
    world: World, path: str, headers: Mapping[str, str], status: int | None
):
    """What can't be probed is refused with blackbox_exporter's status and words.

    0.23 says 500 to a number of a probe that is none, where later versions say 400.
    """
    said = world.ask(path, headers=headers)

    theirs, ours = said["theirs"], said["ours"]
    assert (ours["body"], ours["type"]) == (theirs["body"], theirs["type"])
    assert (ours["status"], theirs["status"]) == ((400, 500) if status is None else (status,) * 2)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_any_method_probes(world: World, method: str):
    """/probe takes any method, and needs no module for an HTTP target."""
    said = world.ask(_path(target=TARGET), method=method)

    for side in ("theirs", "ours"):
        assert said[side]["status"] == 200
        assert said[side]["type"].startswith("text/plain; version=0.0.4")
        assert "\nprobe_success 1\n" in said[side]["body"]


@pytest.mark.parametrize(
    ("seconds", "module", "expected"),
    [
        ("1.0", "timeout_by_header", 0.5),
        ("0.2", "timeout_by_header", 3.0),
        ("9", "target_vanishing", 0.5),
    ],
)
def test_timeouts_are_alike(world: World, seconds: str, module: str, expected: float):
    """Prometheus' header less half a second is the timeout, or the module's own if it is shorter.

    A header of less than half a second leaves the module's own.
    """
    path = _path(target="http://vanishing.test/", module=module)

    said = world.ask(path, headers={HEADER: seconds})

    for side in ("theirs", "ours"):
        found = re.search(r"^probe_duration_seconds (\S+)$", said[side]["body"], re.MULTILINE)
        assert found is not None
        assert expected - 0.01 <= float(found[1]) <= expected + 1.0, side


def test_debug_text_has_the_same_parts(world: World):
    """debug=true gives steps, metrics and the module, under the same headings, in that order."""
    target = f"http://four.test:{ports.HTTP}/need/basic"

    said = world.ask(_path(target=target, module="http_basic_wrong", debug="true"))

    parts = {}
    for side in ("theirs", "ours"):
        assert said[side]["status"] == 200
        found = re.match(
            r"Logs for the probe:\n((?:ts=\S+ .*\n)+)\n\n\n"
            r"Metrics that would have been returned:\n(.*)\n\n\n"
            r"Module configuration:\n(.*)\Z",
            said[side]["body"],
            re.DOTALL,
        )
        assert found is not None, said[side]["body"]
        parts[side] = found.groups()
    for steps, _, _ in parts.values():
        assert 'msg="Beginning probe" probe=http' in steps
        assert 'msg="Probe failed"' in steps
    for _, metrics, module in parts.values():
        assert "# TYPE probe_success gauge\nprobe_success 0" in metrics
        assert yaml.safe_load(module)["http"]["basic_auth"]["password"] == "<secret>"


def test_debug_text_is_kept(world: World):
    """/logs gives the debug text of a probe by its number, as it was."""
    world.ask(_path(target=TARGET, module="http_2xx"))

    said = world.ask("/logs?id=0")

    for side in ("theirs", "ours"):
        if said[side]["status"] == 404:  # the first of many has left the history
            continue
        assert said[side]["status"] == 200
        assert said[side]["body"].startswith("Logs for the probe:\nts=")
        assert "\nModule configuration:\n" in said[side]["body"]


def test_configuration_is_shown_alike(world: World):
    """/config shows the modules with every key that was written, and no secret."""
    said = world.ask("/config")

    theirs, ours = (yaml.safe_load(said[side]["body"])["modules"] for side in ("theirs", "ours"))
    assert ours.keys() == {case.name for case in (*CASES, *NEWER)}
    faults = {
        case.name: fault
        for case in CASES
        if (fault := _unlike(theirs[case.name], ours[case.name], case.module["prober"]))
    }
    assert faults == {}
    for secret in ("rahasia", "desa", "PRIVATE KEY"):
        assert secret not in said["ours"]["body"]


def _unlike(theirs: Mapping[str, Any], ours: Mapping[str, Any], prober: str) -> list[str]:
    """Return the keys that blackbox_exporter shows otherwise. Ours may hide more."""
    if any(theirs[key] != ours[key] for key in ("prober", "timeout")):
        return ["prober or timeout"]
    return list(_other(theirs.get(prober, {}), ours[prober]))


def _other(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[str]:
    for key, value in theirs.items():
        mine = ours.get(key)
        if key in _OTHERWISE or (key == "authorization" and "bearer_token" in ours):
            continue
        if isinstance(value, dict) and isinstance(mine, dict):
            yield from _other(value, mine)
        elif mine != value and "<secret>" not in str(mine) and (value or mine):
            yield f"{key}: {value!r} is {mine!r}"
