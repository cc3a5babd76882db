"""What a case of the comparison is, and short forms for the modules of blackbox.yml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Options = Mapping[str, Any]
FOLDER = "@FOLDER@"  # stands for the folder of the world in a module
CA = f"{FOLDER}/root.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One module and one target, asked of both.

    `success` is what blackbox_exporter is known to say. `delay` is the number of seconds that the
    target takes. `differs` names the entries of the table of differences that must show here.
    """

    name: str
    module: Options
    target: str
    success: bool = True
    hostname: str = ""
    delay: float = 0.0
    differs: tuple[str, ...] = ()
    prober: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newer(Case):
    """A case that blackbox_exporter 0.23 does not know: what the answer holds is written here.

    `samples` are lines of the text, `absent` names of metrics that may not be there.
    """

    samples: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


def http(timeout: str = "2s", **options: Any) -> Options:
    """Return a module of the HTTP prober."""
    return {"prober": "http", "timeout": timeout, "http": options}


def dns(query_name: str, query_type: str = "A", timeout: str = "2s", **options: Any) -> Options:
    """Return a module of the DNS prober."""
    asked = {"query_name": query_name, "query_type": query_type, **options}
    return {"prober": "dns", "timeout": timeout, "dns": asked}


def tcp(timeout: str = "2s", **options: Any) -> Options:
    """Return a module of the TCP prober."""
    return {"prober": "tcp", "timeout": timeout, "tcp": options}


def icmp(timeout: str = "2s", **options: Any) -> Options:
    """Return a module of the ICMP prober."""
    return {"prober": "icmp", "timeout": timeout, "icmp": options}


def grpc(timeout: str = "2s", **options: Any) -> Options:
    """Return a module of the gRPC prober."""
    return {"prober": "grpc", "timeout": timeout, "grpc": options}
