"""How DNS names and the values of DNS records are written, in one form each."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv6Address, ip_address

from monitor.domain.dnslocation import canonical_location
from monitor.domain.dnstypes import SVC_KEYS, svc_key, type_name, type_number

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

    `record` is a type such as MX; of ANY, the value begins with its type. Raise ValueError, with
    a sample, for what is no such value.
    """
    if record in {"TXT", "SPF"}:
        return text
    if record == "ANY":
        return _typed(text)
    read = _CANONICAL.get(record, _generic)
    try:
        return read(text)
    except ValueError:
        sample = _SAMPLES.get(record, _GENERIC_SAMPLE)
        raise ValueError(f"{text!r} is no {record} record: write {sample}") from None


def _typed(text: str) -> str:
    kind, _, value = text.strip().partition(" ")
    try:
        name = type_name(type_number(kind.upper()))
    except ValueError:
        raise ValueError(f"{text!r} is no ANY record: write its type, too: A 192.0.2.7") from None
    return f"{name} {canonical(name, value)}"


def quoted(octets: bytes) -> str:
    """Return a string as zone files have it: in quotes, what is special in it escaped."""
    return '"' + "".join(map(_QUOTED.__getitem__, octets)) + '"'


_QUOTED = tuple(
    "\\" + chr(byte) if byte in b'"\\' else chr(byte) if 32 <= byte < 127 else f"\\{byte:03d}"
    for byte in range(256)
)
_BARE = re.compile(r'[^\s"\\;]*\Z')


def parameter(key: str, value: str) -> str:
    """Return a parameter of an SVCB record, in quotes only where its value needs them."""
    if not value:
        return key
    return f"{key}={value}" if _BARE.match(value) else f'{key}="{value}"'


def _address(version: int) -> Callable[[str], str]:
    def of(text: str) -> str:
        address = ip_address(text)
        if address.version != version:
            raise ValueError
        return str(address)

    return of


# What a word of a value may be.


def _number(word: str) -> str:
    return str(int(word))


def _name(word: str) -> str:
    """Return a name within a value. It may hold escapes, as a mailbox with a dot does."""
    return word.lower().removesuffix(".") if "\\" in word else dns_name(word)


def _type(word: str) -> str:
    return type_name(type_number(word.upper()))


def _date(word: str) -> str:
    if not re.fullmatch(r"[0-9]{14}", word):
        raise ValueError
    return word


def _salt(word: str) -> str:
    return word if word == "-" else bytes.fromhex(word).hex()


def _hash(word: str) -> str:
    base64.b32hexdecode(word.upper() + "=" * (-len(word) % 8))
    return word.lower()


def _dashed(word: str) -> str:
    return bytes.fromhex(word.replace("-", "")).hex("-")


def _string(word: str) -> str:
    """Return a string in quotes, whether it is written in them or not."""
    inner = word[1:-1] if len(word) > 1 and word[0] == word[-1] == '"' else word
    return quoted(_ESCAPE.sub(_unescaped, inner.encode()))


_ESCAPE = re.compile(rb"\\(?:([0-9]{3})|(.))", re.DOTALL)


def _unescaped(found: "re.Match[bytes]") -> bytes:
    return bytes((int(found[1]),)) if found[1] else found[2]


# What the words at a value's end may be together.


def _hex(words: Sequence[str]) -> str:
    return bytes.fromhex("".join(words)).hex()


def _base64(words: Sequence[str]) -> str:
    return base64.b64encode(base64.b64decode("".join(words), validate=True)).decode()


def _types(words: Sequence[str]) -> str:
    return " ".join(sorted(map(_type, words), key=type_number))


_ONE: Mapping[str, Callable[[str], str]] = {
    "i": _number,
    "n": _name,
    "t": _type,
    "d": _date,
    "s": _salt,
    "x": _hash,
    "q": _string,
    "e": _dashed,
}
_REST: Mapping[str, Callable[[Sequence[str]], str]] = {"H": _hex, "B": _base64, "T": _types}
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')


def _fields(shape: str) -> Callable[[str], str]:
    """Return what reads values of a shape: a letter of `_ONE` a word, one of `_REST` the rest."""
    rest = _REST.get(shape[-1])
    ones = shape[:-1] if rest else shape

    def of(text: str) -> str:
        words = _WORD.findall(text)
        if len(words) < len(ones) or (rest is None and len(words) > len(ones)):
            raise ValueError
        read = [_ONE[kind](word) for kind, word in zip(ones, words, strict=False)]
        if rest is not None and (more := rest(words[len(ones) :])):
            read.append(more)
        return " ".join(read)

    return of


