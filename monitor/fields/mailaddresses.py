"""Addresses of mail, read strictly: what goes into a header and into SMTP means one mailbox."""

# ruff: noqa: TRY004 (pydantic takes a ValueError, and no TypeError, for the writer's mistake)

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from monitor.domain.hostname import parse_host
from monitor.fields.several import parse_several
from monitor.fields.shown import shown

_LONGEST = 254
_LONGEST_NAME = 64
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_NAME = re.compile(rf"{_ATOM}(?:\.{_ATOM})*\Z")


def parse_mail_address(value: object) -> str:
    """Return `name@domain` in its one form, the domain in lower case and ASCII.

    Raise ValueError on quotes, comments, display names, address literals, and on names that
    are not ASCII (RFC 5321, 4.1.2).
    """
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no mail address: write name@domain")
    name, at, domain = value.rpartition("@")
    if not at or len(name) > _LONGEST_NAME or not _NAME.match(name):
        raise ValueError(f"{shown(value)} is no mail address: write name@domain and nothing else")
    host = parse_host(domain)
    if ":" in host or host.replace(".", "").isdigit():
        raise ValueError(f"{shown(value)}: a name is wanted behind the @, no IP address")
    address = f"{name}@{host}"
    if len(address) > _LONGEST:
        raise ValueError(f"{shown(value)} is longer than {_LONGEST} characters")
    return address


_SCHEMA: dict[str, Any] = {"type": "string", "pattern": "^[^@ ]+@[^@ ]+$", "maxLength": _LONGEST}

MailAddress = Annotated[str, BeforeValidator(parse_mail_address), WithJsonSchema(_SCHEMA)]
"""A mailbox, `name@domain`, without a display name."""

MailAddresses = Annotated[
    tuple[MailAddress, ...],
    BeforeValidator(parse_several),
    WithJsonSchema({"anyOf": [_SCHEMA, {"type": "array", "items": _SCHEMA, "minItems": 1}]}),
]
"""One mailbox or several."""
