"""Keys of alerts.yaml that receivers of several kinds have."""

import re
from base64 import b64encode
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from monitor.fields import Duration, File, Secret, Url
from monitor.fields.addresses import parse_url
from monitor.net.policy import AddressClass, classify_address, pinned_class
from monitor.receivertype import ReceiverSpec

LONGEST_TIMEOUT = timedelta(seconds=15)

_TOKEN = re.compile(r"[!-~]{1,256}\Z")


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


def _without_query(url: str) -> str:
    if "?" in url:
        raise ValueError("write the server's address alone: what is secret has a key of its own")
    return url


ServerUrl = Annotated[ReceiverUrl, AfterValidator(_without_query)]
"""As ReceiverUrl, for servers whose paths we know."""


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


def secret_url(secret: Secret) -> str:
    """Return the URL that a secret holds, if messages may go there; raise ValueError if not.

    The error shows nothing of it: the URL itself is the password.
    """
    try:
        return _private_unless_encrypted(parse_url(secret.reveal().strip()))
    except ValueError:
        raise ValueError(
            "the secret is to hold one URL: https, or http to an address of this machine or "
            "of a private network"
        ) from None


def _holding_url(secret: Secret) -> Secret:
    secret_url(secret)
    return secret


SecretUrl = Annotated[Secret, AfterValidator(_holding_url)]
"""As ReceiverUrl, for services whose URL lets everybody post who knows it."""


def token_text(secret: Secret) -> str:
    """Return a token that fits into a header field; raise ValueError, never showing it."""
    text = secret.reveal().strip()
    if not _TOKEN.match(text):
        raise ValueError("a token is 1 to 256 printable ASCII characters without spaces")
    return text


def _fitting(secret: Secret) -> Secret:
    token_text(secret)
    return secret


Token = Annotated[Secret, AfterValidator(_fitting)]
"""A secret that is sent in a header field."""


class BasicAuth(BaseModel):
    """User name and password of HTTP."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: str = Field(pattern=r"^[^:\x00-\x1f\x7f]+$", description="User name.")
    password: Secret = Field(description="Password.")

    def value(self) -> str:
        """Return the value of the Authorization field."""
        pair = f"{self.username}:{self.password.reveal()}".encode()
        return f"Basic {b64encode(pair).decode()}"
