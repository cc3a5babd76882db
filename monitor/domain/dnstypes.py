"""The DNS's numbers and their names: record types, classes, response codes, extended errors."""

import re
from collections.abc import Mapping

RECORD_TYPES: Mapping[str, int] = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "PTR": 12,
    "HINFO": 13,
    "MX": 15,
    "TXT": 16,
    "RP": 17,
    "AFSDB": 18,
    "AAAA": 28,
    "LOC": 29,
    "SRV": 33,
    "NAPTR": 35,
    "KX": 36,
    "CERT": 37,
    "DNAME": 39,
    "OPT": 41,
    "DS": 43,
    "SSHFP": 44,
    "RRSIG": 46,
    "NSEC": 47,
    "DNSKEY": 48,
    "DHCID": 49,
    "NSEC3": 50,
    "NSEC3PARAM": 51,
    "TLSA": 52,
    "SMIMEA": 53,
    "CDS": 59,
    "CDNSKEY": 60,
    "OPENPGPKEY": 61,
    "CSYNC": 62,
    "ZONEMD": 63,
    "SVCB": 64,
    "HTTPS": 65,
    "SPF": 99,
    "EUI48": 108,
    "EUI64": 109,
    "ANY": 255,
    "URI": 256,
    "CAA": 257,
}
"""Types by their name; any other is written TYPE and its number (RFC 3597)."""

CLASSES: Mapping[str, int] = {"IN": 1, "CH": 3, "HS": 4, "NONE": 254, "ANY": 255}

RCODES: Mapping[int, str] = {
    0: "NOERROR",
    1: "FORMERR",
    2: "SERVFAIL",
    3: "NXDOMAIN",
    4: "NOTIMP",
    5: "REFUSED",
    6: "YXDOMAIN",
    7: "YXRRSET",
    8: "NXRRSET",
    9: "NOTAUTH",
    10: "NOTZONE",
    16: "BADVERS",
    23: "BADCOOKIE",
}

EXTENDED_ERRORS: Mapping[int, str] = {
    0: "other error",
    1: "unsupported DNSKEY algorithm",
    2: "unsupported DS digest type",
    3: "stale answer",
    4: "forged answer",
    5: "DNSSEC indeterminate",
    6: "DNSSEC bogus",
    7: "signature expired",
    8: "signature not yet valid",
    9: "DNSKEY missing",
    10: "RRSIGs missing",
    11: "no zone key bit set",
    12: "NSEC missing",
    13: "cached error",
    14: "not ready",
    15: "blocked",
    16: "censored",
    17: "filtered",
    18: "prohibited",
    19: "stale NXDOMAIN answer",
    20: "not authoritative",
    21: "not supported",
    22: "no reachable authority",
    23: "network error",
    24: "invalid data",
    25: "signature expired before it was valid",
    26: "too early",
    27: "unsupported NSEC3 iterations",
    28: "unable to conform to policy",
    29: "synthesized",
}
"""What the codes of RFC 8914 and its registry say."""

SVC_KEYS = (
    "mandatory",
    "alpn",
    "no-default-alpn",
    "port",
    "ipv4hint",
    "ech",
    "ipv6hint",
    "dohpath",
    "ohttp",
)
"""Parameters of SVCB and HTTPS records by their number (RFC 9460, 14.3.2)."""

_NAMES = {number: name for name, number in RECORD_TYPES.items()}
_CLASS_NAMES = {number: name for name, number in CLASSES.items()}
_GENERIC = re.compile(r"TYPE([0-9]{1,5})\Z")


def type_number(name: str) -> int:
    """Return the number of a record type. Raise ValueError for what is none."""
    if (known := RECORD_TYPES.get(name)) is not None:
        return known
    generic = _GENERIC.match(name)
    if generic is None or int(generic[1]) > 65_535:
        raise ValueError(f"{name!r} is no record type: write one such as MX, or TYPE and a number")
    return int(generic[1])


def type_name(number: int) -> str:
    """Return the name of a record type: MX, or TYPE65280 for one without a name here."""
    return _NAMES.get(number) or f"TYPE{number}"


def svc_key(number: int) -> str:
    """Return the name of an SVCB parameter: alpn, or key65280 for one without a name here."""
    return SVC_KEYS[number] if number < len(SVC_KEYS) else f"key{number}"


def class_number(name: str) -> int:
    """Return the number of a class such as IN. Raise ValueError for what is none."""
    try:
        return CLASSES[name]
    except KeyError:
        raise ValueError(f"{name!r} is no class: write {', '.join(CLASSES)}") from None


def class_name(number: int) -> str:
    """Return the name of a class: IN, or CLASS7 for one without a name."""
    return _CLASS_NAMES.get(number) or f"CLASS{number}"


def rcode_name(code: int) -> str:
    """Return the name of a response code: NXDOMAIN, or RCODE24 for one without a name here."""
    return RCODES.get(code) or f"RCODE{code}"
