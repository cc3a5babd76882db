"""What a request to /probe asks for, and the words in which blackbox_exporter refuses one."""

import re
from collections.abc import Mapping
from datetime import timedelta

from monitor.blackbox.modules import Module
from monitor.domain.dnstypes import type_number

DEFAULT_MODULE = "http_2xx"
TARGET_MISSING = "Target parameter is missing"

_WITHOUT_HEADER_SECONDS = 120.0
_LONGEST_SECONDS = 120.0
_OFFSET_SECONDS = 0.5
# What Go's strconv.ParseFloat takes, without its hexadecimal forms and without no number at all.
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?\Z")
_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}


def unknown_module(name: str) -> str:
    """Return the refusal of a module that is not there."""
    return f"Unknown module {quoted(name)}"


def host_conflict(module: Module, hostname: str) -> str | None:
    """Return why `hostname` can't be, where the module names another Host; None if it can."""
    if module.prober == "http" and hostname:
        for name, value in module.http.headers.items():
            if name.lower() == "host" and value != hostname:
                return (
                    f"host header defined both in module configuration ({value}) and with "
                    f"URL-parameter 'hostname' ({hostname})"
                )
    return None


def timeout_seconds(header: str, configured: timedelta) -> float:
    """Return how long a probe may take, from Prometheus' header ("": none) and the module's own.

    Half a second stays for the way back. Never more than 120 s.
    Raise ValueError with blackbox_exporter's words for a header that is no number.
    """
    own = configured.total_seconds()
    offered = (_number(header) or _WITHOUT_HEADER_SECONDS) - _OFFSET_SECONDS
    longest = own if 0 < own < offered or offered < 0 else offered
    return min(longest, _LONGEST_SECONDS)


def _number(header: str) -> float:
    if not header:
        return 0.0
    if not _NUMBER.match(header):
        raise ValueError(
            "Failed to parse timeout from Prometheus header: strconv.ParseFloat: parsing "
            f"{quoted(header)}: invalid syntax"
        )
    return float(header)


def with_question(module: Module, parameters: Mapping[str, str]) -> Module:
    """Return a DNS module that asks what `query_name` and `query_type` say, where they are given.

    Raise ValueError for a record type that is none.
    """
    name, record = parameters.get("query_name", ""), parameters.get("query_type", "").upper()
    if module.prober != "dns" or not (name or record):
        return module
    if record:
        type_number(record)
    changes = {"query_name": name, "query_type": record}
    question = module.dns.model_copy(update={key: new for key, new in changes.items() if new})
    return module.model_copy(update={"dns": question})


def quoted(text: str) -> str:
    """Return a text in quotes as Go's %q writes it."""
    return '"' + "".join(map(_quoted_character, text)) + '"'


def _quoted_character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
