"""Whether a server sends the certificates that its visitors need, and nothing else.

A program that knows an intermediate already accepts a chain without it, and most put a wrong
order right by themselves. Others do neither (RFC 5246, 7.4.2 wants the order), so that a server's
mistake is an outage for some of its visitors only.
"""

from dataclasses import dataclass

from monitor.domain.text import visible_text
from monitor.net.certificates import Certificate, Chain

_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainOrder:
    """What is odd about what a server sent.

    `missing` are the subjects of certificates that were needed and came from elsewhere, `extra`
    those of certificates that lead nowhere. `misplaced` says that the order is wrong.
    """

    missing: tuple[str, ...] = ()
    misplaced: bool = False
    extra: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Say whether every visitor who trusts the root can verify the chain."""
        return not self.missing and not self.misplaced

    def faults(self) -> tuple[str, ...]:
        """Return in words what keeps some visitors from verifying the chain."""
        missing = (f"not sent, but needed: {visible_text(one, _SHOWN)}" for one in self.missing)
        return (*missing, *(("the certificates are in the wrong order",) * self.misplaced))

    def texts(self) -> tuple[str, ...]:
        """Return each oddity in words, the grave ones first."""
        extra = (f"sent, but not needed: {visible_text(one, _SHOWN)}" for one in self.extra)
        return (*self.faults(), *extra)


def chain_order(presented: Chain, verified: Chain | None) -> ChainOrder:
    """Return what is odd about `presented`; only `verified` can tell what is missing."""
    path = _path(presented)
    positions = [presented.certificates.index(one) for one in path]
    return ChainOrder(
        missing=() if verified is None else _missing(presented, verified),
        misplaced=positions != sorted(positions),
        extra=tuple(one.subject for one in presented.certificates if one not in path),
    )


def _path(presented: Chain) -> list[Certificate]:
    """Return the certificates that lead upwards from the target's own."""
    rest = list(presented.certificates)
    if not rest:
        return []
    path = [rest.pop(0)]
    while not path[-1].self_issued:
        above = next((one for one in rest if one.subject == path[-1].issuer), None)
        if above is None:
            break
        rest.remove(above)
        path.append(above)
    return path


def _missing(presented: Chain, verified: Chain) -> tuple[str, ...]:
    # By name and key: cross-signed ones stand for each other, one that was renewed with another
    # key for nobody.
    sent = {(one.subject, one.key) for one in presented.certificates}
    needed = verified.certificates
    if needed and needed[-1].self_issued:
        needed = needed[:-1]  # a root is never needed: whoever lacks it does not trust it
    return tuple(one.subject for one in needed if (one.subject, one.key) not in sent)
