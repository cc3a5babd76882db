"""Which RDAP server answers for a domain: a list that is shipped, in the form of RFC 9224.

Nothing is fetched: whoever watches is not to depend on one more server. The list says of when it
is, and a check may name another server.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_FILE = "rdapservers.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerList:
    """Base URLs, with a slash at their end, by domain. `published` is a date, 2026-09-16."""

    published: str
    servers: Mapping[str, str]


@cache
def shipped() -> ServerList:
    """Return the list that comes with this version."""
    document = json.loads(files("monitor.net").joinpath(_FILE).read_text(encoding="utf-8"))
    servers = {domain: urls[0] for domains, urls in document["services"] for domain in domains}
    return ServerList(published=document["publication"][:10], servers=servers)


def server_for(name: str, listed: ServerList) -> str | None:
    """Return the base URL for a domain (lower-case, ASCII), None where the list has none.

    Of several entries the one with the most labels counts (RFC 9224, 4).
    """
    labels = name.split(".")
    above = (".".join(labels[first:]) for first in range(len(labels)))
    return next((listed.servers[each] for each in above if each in listed.servers), None)
