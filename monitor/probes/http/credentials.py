"""How a check of type http shows who it is, to the target and to a proxy."""

from base64 import b64encode

from pydantic import BaseModel, ConfigDict, Field

from monitor.fields import File, Secret, Url
from monitor.fields.headers import HeaderValue


class BasicAuth(BaseModel):
    """A user and a password, sent as HTTP Basic authentication."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: str = Field(
        min_length=1, pattern=r"^[^:\x00-\x1f\x7f]+$", description="User name, without a colon."
    )
    password: Secret = Field(description="Password.")

    def token(self) -> str:
        """Return what stands behind `Basic`."""
        return b64encode(f"{self.username}:{self.password.reveal()}".encode()).decode()


class OAuth2Client(BaseModel):
    """A client that gets its token by OAuth 2 client credentials (RFC 6749, 4.4)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token_url: Url = Field(description="Where the token is asked for.")
    client_id: str = Field(min_length=1, description="Name of the client.")
    client_secret: Secret = Field(description="Its secret.")
    scopes: tuple[str, ...] = Field(default=(), description="Scopes to ask for.")
    params: dict[str, HeaderValue] = Field(
        default={}, description="Further parameters of the token request: texts or secrets."
    )
    ca_file: File | None = Field(
        default=None,
        description="PEM file of the authorities to trust at `token_url`. Default: the system's.",
    )


def revealed(value: str | Secret) -> str:
    """Return the text of a value that may be a secret."""
    return value.reveal() if isinstance(value, Secret) else value
