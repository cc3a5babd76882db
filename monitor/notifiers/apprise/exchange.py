"""What the daemon and the process that runs Apprise tell each other: a line of JSON each way."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be done within `seconds`: to deliver `message`, or only to understand the URL.

    `nameservers` are pairs of address and port.
    """

    url: str = field(repr=False)
    seconds: float
    nameservers: tuple[tuple[str, int], ...] = ()
    lookup_seconds: float = 2.0
    message: Mapping[str, str] | None = None

    def encoded(self) -> bytes:
        """Return it as the process reads it."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def decoded(cls, octets: bytes) -> Self:
        """Return what `encoded` gave."""
        found = json.loads(octets)
        servers = tuple((str(host), int(port)) for host, port in found.pop("nameservers"))
        return cls(nameservers=servers, **found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of an order.

    Nothing of it is text of Apprise or of a service, either of which may tell the URL: `refusal`
    is what the address policy said, `status` that of an HTTP answer which Apprise did not like.
    """

    understood: bool
    delivered: bool = False
    refusal: str | None = None
    status: int | None = None

    def encoded(self) -> bytes:
        """Return it as the daemon reads it."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def decoded(cls, octets: bytes) -> Self:
        """Return what `encoded` gave; raise ValueError for anything else."""
        try:
            return cls(**json.loads(octets))
        except TypeError as error:
            raise ValueError(str(error)) from None
