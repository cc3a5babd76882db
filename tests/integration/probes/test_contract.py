"""What every check type keeps to, held against the examples of its page: a new type is found here.

The examples are probed by a machine of their own (a network namespace) that has no network at all.
"""

import json
import subprocess
import sys

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus as Status
from monitor.probes import check_types
from tests.peers import peer

pytestmark = pytest.mark.peers

PROBED = sorted(name for name, kind in check_types().items() if kind.push is None)
NOWHERE = "192.0.2.1"
# What the engine takes for the target's fault only when it is proven that we are online.
DOUBTFUL = {*(kind for kind in Kind if kind.value.startswith("resolve_"))} | {
    *(Kind.CONNECT_TIMEOUT, Kind.CONNECT_UNREACHABLE, Kind.TIMEOUT, Kind.LOST)
}

CHILD = """
import asyncio, json, sys, time
from datetime import UTC, datetime
from pathlib import Path

from monitor.checktype import ProbeContext
from monitor.net.errors import NetError
from monitor.net.network import Network
from monitor.net.policy import class_of_literal
from monitor.net.report import failed
from monitor.net.resolver import Resolver
from tests.pages import loaded_examples

names, folder, nowhere = json.loads(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
hosts = folder / "hosts"
began = asyncio.Event()

async def never(*_, **__):
    began.set()
    await asyncio.Event().wait()

def context(resolver):
    now = time.monotonic()
    return ProbeContext(network=Network(resolver=resolver), deadline=now + 3.0,
                        monotonic=time.monotonic, now=datetime.now(UTC))

async def probed(one):
    host = one.spec.dialled_host() or ""
    is_name = host and class_of_literal(host) is None
    hosts.write_text(f"{nowhere} {host}\\n" if is_name else "")
    resolver = Resolver(hosts_file=hosts, resolv_conf=folder / "none")
    try:
        outcome = await asyncio.wait_for(one.kind.probe(one.spec, context(resolver)), 10)
    except NetError as error:  # as the runner does
        outcome = failed(error, {}, {})
    failure = outcome.failure
    return {"status": outcome.status, "kind": failure and failure.kind, "shown": f"{outcome!r} {one.spec!r} {one.check!r}",
            "answered": outcome.answered, "local": one.check.local, "cancelled": await cancelled(one),
            "measured": [[name, [key for key, _ in labels]]
                         for name, labels in outcome.measurements]}

async def cancelled(one):
    resolver = Resolver(hosts_file=folder / "none", ask=never)
    task = asyncio.ensure_future(one.kind.probe(one.spec, context(resolver)))
    waiting = asyncio.ensure_future(began.wait())
    await asyncio.wait({task, waiting}, timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    at, had_ended = time.monotonic(), task.done()
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    # A lookup is the resolver's, for all who want that name, and goes on without them.
    mine = {task, asyncio.current_task()}
    others = asyncio.all_tasks() - mine
    lookups = {each for each in others if each.get_name().startswith("look up ")}
    for each in lookups:
        each.cancel()
    left = others - lookups
    if left:
        _, left = await asyncio.wait(left, timeout=1)
    began.clear()
    return {"ended": had_ended or task.cancelled(), "seconds": time.monotonic() - at, "left": len(left)}

async def main():
    found = {}
    for name in names:
        place = folder / name
        place.mkdir()
        found[name] = [await probed(one) for one in loaded_examples(name, place)]
    print(json.dumps(found))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Return what each type's examples came to on a machine without a network."""
    folder = tmp_path_factory.mktemp("alone")
    command = [sys.executable, "-c", CHILD, json.dumps(PROBED), str(folder), NOWHERE]
    told = subprocess.run(
        [peer("unshare"), "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


@pytest.mark.parametrize("name", PROBED)
def test_a_machine_without_a_network_accuses_nobody(alone, name):
    """Where nothing can be reached nothing is known, or it is a failure that wants proof."""
    for found in alone[name]:
        if found["local"]:  # between us and ourselves there is no network
            continue
        is_unknown = found["status"] == Status.UNKNOWN
        assert is_unknown or (found["kind"] in DOUBTFUL and not found["answered"]), found["shown"]


@pytest.mark.parametrize("name", PROBED)
def test_what_is_measured_is_declared(alone, name):
    """A type reports no number that its page does not name, with its labels."""
    declared = {each.name: sorted(each.labels) for each in check_types()[name].measurements}

    for found in alone[name]:
        for metric, labels in found["measured"]:
            assert labels == declared.get(metric), metric


@pytest.mark.parametrize("name", PROBED)
def test_no_secret_is_shown(alone, name):
    """A check's secrets stand in no outcome, nor in any text of the check itself."""
    assert not [found for found in alone[name] if "hunter2" in found["shown"]]


@pytest.mark.parametrize("name", PROBED)
def test_a_check_ends_when_it_is_cancelled(alone, name):
    """Whoever is cancelled while it waits ends at once, and leaves nothing running."""
    for found in alone[name]:
        cancelled = found["cancelled"]
        assert cancelled["ended"]
        assert not cancelled["left"]
        assert cancelled["seconds"] < 3
