"""What a collector received, as the story that each receiver was told."""

import json
from collections.abc import Sequence
from typing import Any

from tests.collector import Received


def body(received: Received) -> dict[str, Any]:
    """Return a message."""
    document: dict[str, Any] = json.loads(received.body)
    return document


def kinds(messages: Sequence[Received]) -> list[str]:
    """Return the type of each message, repeated ones left out."""
    return [body(each)["type"] for each in distinct(messages)]


def distinct(messages: Sequence[Received]) -> list[Received]:
    """Return the first arrival of each message."""
    return list({each.headers["webhook-id"]: each for each in reversed(messages)}.values())[::-1]


def of_service(messages: Sequence[Received], service: str) -> list[Received]:
    """Return the messages about a service."""
    return [m for m in messages if (body(m)["service"] or {}).get("id") == service]


def stories(messages: Sequence[Received]) -> dict[str, list[dict[str, Any]]]:
    """Return the messages about each incident in the order of their first arrival."""
    told: dict[str, list[dict[str, Any]]] = {}
    for each in distinct(messages):
        document = body(each)
        if document["incident"] is not None:
            told.setdefault(document["incident"]["id"], []).append(document)
    return told


def faults_in_order(messages: Sequence[Received]) -> list[str]:
    """Return what is wrong with the stories: each is an opening, then at most one end."""
    faults = []
    for incident, story in stories(messages).items():
        told = [document["type"] for document in story]
        whole = ["alert.firing", "alert.resolved"]
        merged = told == whole[1:] and story[0].get("firing_undelivered") is True
        if not merged and told not in (whole, whole[:1]):
            faults.append(f"incident {incident} was told as {told}")
    return faults


def changed_repeats(messages: Sequence[Received]) -> list[str]:
    """Return the ids of messages that did not have the same body each time."""
    bodies: dict[str, set[bytes]] = {}
    for each in messages:
        bodies.setdefault(each.headers["webhook-id"], set()).add(each.body)
    return [name for name, different in bodies.items() if len(different) > 1]
