"""The keys that checks of SQL servers share: who logs in, what is asked, what must come back."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.fields.databasekeys import DatabaseExpectation, DatabaseKeys
from monitor.fields.patterns import Pattern
from monitor.fields.secrets import Secret

Name = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
QUERY: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("pantau_query_value", "First column of the first row, where it is a number.", ()),
    ("pantau_query_rows", "How many rows the query returned; 1001 stands for any more.", ()),
)
"""What a query measures: names, and help texts."""

RowCount = Annotated[int, Field(ge=0, le=1000)]


class SqlLogin(BaseModel):
    """Who logs in. Give an account that may read what the query needs, and nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: Name = Field(description="User name.")
    password: Secret = Field(description="Password.")


class Rows(BaseModel):
    """How many rows a query must return."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min: RowCount | None = Field(
        default=None, description="At least so many; `rows: 3` means exactly three."
    )
    max: RowCount | None = Field(default=None, description="At most so many.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min: {self.min} is more than max, {self.max}")
        return self


class SqlExpectation(DatabaseExpectation):
    """What must be true of an SQL server, and of what its query returns."""

    role: Literal["primary", "replica"] | None = Field(
        default=None, description="Whether the server must take writes. Needs `login`."
    )
    value: str | None = Field(
        default=None,
        max_length=1000,
        description="The first column of the first row must be this text.",
    )
    value_matches: Pattern | None = Field(
        default=None,
        description="RE2 expression that must match the first column of the first row.",
    )
    value_min: float | None = Field(
        default=None, allow_inf_nan=False, description="It must be a number, and at least this."
    )
    value_max: float | None = Field(
        default=None, allow_inf_nan=False, description="It must be a number, and at most this."
    )
    rows: RowCount | Rows | None = Field(
        default=None, description="How many rows must come: a number, or `{min, max}`."
    )

    @property
    def about_query(self) -> tuple[str, ...]:
        """The keys that are set and speak of what a query returns."""
        keys = ("value", "value_matches", "value_min", "value_max", "rows")
        return tuple(key for key in keys if getattr(self, key) is not None)


class SqlKeys(DatabaseKeys):
    """Where to go, who logs in, and what to ask."""

    database: Name | None = Field(default=None, description="Database to open.")
    login: SqlLogin | None = Field(default=None, description="Log in, and out again.")
    query: str | None = Field(
        default=None,
        min_length=1,
        max_length=10_000,
        pattern=r"^[^\x00]+$",
        description="One statement to run in a read-only transaction. Needs `login`.",
    )
    expect: SqlExpectation = Field(
        default=SqlExpectation(), description="Conditions on the server and the answer."
    )

    @property
    def logs_in(self) -> bool:
        return self.login is not None

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.query is not None and self.login is None:
            yield "query: give login, too: nobody may ask without"
        if self.expect.role is not None and self.login is None:
            yield "expect.role: give login, too: a stranger is not told"
        if self.query is None:
            for key in self.expect.about_query:
                yield f"expect.{key}: there is no query to return it"
