"""How DNS names and the values of DNS records are written, in one form each."""

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address

_LABEL = re.compile(r"(?:\*|[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)\Z")
_LONGEST_NAME = 253


def dns_name(text: str) -> str:
    """Return a DNS name in lower case and ASCII, without its final dot; "." is the root.

    Unlike a host name it may hold underscores. Raise ValueError for what is none.
    """
    if text == ".":
        return text
    name = ".".join(
        _ascii_label(label, text) for label in text.lower().removesuffix(".").split(".")
    )
    if len(name) > _LONGEST_NAME:
        raise ValueError(f"{text[:60]!r}… is longer than {_LONGEST_NAME} characters")
    return name


def _ascii_label(label: str, name: str) -> str:
    if not label.isascii():
        import idna  # only names outside ASCII pay for its tables

        try:
            label = idna.alabel(label).decode()
        except idna.IDNAError as error:
            raise ValueError(f"{name!r} is no valid international name ({error})") from None
    if not _LABEL.match(label):
        raise ValueError(f"{name!r} is no DNS name: {label!r} can't stand between its dots")
    return label


def canonical(record: str, text: str) -> str:
    """Return a record's value in its one form, as `monitor.net.dnswire.Record.text` has it.

    `record` is a type such as MX. Raise ValueError, with a sample, for what is no such value.
    """
    if record == "TXT":
        return text
    try:
        return _CANONICAL[record](text)
    except ValueError:
        raise ValueError(f"{text!r} is no {record} record: write {_SAMPLES[record]}") from None


def _address(version: int) -> Callable[[str], str]:
    def of(text: str) -> str:
        address = ip_address(text)
        if address.version != version:
            raise ValueError
        return str(address)

    return of


def _fields(shape: str) -> Callable[[str], str]:
    """Return what reads fields such as `10 mail.example.id`: `i` is a number, `n` a name."""

    def of(text: str) -> str:
        words = text.split()
        if len(words) != len(shape):
            raise ValueError
        return " ".join(
            str(int(word)) if kind == "i" else dns_name(word)
            for kind, word in zip(shape, words, strict=True)
        )

    return of


def _caa(text: str) -> str:
    flags, tag, value = text.split(maxsplit=2)
    if len(value) > 1 and value.startswith('"') and value.endswith('"'):
        value = value[1:-1]
    return f"{int(flags)} {tag.lower()} {value}"


_CANONICAL: Mapping[str, Callable[[str], str]] = {
    "A": _address(4),
    "AAAA": _address(6),
    "CNAME": _fields("n"),
    "NS": _fields("n"),
    "PTR": _fields("n"),
    "MX": _fields("in"),
    "SRV": _fields("iiin"),
    "SOA": _fields("nniiiii"),
    "CAA": _caa,
}
_SAMPLES = {
    "A": "192.0.2.7",
    "AAAA": "2001:db8::7",
    "CNAME": "www.example.id",
    "NS": "ns1.example.id",
    "PTR": "www.example.id",
    "MX": "10 mail.example.id",
    "SRV": "0 5 443 host.example.id",
    "SOA": "ns1.example.id hostmaster.example.id 2026110701 3600 600 604800 300",
    "CAA": "0 issue letsencrypt.org",
}
