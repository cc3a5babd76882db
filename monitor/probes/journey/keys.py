"""The keys of a step of a journey."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from monitor.conditions.httpexpectation import HttpExpectation
from monitor.fields import Duration, Pattern
from monitor.fields.headers import CookieName, HeaderName, OwnHeaderName
from monitor.fields.jsonpath import JsonPath
from monitor.probes.journey.template import Template, ValueName

StepName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,31}$")]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Extract(BaseModel):
    """Where a value stands in the answer: one key of these."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: str | None = Field(
        default=None, min_length=1, description="Name of an `<input>`: the value in it."
    )
    meta: str | None = Field(
        default=None, min_length=1, description="Name of a `<meta>`: its content."
    )
    action: str | None = Field(
        default=None,
        min_length=1,
        description="Id or name of a `<form>`: where it is sent to, as a whole URL.",
    )
    regex: Pattern | None = Field(
        default=None,
        description="RE2 expression for the body: its first group, or without one all it matches.",
    )
    json_: JsonPath | None = Field(
        default=None, alias="json", description="JSONPath: the first text, number or boolean there."
    )
    header: HeaderName | None = Field(default=None, description="Name of a header: its value.")
    cookie: CookieName | None = Field(
        default=None, description="Name of a cookie: its value, with %XX decoded."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("give one of input, meta, action, regex, json, header and cookie")
        return self

    @property
    def reads_the_body(self) -> bool:
        """Whether it looks into the body."""
        return self.header is None and self.cookie is None


class Step(BaseModel):
    """One request of a journey."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: StepName = Field(description="Names it in messages and metrics, once in the journey.")
    url: Template | None = Field(
        default=None, max_length=2048, description="http or https URL; `${…}` behind its host only."
    )
    path: Template | None = Field(
        default=None,
        max_length=2048,
        description="What follows `base_url`; or one `${…}` alone, a URL that a page gave.",
    )
    method: Method | None = Field(
        default=None, description="Method. Default: POST with a body, else GET."
    )
    headers: dict[OwnHeaderName, Template] = Field(default={}, description="Headers to send.")
    form: dict[str, Template] | None = Field(
        default=None, description="Fields to send as a form (application/x-www-form-urlencoded)."
    )
    json_: JsonValue = Field(default=None, alias="json", description="JSON to send.")
    body: Template | None = Field(default=None, description="Body to send as it is.")
    follow_redirects: bool = Field(default=True, description="Follow redirects.")
    expect: HttpExpectation = Field(
        default=HttpExpectation(), description="Conditions on the answer."
    )
    extract: dict[ValueName, Extract] = Field(
        default={}, description="Values to take out of the answer, for later steps, by name."
    )
    always_run: bool = Field(
        default=False, description="Run it also when a step before it failed: to log out."
    )
    timeout: Duration | None = Field(
        default=None,
        description="How long the step may take. With `always_run` as much is kept free for it.",
    )
    degraded_over: Duration | None = Field(
        default=None, description="A good step that takes longer degrades the check."
    )

    @property
    def has_json(self) -> bool:
        """Whether JSON is sent, be it null."""
        return "json_" in self.model_fields_set

    @property
    def verb(self) -> Method:
        """The method, given or not."""
        has_body = self.form is not None or self.has_json or self.body is not None
        return self.method or ("POST" if has_body else "GET")
