"""Targets that Prometheus discovers."""

import json
from dataclasses import dataclass, replace

from monitor.web.app import create_app, create_public_app
from monitor.web.credentials import Authenticator
from tests.unit.metrics.board import FakeBoard, a_check, a_service, watch
from tests.unit.web.asking import a_context, ask


@dataclass
class Told:
    """Stands for the intake of pushes: these checks are told, and dial nothing."""

    passive: frozenset[str]

    def is_passive(self, check_id):
        return check_id in self.passive

    def owner(self, _token):
        return None


async def discovered(context):
    answer = await ask(create_app(context, Authenticator({})), "GET", "/api/v1/sd/prometheus")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    return json.loads(answer.text)


async def test_each_target_with_its_labels():
    """Each check is a target as people see it, with labels to choose and name it by."""
    check = a_check(labels={"kecamatan": "Ujung Pandang"})
    board = FakeBoard(watched=[watch(check)], listed=[a_service()])

    assert await discovered(a_context(board=board)) == [
        {
            "targets": ["https://makassarkota.go.id/"],
            "labels": {
                "__meta_pantau_check": "portal-http",
                "__meta_pantau_type": "http",
                "__meta_pantau_service": "portal",
                "__meta_pantau_owner": "diskominfo",
                "__meta_pantau_criticality": "sangat_kritis",
                "__meta_pantau_public": "true",
                "__meta_pantau_interval_seconds": "60",
                "__meta_pantau_label_kecamatan": "Ujung Pandang",
            },
        }
    ]


async def test_what_dials_nothing_is_no_target():
    """A check that waits to be told has no target."""
    board = FakeBoard(
        watched=[watch(a_check(id=name)) for name in ("a", "cadangan")], listed=[a_service()]
    )
    context = replace(a_context(board=board), pushes=Told(frozenset({"cadangan"})))

    found = await discovered(context)
    assert [each["labels"]["__meta_pantau_check"] for each in found] == ["a"]


async def test_very_many_targets():
    """However many there are, the answer is one array of all of them."""
    watched = [watch(a_check(id=f"c{n}")) for n in range(250)]
    found = await discovered(a_context(board=FakeBoard(watched=watched, listed=[a_service()])))

    assert [each["labels"]["__meta_pantau_check"] for each in found] == [
        each.check.id for each in watched
    ]


async def test_targets_are_not_for_everybody():
    """Targets may be internal, so the public listener knows nothing of them."""
    answer = await ask(create_public_app(a_context()), "GET", "/api/v1/sd/prometheus")

    assert answer.status == 404
