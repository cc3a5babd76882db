"""Keys of alerts.yaml that receivers of several kinds have."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from monitor.fields import Duration, File, Url
from monitor.net.policy import AddressClass, classify_address, pinned_class
from monitor.receivertype import ReceiverSpec

LONGEST_TIMEOUT = timedelta(seconds=15)


def exposure(url: str) -> AddressClass:
    """Return how far out a URL may lead: a name may lead anywhere, unless it is localhost."""
    return exposure_of_host(urlsplit(url).hostname or "")


def exposure_of_host(host: str) -> AddressClass:
    """Return how far out a host may lie, as `exposure` does."""
    try:
        return classify_address(host)
    except ValueError:
        is_local = pinned_class(host) is AddressClass.LOOPBACK
        return AddressClass.LOOPBACK if is_local else AddressClass.PUBLIC


def _private_unless_encrypted(url: str) -> str:
    where = exposure(url)
    if where is AddressClass.FORBIDDEN:
        raise ValueError(f"{urlsplit(url).hostname} is an address that is never dialled")
    if url.startswith("http:") and where is AddressClass.PUBLIC:
        raise ValueError(
            "write https: plain http is for localhost and for IP addresses of this machine or of "
            "a private network"
        )
    return url


ReceiverUrl = Annotated[Url, AfterValidator(_private_unless_encrypted)]
"""Where messages may go: https, or http to an address of this machine or a private network."""


def _bounded(timeout: timedelta) -> timedelta:
    if timeout > LONGEST_TIMEOUT:
        raise ValueError("a receiver's timeout is at most 15s")
    return timeout


Timeout = Annotated[Duration, AfterValidator(_bounded)]
"""How long one attempt may take."""


class PostingSpec(ReceiverSpec):
    """Base of kinds that post over HTTP."""

    timeout: Timeout = Field(
        default=timedelta(seconds=10), description="How long one attempt may take, at most 15s."
    )
    ca_file: File | None = Field(
        default=None, description="PEM file of the authorities to trust instead of the system's."
    )


def unencrypted(key: str, url: str) -> tuple[str, ...]:
    """Return a warning if messages to `url`, written under `key`, cross a network in the clear."""
    if url.startswith("http:") and exposure(url) is AddressClass.PRIVATE:
        return (f"{key}: messages cross the network unencrypted; https is better",)
    return ()
