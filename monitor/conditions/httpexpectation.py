"""What a check expects of an HTTP answer: the keys under `expect`, and the conditions they make."""

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from monitor.conditions.cel import Cel
from monitor.fields import Duration, Pattern, shown
from monitor.fields.headers import HeaderName
from monitor.fields.jsonpath import JsonPath
from monitor.fields.several import Patterns, Texts
from monitor.fields.statuses import Statuses

if TYPE_CHECKING:
    from monitor.conditions.http import BodyRule, HeaderRule, HttpConditions


def _version(value: object) -> object:
    """Take 1.1 and 2, which YAML reads as numbers, for what they were written as."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return getattr(value, "text", None) or str(value)
    return value


HttpVersion = Annotated[Literal["1.0", "1.1", "2", "3"], BeforeValidator(_version)]


class HttpExpectation(BaseModel):
    """What must be true of the answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Statuses = Field(
        default=((200, 299),), description="Status codes and ranges that are right."
    )
    http_versions: tuple[HttpVersion, ...] = Field(
        default=(), description="Versions of HTTP that are right: 1.0, 1.1, 2, 3. Default: any."
    )
    tls: Literal["required", "forbidden"] | None = Field(
        default=None,
        description="Whether the last response must, or must not, have come over TLS.",
    )
    body_contains: Texts = Field(
        default=(), description="Text, or list of texts, that must stand in the body."
    )
    body_not_contains: Texts = Field(
        default=(), description="Text, or list of texts, that must not stand in the body."
    )
    body_matches: Patterns = Field(
        default=(), description="RE2 expression, or list of them, that must match the body."
    )
    body_not_matches: Patterns = Field(
        default=(), description="RE2 expression, or list of them, that must not match the body."
    )
    headers: dict[HeaderName, Pattern] = Field(
        default={}, description="For each header, an RE2 expression that must match its value."
    )
    headers_not_match: dict[HeaderName, Pattern] = Field(
        default={},
        description="For each header, an RE2 expression that no value of it may match.",
    )
    allow_missing: tuple[HeaderName, ...] = Field(
        default=(), description="Names under `headers` that may be missing from the answer."
    )
    json_: dict[JsonPath, JsonValue] = Field(
        default={}, alias="json", description="For each JSONPath, the value it must lead to."
    )
    cel: Cel | None = Field(
        default=None,
        description="CEL expression over `body`, the JSON of the body, that must come to true.",
    )
    max_duration: Duration | None = Field(
        default=None, description="The check fails when it takes longer than this."
    )
    max_age: Duration | None = Field(
        default=None, description="The check fails when Last-Modified is older, or not there."
    )
    min_days: int | None = Field(
        default=None,
        ge=0,
        description="Degraded when the certificate chain is good for less than these days.",
    )

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        expected = {name.lower() for name in self.headers}
        for name in self.allow_missing:
            if name.lower() not in expected:
                raise ValueError(f"allow_missing: {shown(name)} does not stand under headers")
        return self

    @property
    def needs_a_body(self) -> bool:
        """Whether an answer without a body can't be right."""
        return bool(self.body_contains or self.body_matches or self.json_ or self.cel)

    @cached_property
    def conditions(self) -> "HttpConditions":
        """The conditions that these keys make."""
        from monitor.conditions.http import HttpConditions, JsonRule

        return HttpConditions(
            statuses=self.status,
            versions=self.http_versions,
            headers=self._header_rules(),
            body=self._body_rules(),
            json=tuple(JsonRule(path, value) for path, value in self.json_.items()),
            cel_matches=self.cel,
            max_duration_seconds=_seconds(self.max_duration),
            max_age_seconds=_seconds(self.max_age),
            min_days=self.min_days,
            tls=None if self.tls is None else self.tls == "required",
        )

    def _header_rules(self) -> "tuple[HeaderRule, ...]":
        from monitor.conditions.http import HeaderRule

        optional = {name.lower() for name in self.allow_missing}
        return (
            *(
                HeaderRule(name, pattern, matches=True, allow_missing=name.lower() in optional)
                for name, pattern in self.headers.items()
            ),
            *(
                HeaderRule(name, pattern, matches=False, allow_missing=True)
                for name, pattern in self.headers_not_match.items()
            ),
        )

    def _body_rules(self) -> "tuple[BodyRule, ...]":
        from monitor.conditions.http import BodyRule

        return (
            *(BodyRule(text, matches=True) for text in self.body_contains),
            *(BodyRule(text, matches=False) for text in self.body_not_contains),
            *(BodyRule(pattern, matches=True) for pattern in self.body_matches),
            *(BodyRule(pattern, matches=False) for pattern in self.body_not_matches),
        )


def _seconds(duration: Duration | None) -> float | None:
    return None if duration is None else duration.total_seconds()
