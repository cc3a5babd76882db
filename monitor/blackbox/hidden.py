"""What blackbox.yml holds in the clear and nobody may read elsewhere, and the files it names."""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from monitor.blackbox.written import Text
from monitor.fields.context import context_of
from monitor.fields.secrets import Secret
from monitor.fields.shown import shown

SECRET = "<secret>"  # noqa: S105 - what stands in its place
_USER_INFO = re.compile(r"(//[^/?#@]*?:)[^/?#]*(@)")
# Whatever is not known to be harmless may be a secret: names tell too little.
_HARMLESS = frozenset(
    {
        *("accept", "accept-charset", "accept-encoding", "accept-language", "cache-control"),
        *("connection", "content-encoding", "content-language", "content-type", "dnt", "expect"),
        *("host", "if-modified-since", "origin", "pragma", "range", "te", "upgrade"),
        *("upgrade-insecure-requests", "user-agent"),
        *("audience", "resource", "scope"),  # of a token endpoint
    }
)


class _Kept:
    """A text that only `reveal` gives away. Two of the same kind and text are equal."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text, passwords and all."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, handler(Text))


class Hidden(_Kept):
    """A text of which nothing is shown."""

    __slots__ = ()

    def __repr__(self) -> str:
        return SECRET

    def __deepcopy__(self, _: object) -> "Hidden":
        return self

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


class HiddenUrl(_Kept):
    """A URL that may hold secrets. Its text shows neither its password nor its query."""

    __slots__ = ()

    def __repr__(self) -> str:
        url, mark, _ = self._value.partition("#")[0].partition("?")
        return without_password(url) + (f"?{SECRET}" if mark else "")


def without_password(url: str) -> str:
    """Return a URL with `xxxxx` in the place of a password in its user info."""
    return _USER_INFO.sub(r"\1xxxxx\2", url)


def is_harmless(name: str) -> bool:
    """Say whether the value of a header or parameter of this name is known to be no secret."""
    return name.lower() in _HARMLESS


def _secret_file(value: object) -> object:
    return {"file": value} if isinstance(value, str) else value


def _path(value: object, info: ValidationInfo[Any]) -> Path:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError(f"{shown(value)} is no file name")
    return context_of(info).folder / value


SecretFile = Annotated[Secret, BeforeValidator(_secret_file)]
"""The path of a file that only its owner can read; its text is the secret."""

NamedFile = Annotated[Path, BeforeValidator(_path)]
"""The path of a file, which a probe reads: it need not be there yet."""
