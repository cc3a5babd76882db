"""Check types and receiver types of the shapes that real ones have, without what they do."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.checktype import CheckSpec, CheckType, ProbeContext
from monitor.domain.observation import Outcome
from monitor.fields import Duration, Endpoint, Host, Pattern, Port, Secret, Size, Url
from monitor.fields.headers import HeaderValue
from monitor.ports import Notifier
from monitor.receivertype import ReceiverContext, ReceiverSpec, ReceiverType


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BasicAuth(Part):
    username: str = Field(description="Who.")
    password: Secret = Field(description="The password.")


class HttpExpect(Part):
    status: tuple[int | str, ...] = Field(("200-299",), description="Codes and ranges.")
    body_contains: str | None = Field(None, description="Text of the page.")
    body_matches: Pattern | None = Field(None, description="Expression over the page.")
    headers: dict[str, Pattern] = Field(default={}, description="Expressions over headers.")
    max_duration: Duration | None = Field(None, description="Longest good time.")
    min_days: int | None = Field(None, ge=1, description="Certificate.")


class HttpSpec(CheckSpec):
    url: Url = Field(description="What is fetched.")
    method: Literal["GET", "HEAD", "POST"] = Field("GET", description="Verb.")
    headers: dict[str, HeaderValue] = Field(default={}, description="Sent along.")
    basic_auth: BasicAuth | None = Field(None, description="Credentials.")
    bearer: Secret | None = Field(None, description="A token.")
    follow_redirects: bool = Field(default=True, description="Go on.")
    max_redirects: int = Field(5, ge=0, le=20, description="How far.")
    insecure: bool = Field(default=False, description="Don't verify.")
    max_body: Size = Field(2**20, description="How much is read.")
    expect: HttpExpect = Field(HttpExpect(), description="What is good.")

    def target(self):
        return self.url.partition("?")[0]

    def dialled_host(self):
        return self.url.split("/")[2].rpartition(":")[0] or self.url.split("/")[2]

    def warnings(self):
        return ("insecure: the certificate is not verified",) if self.insecure else ()


class DnsSpec(CheckSpec):
    name: Host = Field(description="What is asked for.")
    record: Literal["A", "AAAA", "MX"] = Field("A", description="Kind of record.")
    nameservers: tuple[Endpoint, ...] = Field((), description="Who is asked.")

    def target(self):
        return f"{self.name} {self.record}"

    def dialled_host(self):
        return self.nameservers[0].host if self.nameservers else None


class TcpSpec(CheckSpec):
    host: Host = Field(description="Who is dialled.")
    port: Port = Field(description="Where.")

    def target(self):
        return f"{self.host}:{self.port}"

    def dialled_host(self):
        return self.host


class WebhookSpec(ReceiverSpec):
    url: Url = Field(description="Where it is sent.")
    secret: Secret | None = Field(None, description="Signs it.")


class TelegramSpec(ReceiverSpec):
    chat_id: str = Field(description="Who reads it.")
    token: Secret = Field(description="The bot's.")

    def warnings(self):
        return ("never the only way",)


async def no_probe(spec: CheckSpec, context: ProbeContext) -> Outcome:
    raise NotImplementedError


def no_notifier(spec: ReceiverSpec, context: ReceiverContext) -> Notifier:
    raise NotImplementedError


CHECK_TYPES = {
    "http": CheckType(spec=HttpSpec, probe=no_probe),
    "dns": CheckType(spec=DnsSpec, probe=no_probe),
    "tcp": CheckType(spec=TcpSpec, probe=no_probe),
}
RECEIVER_TYPES = {
    "webhook": ReceiverType(spec=WebhookSpec, connect=no_notifier),
    "telegram": ReceiverType(spec=TelegramSpec, connect=no_notifier),
    "gateway": ReceiverType(spec=WebhookSpec, connect=no_notifier, is_certain=False),
}
