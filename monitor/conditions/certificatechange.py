"""Did a target change its certificate? What is remembered of the last ones tells.

A target behind several servers may show several certificates at once or in turn, so that more are
remembered than a visit can show, and only one that was not seen before is a change.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from monitor.conditions.certificate import issued_by, worth
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.text import visible_text
from monitor.net.certificates import Certificate
from monitor.net.ocsp import date_text

# A visit sees at most 32 (monitor.net.families), and what responders said of as many is
# remembered beside them: together they stay below what a check may remember.
_MOST = 36
_ISSUER_BYTES = 90  # of JSON, in which a strange character takes up to six

Memory = Mapping[str, Any]


def changed(
    memory: Memory,
    seen: Sequence[Certificate],
    now: float,
    window_seconds: float,
    expected_issuer: str | None = None,
) -> tuple[Failure | None, Memory]:
    """Return whether the certificate changed lately, and what to remember (JSON values).

    A change is told from when it is first seen until `window_seconds` later. What is seen for the
    first time of all is no change, and neither is a renewal by `expected_issuer` whose key is no
    weaker than that of any certificate that it may have replaced. `now` is in Unix seconds.
    """
    known: list[Memory] = [one for one in memory.get("known", ()) if isinstance(one, Mapping)]
    prints = {one.get("fingerprint") for one in known}
    shown = {one.fingerprint: one for one in seen}
    new = [one for one in shown.values() if one.fingerprint not in prints]
    gone = _gone(known[: memory.get("current", 1)], shown)
    told = dict(memory.get("change") or {})
    strange = [one for one in new if not _is_renewal(gone, one, expected_issuer)]
    if known and strange:
        told = {"at": now, "detail": _detail(gone[0], strange[0])}
    kept = _remembered(memory, known, shown)
    # A clock that was set back does not prolong what is told.
    if not told or not 0 <= now - told["at"] < window_seconds:
        return None, kept
    return Failure(FailureKind.CHANGED, told["detail"]), {**kept, "change": told}


def _gone(current: Sequence[Memory], shown: Mapping[str, Certificate]) -> Sequence[Memory]:
    """Return what of the last visit was not seen again, or all of it: what was replaced."""
    return [one for one in current if one.get("fingerprint") not in shown] or current


def _remembered(
    memory: Memory, known: Sequence[Memory], shown: Mapping[str, Certificate]
) -> dict[str, Any]:
    """Return what was seen, in an order that is the same for the same certificates, then the rest.

    So what was not seen for longest is forgotten first. `current` counts what was seen.
    """
    if not shown:
        return {key: value for key, value in memory.items() if key != "change"}
    older = [one for one in known if one.get("fingerprint") not in shown]
    seen = [_noted(shown[fingerprint]) for fingerprint in sorted(shown)]
    return {"known": [*seen, *older][:_MOST], "current": len(seen)}


def _is_renewal(gone: Sequence[Memory], new: Certificate, expected: str | None) -> bool:
    if expected is None or not issued_by(new, expected):
        return False
    return worth(new) >= max((one.get("worth", 0) for one in gone), default=0)


def _noted(certificate: Certificate) -> Memory:
    return {
        "fingerprint": certificate.fingerprint,
        "issuer": _issuer(certificate.issuer),
        "not_after": certificate.not_after,
        "worth": worth(certificate),
    }


def _issuer(name: str) -> str:
    shown = visible_text(name, _ISSUER_BYTES)
    return shown if len(json.dumps(shown)) <= _ISSUER_BYTES + 2 else visible_text(name, 30)


def _detail(old: Memory, new: Certificate) -> str:
    return visible_text(f"certificate changed from {_described(old)} to {_described(_noted(new))}")


def _described(noted: Memory) -> str:
    until = date_text(noted["not_after"])
    return f"{noted['fingerprint'][:16]}… by {noted['issuer']}, valid until {until}"
