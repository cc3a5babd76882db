"""What a dns check may expect."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.fields import Duration, Pattern

ResponseCode = Literal[
    "NOERROR",
    "FORMERR",
    "SERVFAIL",
    "NXDOMAIN",
    "NOTIMP",
    "REFUSED",
    "YXDOMAIN",
    "YXRRSET",
    "NXRRSET",
    "NOTAUTH",
    "NOTZONE",
]
Flag = Literal["aa", "tc", "rd", "ra", "ad", "cd"]
Texts = Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]
Flags = Annotated[tuple[Flag, ...], Field(max_length=6)]


class Answers(BaseModel):
    """What the answers must be. Every condition that is given must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    exactly: Texts | None = Field(
        default=None, description="The answers are these and no others, in any order."
    )
    contains: Texts | None = Field(default=None, description="Each of these is among the answers.")
    any_match: Pattern | None = Field(
        default=None, description="RE2 expression that at least one answer matches."
    )
    all_match: Pattern | None = Field(
        default=None, description="RE2 expression that every answer matches."
    )
    none_match: Pattern | None = Field(
        default=None, description="RE2 expression that no answer matches."
    )


class DnsExpect(BaseModel):
    """When the check succeeds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rcode: ResponseCode = Field(default="NOERROR", description="Response code of the answer.")
    answers: Answers = Field(default=Answers(), description="What the answers must be.")
    min_answers: int = Field(
        default=1,
        ge=0,
        le=1000,
        description="Fewest answers; looked at only where rcode is NOERROR.",
    )
    max_ttl: Duration | None = Field(
        default=None, description="Longest TTL that an answer, or a CNAME on the way, may have."
    )
    min_ttl: Duration | None = Field(
        default=None,
        description="Shortest TTL, of those too. Through a resolver TTLs count down: ask a name "
        "server itself.",
    )
    flags: Flags = Field(
        default=(),
        description="Flags that the answer bears: `aa` (authoritative), `ra` (recursion offered), "
        "`ad` (validated by DNSSEC), `rd`, `cd`, `tc`.",
    )
    no_flags: Flags = Field(default=(), description="Flags that the answer doesn't bear.")
    authenticated: bool = Field(
        default=False,
        description="The resolver says (`ad`) that it validated the answer by DNSSEC. That is "
        "worth as much as the way to it: ask one on this machine, or over `tls` or `https`.",
    )
    no_wildcard: bool = Field(
        default=False,
        description="A name at random beside `name` must not lead to anything: an answer would "
        "mean that a wildcard answers for all that is missing.",
    )
    same_everywhere: bool = Field(
        default=False, description="All `nameservers` say the same: response code and answers."
    )
    dnssec: Literal["secure", "insecure", "not_bogus"] | None = Field(
        default=None,
        description="What validating the answer ourselves, from a trust anchor down, must come "
        "to: `secure`, `insecure` (provably not signed) or either (`not_bogus`). The resolver "
        "is asked for the answer as it is (`cd`), so that the reason of a failure can be told.",
    )
    min_signature_days: int | None = Field(
        default=None,
        ge=0,
        le=365,
        description="Days that the zone's own signatures (over the answer and its keys) must "
        "still hold; degraded below. Goes with `dnssec`.",
    )
    max_serial_drift: int = Field(
        default=0,
        ge=0,
        le=2**31 - 1,
        description="How far apart the serials of the zone's servers may be (RFC 1982), with "
        "`authoritative: all`; degraded beyond.",
    )
    same_delegation: bool = Field(
        default=False,
        description="The zone above names the same servers as the zone itself, with "
        "`authoritative: all`; degraded otherwise. Nothing is concluded where every server of the "
        "zone above that is asked serves the zone too: it shows no delegation.",
    )
