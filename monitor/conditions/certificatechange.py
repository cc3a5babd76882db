"""Did a target change its certificate? What is remembered of the last ones tells.

A target behind several servers may show several certificates in turn, so that a few are
remembered and only one that was not seen before is a change.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.conditions.certificate import issued_by, worth
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.text import visible_text
from monitor.net.certificates import Certificate
from monitor.net.ocsp import date_text

_MOST = 8  # certificates of a target that are remembered
_SHOWN = 200

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
    weaker. `now` is in Unix seconds.
    """
    known: list[Memory] = [one for one in memory.get("known", ()) if isinstance(one, Mapping)]
    prints = [one.get("fingerprint") for one in known]
    new = list({one.fingerprint: one for one in seen if one.fingerprint not in prints}.values())
    told = dict(memory.get("change") or {})
    strange = [one for one in new if not _is_renewal(known, one, expected_issuer)]
    if known and strange:
        told = {"at": now, "detail": _detail(known[0], strange[0])}
    kept = {"known": [*map(_noted, new), *known][:_MOST]}
    # A clock that was set back does not prolong what is told.
    if not told or not 0 <= now - told["at"] < window_seconds:
        return None, kept
    return Failure(FailureKind.CHANGED, told["detail"]), {**kept, "change": told}


def _is_renewal(known: Sequence[Memory], new: Certificate, expected: str | None) -> bool:
    if expected is None or not issued_by(new, expected):
        return False
    return worth(new) >= min((one.get("worth", 0) for one in known), default=0)


def _noted(certificate: Certificate) -> Memory:
    return {
        "fingerprint": certificate.fingerprint,
        "issuer": visible_text(certificate.issuer, _SHOWN),
        "not_after": certificate.not_after,
        "worth": worth(certificate),
    }


def _detail(old: Memory, new: Certificate) -> str:
    return visible_text(f"certificate changed from {_described(old)} to {_described(_noted(new))}")


def _described(noted: Memory) -> str:
    until = date_text(noted["not_after"])
    return f"{noted['fingerprint'][:16]}… by {noted['issuer']}, valid until {until}"
