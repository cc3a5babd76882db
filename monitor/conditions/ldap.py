"""What must be true of an LDAP server. Pure: what was heard goes in, a finding comes out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from monitor.conditions.certificate import Finding
from monitor.conditions.duration import too_slow
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.text import visible_text
from monitor.net.ldap import LdapHeard

_SHOWN = 300
_BETWEEN_PARTS = re.compile(r" {0,9}([,=+]) {0,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapConditions:
    """What is expected. None, or an empty value, expects nothing.

    A search must find at least `fewest` entries and at most `most`.
    """

    naming_contexts: tuple[str, ...] = ()
    fewest: int | None = None
    most: int | None = None
    max_seconds: float | None = None

    @property
    def limit(self) -> int:
        """How many entries must be asked for to know."""
        return max(1, self.fewest or 0) if self.most is None else self.most + 1


def judge(conditions: LdapConditions, heard: LdapHeard, seconds: float) -> Finding | None:
    """Return what is wrong with a server that answers, or None."""
    failure = (
        _lacking_contexts(conditions, heard)
        or _wrong_number(conditions, heard)
        or too_slow(conditions.max_seconds, seconds)
    )
    return None if failure is None else Finding(failure)


def contexts_of(root: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return which trees a server holds."""
    return root.get("namingcontexts", ())


def _lacking_contexts(conditions: LdapConditions, heard: LdapHeard) -> Failure | None:
    if not conditions.naming_contexts:
        return None
    expected = ", ".join(conditions.naming_contexts)
    if heard.root is None:
        detail = f"naming contexts: expected {expected}, but the server does not tell"
        return Failure(FailureKind.STATUS, f"{detail}: {heard.silence}")
    there = contexts_of(heard.root)
    known = set(map(_plain, there))
    lacking = [each for each in conditions.naming_contexts if _plain(each) not in known]
    if not lacking:
        return None
    listed = visible_text("; ".join(there), _SHOWN) or "none"
    return Failure(FailureKind.ANSWER, f"naming contexts: {listed}, expected {'; '.join(lacking)}")


def _plain(name: str) -> str:
    """Return a distinguished name without what makes no difference: case, spaces between parts."""
    return _BETWEEN_PARTS.sub(r"\1", name.strip()).casefold()


def _wrong_number(conditions: LdapConditions, heard: LdapHeard) -> Failure | None:
    """Return what is wrong with the number of entries; where the server stopped, it is a least."""
    found, fewest, most = heard.entries, conditions.fewest, conditions.most
    if found is None:
        return None
    if most is not None and found > most:
        return Failure(FailureKind.ANSWER, f"entries: over {most}, {_expected(conditions)}")
    known = not heard.cut or (most is None and found >= (fewest or 0))
    if not known:
        detail = f"the server stops after {found} entries (sizeLimitExceeded)"
        return Failure(FailureKind.STATUS, f"{detail}, {_expected(conditions)}")
    if fewest is not None and found < fewest:
        return Failure(FailureKind.ANSWER, f"entries: {found}, {_expected(conditions)}")
    return None


def _expected(conditions: LdapConditions) -> str:
    fewest, most = conditions.fewest, conditions.most
    if fewest == most:
        return f"expected {most}"
    bounds = (("at least", fewest), ("at most", most))
    return "expected " + " and ".join(f"{word} {n}" for word, n in bounds if n is not None)
