"""Ask a network device, a UPS or a server by SNMP how it is.

```yaml
- id: ups-balai-kota
  service: network
  type: snmp
  host: ups.example.go.id
  version: 3
  user:
    name: pantau
    auth: {protocol: sha256, password: {file: /etc/pantau/ups_auth.password}}
    privacy: {password: {file: /etc/pantau/ups_privacy.password}}
  get:
    sumber: {oid: upsOutputSource, equals: normal}
    baterai: {oid: upsEstimatedChargeRemaining, min: 20, degraded: {min: 50}}
- id: switch-inti
  service: network
  type: snmp
  host: 10.0.0.2
  community: {file: /etc/pantau/switch.community}
  get:
    uplink: {oid: ifOperStatus.1, equals: up}
    nama: 1.3.6.1.2.1.1.5.0
  min_uptime: 10m
```

`get` gives each object a name of your own, which is its label in the metrics. An object is written
in numbers (`1.3.6.1.2.1.1.5.0`), or by one of the names that are known here: of SNMPv2-MIB, IF-MIB,
UPS-MIB and HOST-RESOURCES-MIB those that are asked for most (`sysName`, `ifOperStatus.3`,
`upsBatteryStatus`, `hrProcessorLoad.1`, …). All are asked for in one packet, with `sysUpTime`.

The check is down when the agent does not answer (`timeout`), refuses whoever asks (`status`), has
no such object, or has a value that `equals`, `min`, `max` or `matches` does not allow (`answer`).
What stands under `degraded` degrades it only, and so does an agent that started less than
`min_uptime` ago; the 497 days after which `sysUpTime` begins again are no restart. Numbers count as
the agent gives them, such as tenths of a volt or hundredths of a second; states have their words as
well (`up`, `batteryNormal`). Bytes that are no text are written as `0x00a1…`.

Version 2c sends the community in the clear, and the agent is silent when it is wrong: that cannot
be told from a device that is off. Version 3 signs (`auth`) and encrypts (`privacy`), and the
agent's refusal is told: an unknown user, a wrong password, a level of security that is not allowed.
HMAC with SHA-1 or SHA-2 and AES-128 are spoken; MD5 and DES are not. A packet that is lost is sent
again up to `retries` times within `timeout`, first after a second at most.

Bahasa Indonesia

Menanyakan keadaan perangkat jaringan, UPS, atau server lewat SNMP versi 2c atau 3. Gangguan bila
perangkat tidak menjawab, menolak penanya, tidak mempunyai objek yang ditanyakan, atau nilainya di
luar `equals`, `min`, `max`, atau `matches`. Menurun bila nilainya melanggar syarat di bawah
`degraded`, atau perangkat baru menyala kurang dari `min_uptime`. Pada versi 2c, community yang
salah tidak dijawab sama sekali; versi 3 memberi tahu bila pengguna atau kata sandinya salah.
"""

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from monitor.checktype import CheckSpec
from monitor.fields import Duration, Endpoint, Host, Pattern, Port, Secret, shown
from monitor.fields.connecting import IpFamily
from monitor.probes.snmp.names import numeric

if TYPE_CHECKING:
    from monitor.net.snmp import Asked, Community
    from monitor.net.snmpusm import User

_MOST_OBJECTS = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
_SHORTEST_PASSWORD = 8  # characters (RFC 3414, 11.2)


def _name(text: str) -> str:
    if not _NAME.match(text):
        raise ValueError(f"{shown(text)} is no name: up to 64 letters, digits, - _ and .")
    return text


def _object(written: str) -> str:
    numeric(written)
    return written


def _password(secret: Secret) -> Secret:
    if len(secret.reveal().encode()) < _SHORTEST_PASSWORD:
        raise ValueError(f"a password of SNMP has {_SHORTEST_PASSWORD} characters or more")
    return secret


def _short_form(value: object) -> object:
    """Return the mapping for an object that is written alone."""
    return {"oid": value} if isinstance(value, str) else value


def _several(value: object) -> object:
    if isinstance(value, list | tuple):
        if not value:
            raise ValueError("an empty list allows no value: leave the key out")
        return tuple(map(_text_or_number, value))
    return (_text_or_number(value),)


def _text_or_number(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{shown(value)} is no number that a value can be")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{shown(value)} is neither a text nor a number")  # noqa: TRY004  pydantic's
    return value


_ENTRY: dict[str, Any] = {"type": ["string", "number"]}
Allowed = Annotated[
    tuple[str | int | float, ...],
    BeforeValidator(_several),
    WithJsonSchema({"anyOf": [_ENTRY, {"type": "array", "items": _ENTRY, "minItems": 1}]}),
]
Number = Annotated[float, Field(allow_inf_nan=False)]  # nothing is over or under a NaN
ObjectId = Annotated[str, AfterValidator(_object)]
Password = Annotated[Secret, AfterValidator(_password)]
Name = Annotated[str, AfterValidator(_name)]
Hash = Literal["sha1", "sha224", "sha256", "sha384", "sha512"]


