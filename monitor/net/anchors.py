"""Trust anchors: the keys with which a chain of signatures begins."""

import re
from collections.abc import Mapping, Sequence

from monitor.domain.dnstext import dns_name
from monitor.net.dnsseckeys import SUPPORTED
from monitor.net.dnssecrecords import DIGESTS, KeyDigest
from monitor.net.dnssecwire import Name, parse_name

Anchors = Mapping[Name, tuple[KeyDigest, ...]]
"""Digests of the keys trusted for each zone that a chain may begin with."""

_DS = re.compile(
    r"(?P<zone>\S+)\s+(?:\d+\s+)?(?:IN\s+)?DS\s+(?P<tag>\d{1,5})\s+(?P<algorithm>\d{1,3})\s+"
    r"(?P<digest_type>\d{1,3})\s+(?P<digest>(?:[0-9A-F]{2}\s*)+)\Z",
    re.IGNORECASE,
)
_SAMPLE = "'. IN DS 20326 8 2 E06D44B8…'"


def parse_anchor(text: str) -> tuple[Name, KeyDigest]:
    """Return the zone and the digest of a DS record in the form of a zone file.

    Raises ValueError for what is none, or whose algorithm or digest proves nothing here: what
    stands below would count as not signed.
    """
    found = _DS.match(text.strip())
    if not found:
        raise ValueError(f"{text[:80]!r} is no DS record: write one as {_SAMPLE}")
    algorithm, digest_type = int(found["algorithm"]), int(found["digest_type"])
    digest = bytes.fromhex("".join(found["digest"].split()))
    if algorithm not in SUPPORTED:
        known = ", ".join(map(str, sorted(SUPPORTED)))
        raise ValueError(f"{text[:80]!r}: algorithm {algorithm}, expected one of {known}")
    if digest_type not in DIGESTS:
        raise ValueError(f"{text[:80]!r}: digest type {digest_type}, expected 2 or 4 (SHA-2)")
    if len(digest) != DIGESTS[digest_type]().digest_size:
        raise ValueError(f"{text[:80]!r}: a digest of {len(digest)} bytes is not of its type")
    zone = parse_name(dns_name(found["zone"]))
    return zone, KeyDigest(int(found["tag"]), algorithm, digest_type, digest)


def parse_anchors(texts: Sequence[str]) -> Anchors:
    """Return anchors for the zones of DS records. Raises ValueError as `parse_anchor` does."""
    anchors: dict[Name, tuple[KeyDigest, ...]] = {}
    for text in texts:
        zone, digest = parse_anchor(text)
        anchors[zone] = (*anchors.get(zone, ()), digest)
    return anchors


def anchors_with(texts: Sequence[str]) -> Anchors:
    """Return the anchors of the public root, and those given, which go before for their zones."""
    return ROOT_ANCHORS | dict(parse_anchors(texts))


# The key-signing keys of the root, as IANA publishes them (root-anchors.xml): of 2017 and 2024.
ROOT_ANCHORS = dict(
    parse_anchors(
        (
            ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
            ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
        )
    )
)
