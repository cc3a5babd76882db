"""Reads one value as one type of field, as the loader does."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from monitor.fields import (
    Context,
    Duration,
    DurationOrZero,
    Endpoint,
    File,
    Host,
    Pattern,
    Percentage,
    Port,
    Secret,
    Size,
    Url,
)


class Everything(BaseModel):
    duration: Duration | None = None
    zero: DurationOrZero | None = None
    endpoint: Endpoint | None = None
    file: File | None = None
    host: Host | None = None
    pattern: Pattern | None = None
    percentage: Percentage | None = None
    port: Port | None = None
    secret: Secret | None = None
    size: Size | None = None
    url: Url | None = None


def field(name, value, **context):
    context.setdefault("folder", Path("/nonexistent"))
    return getattr(Everything.model_validate({name: value}, context=Context(**context)), name)


def refusal(name, value, **context):
    with pytest.raises(ValidationError) as caught:
        field(name, value, **context)
    return caught.value.errors()[0]["msg"].removeprefix("Value error, ")