def _caa(text: str) -> str:
    flags, tag, value = text.split(maxsplit=2)
    return f"{int(flags)} {tag.lower()} {_unquoted(value)}"


def _uri(text: str) -> str:
    priority, weight, value = text.split(maxsplit=2)
    return f"{int(priority)} {int(weight)} {_unquoted(value)}"


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


_PARAMETER = re.compile(r'([a-z0-9-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|(\S*)))?(?:\s+|\Z)')


def _svcb(text: str) -> str:
    priority, target, *behind = text.split(maxsplit=2)
    rest = behind[0].strip() if behind else ""
    values: dict[int, str] = {}
    at = 0
    while at < len(rest):
        match = _PARAMETER.match(rest, at)
        if match is None:
            raise ValueError
        key = _svc_number(match[1])
        values[key] = _svc_value(svc_key(key), match[2] or match[3] or "")
        at = match.end()
    written = [parameter(svc_key(key), value) for key, value in sorted(values.items())]
    return " ".join([str(int(priority)), _name(target), *written])


def _svc_number(key: str) -> int:
    if key in SVC_KEYS:
        return SVC_KEYS.index(key)
    if not re.fullmatch(r"key[0-9]{1,5}", key):
        raise ValueError
    return int(key[3:])


def _svc_value(key: str, value: str) -> str:
    if key == "ipv6hint":
        return ",".join(str(IPv6Address(one)) for one in value.split(","))
    return str(int(value)) if key == "port" else value


def _generic(text: str) -> str:
    """Return a value as RFC 3597 writes it: its length and its bytes in hexadecimal."""
    mark, length, *words = text.split()
    octets = bytes.fromhex("".join(words))
    if mark != "\\#" or int(length) != len(octets):
        raise ValueError
    return f"\\# {len(octets)} {octets.hex()}".rstrip()


_GENERIC_SAMPLE = r"\# 4 c0000207"
_SHAPES = {
    "CNAME NS PTR DNAME": ("n", "www.example.id"),
    "MX AFSDB KX": ("in", "10 mail.example.id"),
    "RP": ("nn", "hostmaster.example.id about.example.id"),
    "SRV": ("iiin", "0 5 443 host.example.id"),
    "SOA": ("nniiiii", "ns1.example.id hostmaster.example.id 2026110701 3600 600 604800 300"),
    "HINFO": ("qq", '"x86-64" "Linux"'),
    "NAPTR": ("iiqqqn", '100 10 "u" "E2U+sip" "!^.*$!sip:info@example.id!" .'),
    "DS CDS": ("iiiH", "12345 13 2 3490a680…"),
    "DNSKEY CDNSKEY": ("iiiB", "257 3 13 mdsswUyr…"),
    "CERT": ("iiiB", "1 0 0 MIIB…"),
    "SSHFP": ("iiH", "4 2 123456789abc…"),
    "TLSA SMIMEA": ("iiiH", "3 1 1 0b9fa5a5…"),
    "ZONEMD": ("iiiH", "2026110701 1 1 c68090d9…"),
    "RRSIG": ("tiiiddinB", "A 13 3 300 20261201000000 20261101000000 12345 example.id mdss…"),
    "NSEC": ("nT", "www.example.id A RRSIG NSEC"),
    "NSEC3": ("iiisxT", "1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG"),
    "NSEC3PARAM": ("iiis", "1 0 0 -"),
    "CSYNC": ("iiT", "2026110701 3 A NS AAAA"),
    "EUI48 EUI64": ("e", "00-00-5e-00-53-2a"),
    "DHCID OPENPGPKEY": ("B", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69…"),
}
_CANONICAL: Mapping[str, Callable[[str], str]] = {
    "A": _address(4),
    "AAAA": _address(6),
    "CAA": _caa,
    "URI": _uri,
    "SVCB": _svcb,
    "HTTPS": _svcb,
    "LOC": canonical_location,
    **{name: _fields(shape) for names, (shape, _) in _SHAPES.items() for name in names.split()},
}
_SAMPLES = {
    "A": "192.0.2.7",
    "AAAA": "2001:db8::7",
    "CAA": "0 issue letsencrypt.org",
    "URI": "10 1 https://www.example.id/",
    "SVCB": "1 dns.example.id alpn=dot port=853",
    "HTTPS": "1 . alpn=h2,h3",
    "LOC": "05 08 33.000 S 119 24 36.000 E 10m",
    **{name: sample for names, (_, sample) in _SHAPES.items() for name in names.split()},
}
