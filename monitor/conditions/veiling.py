"""Outcomes without the secrets that a target was told, and may have repeated."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from monitor.domain.observation import Outcome
from monitor.domain.secrecy import hidden
from monitor.domain.text import veiled


def without(outcome: Outcome, secrets: Iterable[str]) -> Outcome:
    """Return the outcome without `secrets`, which a server may have repeated in some form."""
    return veil(outcome, hidden(secrets))


def veil(outcome: Outcome, told: tuple[str, ...]) -> Outcome:
    """Return the outcome without `told`, the forms of what is secret, the longest first."""
    if not told:
        return outcome
    failure = outcome.failure
    if failure is not None:
        failure = replace(failure, detail=veiled(failure.detail, told))
    return replace(outcome, failure=failure, facts=_veiled(outcome.facts, told))


def _veiled(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return veiled(value, secrets)
    if isinstance(value, list):
        return [_veiled(each, secrets) for each in value]
    if isinstance(value, dict):
        return {key: _veiled(each, secrets) for key, each in value.items()}
    return value
