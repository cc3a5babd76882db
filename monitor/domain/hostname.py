"""Which texts name a host. Strict: what two parsers could read as two hosts names none."""

import re
from ipaddress import ip_address

_NAME_LENGTH = 253
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
# The WHATWG URL standard and inet_aton take a name whose last label looks like a number for an
# IPv4 address: 127.1, 0x7f.1 and 2130706433 are all loopback to some programs.
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)\Z", re.ASCII)


def parse_host(text: str) -> str:
    """Return the one form of a host: an IP literal, or a lower-case name of RFC 1123.

    An international name comes back in its ASCII form (IDNA 2008), an IPv6 address compressed
    and without brackets. Raise ValueError, with the text and what is wrong with it, on zone ids,
    IPv4 in any form but four decimal numbers, a dot at the end, and whatever is no host at all.
    """
    try:
        return _address(text) or _name(text)
    except ValueError as error:
        raise ValueError(f"{_shown(text)} is no host: {error}") from None


def _address(text: str) -> str | None:
    if ":" not in text and not _is_number(text.rpartition(".")[2]):
        return None
    if "[" in text or "]" in text:
        raise ValueError("write an IPv6 address here without brackets")
    if "%" in text:
        raise ValueError("zone ids are not supported")
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError(_address_advice(text)) from None


def _is_number(label: str) -> bool:
    return bool(_NUMBER.match(label.lower()))


def _address_advice(text: str) -> str:
    if text.count(":") == 1:
        return "it holds a colon; is a port or a scheme written into it?"
    if ":" in text:
        return "no valid IPv6 address"
    return "an IPv4 address is four decimal numbers up to 255, without leading zeros"


def _name(text: str) -> str:
    if not text:
        raise ValueError("it is empty")
    if text.endswith("."):
        raise ValueError("leave out the dot at the end")
    name = ".".join(_label(label) for label in text.lower().split("."))
    if len(name) > _NAME_LENGTH:
        raise ValueError(f"longer than {_NAME_LENGTH} characters")
    return name


def _label(label: str) -> str:
    if not label:
        raise ValueError("two dots follow each other, or a dot begins it")
    if not label.isascii() or label.startswith("xn--"):
        return _international(label)
    if not _LABEL.match(label):
        raise ValueError(_label_advice(label))
    return label


def _label_advice(label: str) -> str:
    if len(label) > 63:
        return "a part between dots has at most 63 characters"
    strange = re.search(r"[^a-z0-9-]", label)
    if strange:
        return f"{strange.group()!r} has no place in a host name"
    return "a part between dots neither begins nor ends with a hyphen"


def _international(label: str) -> str:
    import idna  # only names outside ASCII pay for its tables

    try:
        ascii_form = idna.alabel(label).decode()
    except idna.IDNAError as error:
        raise ValueError(f"{_shown(label)} is no valid international name ({error})") from None
    # Also an A-label must be the one that its Unicode form encodes to.
    return ascii_form


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")
