"""Which authorities may issue certificates for a name, as its DNS says (CAA, RFC 8659)."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from monitor.domain.observation import FailureKind
from monitor.net.dnsclient import DnsAnswer
from monitor.net.dnsmessage import CnameLoop, Question, follow
from monitor.net.errors import NetError


@dataclass(frozen=True, slots=True, kw_only=True)
class Caa:
    """What CAA records say of a name.

    `at` is the name that has records, None where no name on the way to the root has any.
    `issuers` are domains of authorities in lower case; None: anybody may issue. Empty: nobody.
    """

    at: str | None = None
    issuers: tuple[str, ...] | None = None


Ask = Callable[[Question], Awaitable[DnsAnswer]]
"""Asks a question of our own name servers; raises NetError."""


async def find_caa(ask: Ask, name: str, *, wildcard: bool) -> Caa:
    """Return what holds for certificates of `name`, or of `*.name` if `wildcard`.

    The name itself is asked, then every name above it but the root, until one has records. Raises
    NetError.
    """
    labels = [label for label in name.split(".") if label]
    for start in range(len(labels)):
        at = ".".join(labels[start:])
        texts = await _records(ask, at)
        if texts:
            return Caa(at=at, issuers=issuers(texts, wildcard=wildcard))
    return Caa()


async def _records(ask: Ask, name: str) -> tuple[str, ...]:
    question = Question(name, "CAA")
    answer = await ask(question)
    if answer.message.rcode not in {"NOERROR", "NXDOMAIN"}:
        detail = f"{name}: {answer.message.rcode} for CAA"
        raise NetError(FailureKind.RESOLVE_SERVFAIL, detail, answered=True)
    try:
        return tuple(record.text for record in follow(answer.message, question).records)
    except CnameLoop as error:
        raise NetError(FailureKind.RESOLVE_SERVFAIL, str(error), answered=True) from None


def issuers(texts: Iterable[str], *, wildcard: bool) -> tuple[str, ...] | None:
    """Return who may issue by records such as `0 issue letsencrypt.org`; None: anybody."""
    found: dict[str, list[str]] = {}
    for text in texts:
        _, tag, value = [*text.split(maxsplit=2), "", "", ""][:3]
        domain = value.strip('"').partition(";")[0].strip().lower()
        found.setdefault(tag.lower(), []).append(domain)
    listed = found.get("issuewild") if wildcard else None
    if listed is None:
        listed = found.get("issue")
    return None if listed is None else tuple(domain for domain in listed if domain)
