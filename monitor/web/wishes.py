"""What is sent to have something taken down. Mistakes in it are told as those of files are."""

import json
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict
from starlette.requests import Request

from monitor.configuration.document import At, Block, Series
from monitor.configuration.mistakes import Refused, validated
from monitor.domain.text import visible_text
from monitor.fields import Context
from monitor.web.bodies import read_body
from monitor.web.context import LONGEST_COMMENT, LONGEST_NAME

WishT = TypeVar("WishT", bound="Wish")

_MOST_MISTAKES = 5
_LONGEST = 1_000
# Nothing of a body stands in a file.
_NOWHERE: At = (0, 0)


class Wish(BaseModel):
    """Base of what is sent. An unknown key is an error."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Unwished(Exception):
    """A body is none of those that are taken. The message says what is wrong, and what is right."""


def _somebody(text: str) -> str:
    return _words(text.strip(), LONGEST_NAME, "who it is")


def _something(text: str) -> str:
    return _words(text.strip(), LONGEST_COMMENT, "why")


def _remark(text: str) -> str:
    return _words(text.strip(), LONGEST_COMMENT, "") if text.strip() else ""


def _words(text: str, most: int, missing: str) -> str:
    if not text:
        raise ValueError(f"it is empty: write {missing}")
    if len(text) > most:
        raise ValueError(f"it has {len(text)} characters: {most} at most")
    return text


Somebody = Annotated[str, AfterValidator(_somebody)]
"""The name of a person."""

Reason = Annotated[str, AfterValidator(_something)]
"""Words that must be there."""

Remark = Annotated[str, AfterValidator(_remark)]
"""Words that may be left out."""


async def wished(request: Request, wish: type[WishT], *, largest: int, example: str) -> WishT:
    """Return what a body of at most `largest` bytes asks for, or raise Unwished."""
    body = await read_body(request, largest)
    if body is None:
        raise Unwished(f"the body has over {largest} bytes; {example}")
    try:
        return validated(wish, _block(body), file="", context=Context(folder=Path()))
    except ValueError as error:
        raise Unwished(f"{error}; {example}") from None
    except Refused as refused:
        told = dict.fromkeys(each.message for each in refused.problems)
        detail = "; ".join(list(told)[:_MOST_MISTAKES])
        # A key may be of anything.
        raise Unwished(f"{visible_text(detail, _LONGEST)}; {example}") from None


def _block(body: bytes) -> Block:
    """Return the object that a body is as JSON, in the form of a file's, or raise ValueError."""
    try:
        planted = _planted(json.loads(body))
    except json.JSONDecodeError as error:
        raise ValueError(f"this is no JSON: line {error.lineno}, column {error.colno}") from None
    except UnicodeError:
        raise ValueError("this is no JSON: it holds what is no character") from None
    except RecursionError:
        raise ValueError("this is nested too deep") from None
    if not isinstance(planted, Block):
        raise ValueError("this is no JSON object")  # noqa: TRY004 - a writer's mistake
    return planted


def _planted(value: object) -> Any:
    if isinstance(value, dict):
        block = Block(_NOWHERE)
        block.update({_planted(key): _planted(each) for key, each in value.items()})
        block.keys_at = block.values_at = dict.fromkeys(block, _NOWHERE)
        return block
    if isinstance(value, list):
        series = Series(_NOWHERE)
        series.extend(map(_planted, value))
        series.items_at = [_NOWHERE] * len(series)
        return series
    if isinstance(value, str):
        value.encode()  # JSON can write half a character, which nothing can store
    return value
