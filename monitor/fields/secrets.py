"""Secrets: written somewhere else, read when the configuration is loaded, never shown."""

# ruff: noqa: TRY004 (pydantic takes a ValueError, and no TypeError, for the writer's mistake)

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from monitor.fields.context import Context, context_of
from monitor.fields.shown import shown

_LARGEST = 65_536
WAYS = "give {file: /path}, {credential: name} (systemd) or {env: NAME}"
_SOURCES = {
    "file": "Path of a file that only its owner can read; relative to the configuration's folder.",
    "credential": "Name of a systemd credential (LoadCredential=, SetCredentialEncrypted=).",
    "env": "Name of an environment variable. Others on the host may see it; prefer the other two.",
}


class Secret:
    """A value that shows itself only to who calls `reveal`. Two of the same source are equal."""

    __slots__ = ("_path", "_value", "source")

    def __init__(self, source: tuple[str, str], value: str, path: Path | None = None) -> None:
        """`source` is the way and the name, such as ("file", "/etc/pantau/oncall.key")."""
        self.source = source
        self._value = value
        self._path = path

    def reveal(self) -> str:
        """Return the value. A file that was replaced meanwhile gives its new value at once;
        one that cannot be read any more, the last that could.
        """
        if self._path is not None:
            with suppress(ValueError):
                self._value = _read(self._path, self.source[1], private=self.source[0] == "file")
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.source == other.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            _validate, serialization=core_schema.plain_serializer_function_ser_schema(repr)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"oneOf": [_alternative(way, text) for way, text in _SOURCES.items()]}


def _alternative(way: str, description: str) -> JsonSchemaValue:
    return {
        "type": "object",
        "properties": {way: {"type": "string", "minLength": 1, "description": description}},
        "required": [way],
        "additionalProperties": False,
    }


def _validate(value: object, info: ValidationInfo[Any]) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(f"a secret is not written into the configuration: {WAYS}")
    if len(value) != 1 or not _SOURCES.keys() >= value.keys():
        raise ValueError(f"a secret has one source: {WAYS}")
    [(way, name)] = value.items()
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError(f"{way}: {shown(name)} is no name of a secret's source")
    return _READERS[way](name, context_of(info))


def _from_file(name: str, context: Context) -> Secret:
    path = context.folder / name
    return Secret(("file", str(path)), _read(path, name, private=True), path)


def _from_credential(name: str, context: Context) -> Secret:
    if context.credentials is None:
        raise ValueError(
            f"credential {shown(name)}: systemd gave none (no CREDENTIALS_DIRECTORY); "
            "add LoadCredential= to the unit"
        )
    if "/" in name or name in {".", ".."}:
        raise ValueError(f"credential {shown(name)}: a name without slashes is wanted")
    path = context.credentials / name
    return Secret(("credential", name), _read(path, name, private=False), path)


def _from_environment(name: str, context: Context) -> Secret:
    value = context.environment.get(name)
    if value is None:
        raise ValueError(f"the environment variable {shown(name)} is not set")
    context.from_environment.append(name)
    return Secret(("env", name), _checked(value, f"the environment variable {shown(name)}"))


_READERS = {"file": _from_file, "credential": _from_credential, "env": _from_environment}


def _read(path: Path, written: str, *, private: bool) -> str:
    """Return a secret file's text without its last line break; raise ValueError, never OSError.

    `written` is what messages call it. `private` demands that only the owner can read it;
    systemd guards its credentials by itself.
    """
    name = f"secret file {shown(written)}"
    try:
        # O_NONBLOCK: opening a named pipe must not wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise ValueError(f"{name} is no ordinary file")
        if private and mode & 0o077:
            raise ValueError(
                f"{name} is open to others (mode {stat.S_IMODE(mode):04o}): chmod 600 it"
            )
        octets = file.read(_LARGEST + 1)
    if len(octets) > _LARGEST:
        raise ValueError(f"{name} is over {_LARGEST // 1024} KB")
    return _checked(_decoded(octets, name), name)


def _decoded(octets: bytes, name: str) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{name} holds no UTF-8 text") from None


def _checked(text: str, name: str) -> str:
    value = text.removesuffix("\n").removesuffix("\r")
    if not value:
        raise ValueError(f"{name} is empty")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{name} holds no UTF-8 text")
    # It may end in a header, where a line break would begin another one.
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ValueError(f"{name} holds a control character or a second line")
    return value