class Condition(BaseModel):
    """What must be true of a value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    equals: Allowed | None = Field(
        default=None, description="The value, or a list of those that are allowed."
    )
    min: Number | None = Field(default=None, description="The smallest number that is allowed.")
    max: Number | None = Field(default=None, description="The largest number that is allowed.")
    matches: Pattern | None = Field(default=None, description="RE2 expression: found in the text.")

    @property
    def is_empty(self) -> bool:
        """Whether any value will do."""
        return (self.equals, self.min, self.max, self.matches) == (None, None, None, None)

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min: {self.min:g} is over max, {self.max:g}")
        return self


class WantedObject(Condition):
    """An object and what must be true of it."""

    oid: ObjectId = Field(description="Numbers (1.3.6.1.…), or a name such as ifOperStatus.3.")
    degraded: Condition | None = Field(
        default=None, description="The check is degraded when this is not true of the value."
    )

    @model_validator(mode="after")
    def _degrades(self) -> Self:
        if self.degraded is not None and self.degraded.is_empty:
            raise ValueError("degraded: say what must be true, or leave the key out")
        return self

    @property
    def numeric(self) -> str:
        """Its object identifier in numbers."""
        return numeric(self.oid)


ShortOrWhole = Annotated[
    WantedObject, BeforeValidator(_short_form, json_schema_input_type=str | WantedObject)
]


class Authentication(BaseModel):
    """How a user signs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    protocol: Hash = Field(default="sha256", description="Hash of the signature. Default sha256.")
    password: Password = Field(description="Password, of 8 characters or more.")


class Privacy(BaseModel):
    """How a user encrypts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    protocol: Literal["aes128"] = Field(default="aes128", description="Cipher: AES-128 in CFB.")
    password: Password = Field(description="Password, of 8 characters or more.")


class SnmpUser(BaseModel):
    """Who asks in version 3."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=32, description="Name of the user.")
    auth: Authentication | None = Field(
        default=None, description="Sign. Default: neither signed nor encrypted."
    )
    privacy: Privacy | None = Field(default=None, description="Encrypt, which needs auth.")
    context: str = Field(
        default="", max_length=255, description="Context at the agent. Default: none."
    )

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.privacy is not None and self.auth is None:
            raise ValueError("privacy: give auth, too")
        return self


class SnmpSpec(CheckSpec):
    """Fields of a check of type `snmp`."""

    host: Host = Field(description="Name or IP address of the device.")
    port: Port = Field(default=161, description="UDP port.")
    ip: IpFamily = "any"
    version: Literal["2c", 3] = Field(default="2c", description="Version of SNMP: 2c or 3.")
    community: Secret | None = Field(default=None, description="Community, for version 2c.")
    user: SnmpUser | None = Field(default=None, description="Who asks, for version 3.")
    get: dict[Name, ShortOrWhole] = Field(
        default={},
        max_length=_MOST_OBJECTS,
        description="Objects to ask for: a name of yours, and the object or what to expect.",
    )
    min_uptime: Duration | None = Field(
        default=None, description="Degraded when the agent started less than this ago."
    )
    retries: int = Field(
        default=3, ge=0, le=10, description="How often a packet is sent again within the timeout."
    )

    def faults(self) -> Iterator[str]:
        if self.version == "2c":
            if self.community is None:
                yield "community: version 2c needs one"
            if self.user is not None:
                yield "user: only version 3 has users: write version: 3"
        else:
            if self.user is None:
                yield "user: version 3 needs one"
            if self.community is not None:
                yield "community: version 3 has none"

    def target(self) -> str:
        return str(Endpoint(self.host, self.port))

    def dialled_host(self) -> str:
        return self.host

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What is shown nowhere, though an agent may repeat it."""
        if self.user is None:
            return () if self.community is None else (self.community,)
        both = (self.user.auth, self.user.privacy)
        return tuple(one.password for one in both if one is not None)

    def asked(self, oids: tuple[str, ...]) -> "Asked":
        """Return what is asked for, and by whom."""
        from monitor.net.snmp import Asked

        context = "" if self.user is None else self.user.context
        return Asked(who=self._who(), oids=oids, context_name=context, retries=self.retries)

    def _who(self) -> "Community | User":
        from monitor.net.snmp import Community
        from monitor.net.snmpusm import User

        if self.user is None:
            assert self.community is not None, "faults() sees to it"  # noqa: S101
            return Community(self.community.reveal())
        auth, privacy = self.user.auth, self.user.privacy
        return User(
            name=self.user.name,
            hash_name=None if auth is None else auth.protocol,
            password=None if auth is None else auth.password.reveal(),
            secrecy=None if privacy is None else privacy.password.reveal(),
        )
