"""Which zone a name lies in."""

import dns.message
import dns.rcode
import dns.rrset
import pytest

from monitor.domain.observation import FailureKind
from monitor.net.delegation import (
    delegated_servers,
    find_delegation,
    find_zone,
    is_within,
    leads_away,
)
from monitor.net.dnsmessage import Question
from monitor.net.dnswire import Message, decode
from monitor.net.errors import NetError

SOA = "a. h. 1 2 3 4 5"


def message(*answer: str, authority: tuple[str, ...] = (), rcode: str = "NOERROR") -> Message:
    """Return a reply; each record is `name type value`."""
    made = dns.message.Message()
    made.set_rcode(dns.rcode.from_text(rcode))
    for section, records in ((made.answer, answer), (made.authority, authority)):
        for record in records:
            name, kind, value = record.split(maxsplit=2)
            section.append(dns.rrset.from_text(name, 60, "IN", kind, value))
    return decode(made.to_wire())


class Resolver:
    """Answers from a table; anything else is refused."""

    def __init__(self, **table: Message) -> None:
        self.table = {key.replace("__", " ").replace("_", "."): one for key, one in table.items()}
        self.asked: list[str] = []

    async def __call__(self, question: Question) -> Message:
        self.asked.append(str(question))
        return self.table.get(str(question), message(rcode="REFUSED"))


async def test_zone_that_a_denial_names():
    """A reply without the SOA of a name has the one of its zone in the authority section."""
    denial = message(authority=(f"example.id. SOA {SOA}",), rcode="NXDOMAIN")

    assert await find_zone(Resolver(www_example_id__SOA=denial), "www.example.id") == "example.id"


async def test_alias_into_a_zone_above():
    """What a reply says of where an alias leads is not taken for the zone of the alias."""
    resolver = Resolver(
        a_sub_id__SOA=message("a.sub.id. CNAME b.id.", authority=(f"id. SOA {SOA}",)),
        sub_id__SOA=message(f"sub.id. SOA {SOA}"),
    )

    assert await find_zone(resolver, "a.sub.id") == "sub.id"


async def test_strange_soa_is_passed_over():
    """A SOA of a zone that the name is not in says nothing."""
    resolver = Resolver(
        www_id__SOA=message(authority=(f"com. SOA {SOA}",)), id__SOA=message(f"id. SOA {SOA}")
    )

    assert await find_zone(resolver, "www.id") == "id"


async def test_no_zone():
    """A resolver that tells no zone up to the root knows none."""
    empty = message()
    resolver = Resolver(id__SOA=empty)
    resolver.table[". SOA"] = empty

    with pytest.raises(NetError) as caught:
        await find_zone(resolver, "id")

    assert caught.value.failure.detail == "id: in no zone"


@pytest.mark.parametrize(
    ("rcode", "kind"),
    [
        ("SERVFAIL", FailureKind.RESOLVE_SERVFAIL),
        ("REFUSED", FailureKind.RESOLVE_REFUSED),
        ("NOTIMP", FailureKind.ANSWER),
    ],
)
async def test_resolver_that_fails(rcode: str, kind: FailureKind):
    """A resolver's refusal is told with its question."""
    with pytest.raises(NetError) as caught:
        await find_zone(Resolver(www_id__SOA=message(rcode=rcode)), "www.id")

    assert caught.value.failure.kind is kind
    assert caught.value.failure.detail == f"www.id SOA: {rcode}"


async def test_servers_of_the_zone():
    """Servers are those that the zone lists itself, in order."""
    resolver = Resolver(
        example_id__SOA=message(f"example.id. SOA {SOA}"),
        example_id__NS=message(
            "example.id. NS b.id.", "example.id. NS a.id.", "other.id. NS c.id."
        ),
    )

    found = await find_delegation(resolver, Question("example.id", "A"))

    assert (found.zone, found.servers) == ("example.id", ("a.id", "b.id"))


async def test_ds_is_above():
    """A DS is in the zone above the one that it is of."""
    resolver = Resolver(id__SOA=message(f"id. SOA {SOA}"), id__NS=message("id. NS a.id."))

    assert (await find_delegation(resolver, Question("example.id", "DS"))).zone == "id"


async def test_zone_without_servers():
    """A zone that lists no servers is told."""
    resolver = Resolver(id__SOA=message(f"id. SOA {SOA}"), id__NS=message())

    with pytest.raises(NetError, match="id: a zone without NS records"):
        await find_delegation(resolver, Question("id", "A"))


def test_servers_that_the_zone_above_names():
    """A referral names servers in its authority section, an answer in its own."""
    referral = message(authority=("a.id. NS n2.id.", "a.id. NS n1.id.", "b.id. NS n3.id."))

    assert delegated_servers(referral, "a.id") == ("n1.id", "n2.id")
    assert delegated_servers(message("a.id. NS n1.id."), "a.id") == ("n1.id",)


@pytest.mark.parametrize(
    ("name", "zone", "within"),
    [
        ("a.id", "id", True),
        ("id", "id", True),
        ("aid", "id", False),
        ("a.id", ".", True),
        (".", "id", False),
    ],
)
def test_within(name: str, zone: str, within: bool):
    """A name is within a zone by whole labels."""
    assert is_within(name, zone) is within


@pytest.mark.parametrize(
    ("end", "authority", "away"),
    [
        ("www.other.id", (), True),
        ("www.example.id", (), False),
        ("www.sub.example.id", ("sub.example.id. NS ns.other.id.",), True),
        ("www.example.id", ("example.id. NS ns.example.id.",), False),
        ("www.example.id", ("sub.example.id. NS ns.other.id.",), False),
        ("www.example.id", (f"example.id. SOA {SOA}",), False),
        ("www.other.id", (f"other.id. SOA {SOA}",), False),
        ("www.other.id", (f"example.id. SOA {SOA}",), True),
        ("www.other.id", (". NS a.root.",), True),
    ],
    ids=[
        "outside",
        "inside",
        "below",
        "inside-with-its-own-servers",
        "inside-with-a-referral-of-another-name",
        "denied",
        "denied-outside",
        "outside-with-its-own-soa",
        "outside-with-an-upward-referral",
    ],
)
def test_where_a_zone_ends(end: str, authority: tuple[str, ...], away: bool):
    """A server need not know what an alias leads to outside its zone, or in one below."""
    found = message(f"alias.example.id. CNAME {end}.", authority=authority)

    assert leads_away(found, end, "example.id") is away
