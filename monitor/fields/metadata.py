"""Names of gRPC metadata, which are header fields that gRPC leaves to its users."""

from typing import Annotated

from pydantic import AfterValidator

from monitor.fields.headers import OwnHeaderName
from monitor.fields.shown import shown

_TAKEN = {"accept", "content-type", "host", "user-agent"}


def _metadata_name(name: str) -> str:
    if name.lower() in _TAKEN or name.lower().startswith("grpc-"):
        raise ValueError(f"{shown(name)} can't be given: gRPC has its own use for it")
    return name


MetadataName = Annotated[OwnHeaderName, AfterValidator(_metadata_name)]
"""The name of an entry of metadata."""
