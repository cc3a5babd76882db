"""Texts with places for values: `${token}` and `${secret.password}`. `$${` stands for `${`."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, JsonValue

from monitor.fields import shown

_PLACE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")
OF_SECRETS = "secret."


class Anything(dict[str, str]):
    """A value for every name, to see what a text may become."""

    def __missing__(self, name: str) -> str:
        return "x"


def references(text: str) -> tuple[str, ...]:
    """Return the names that stand in `text`: those of values, and `secret.NAME`.

    Raise ValueError on a place that has no end, or no such name in it.
    """
    found = []
    for place in _PLACE.finditer(text):
        if place[0] == "$${":
            continue
        name = place[1]
        if name is None or not _NAME.match(name.removeprefix(OF_SECRETS)):
            raise ValueError(f"{shown(text)}: write ${{name}}, ${{secret.name}}, or $${{ for ${{")
        found.append(name)
    return tuple(found)


def sole_reference(text: str) -> str | None:
    """Return the name if `text` is one place and nothing else."""
    place = _PLACE.fullmatch(text)
    return None if place is None else place[1]


def filled(text: str, values: Mapping[str, str], escaped: Callable[[str], str] = str) -> str:
    """Return `text` with `values` in their places, each as `escaped` writes it.

    Raise KeyError on one that is not among them.
    """
    return _PLACE.sub(lambda place: "${" if place[0] == "$${" else escaped(values[place[1]]), text)


def filled_json(value: JsonValue, values: Mapping[str, str]) -> JsonValue:
    """Return a JSON value with `values` in the places of its texts; keys are left alone."""
    match value:
        case str():
            return filled(value, values)
        case list():
            return [filled_json(one, values) for one in value]
        case dict():
            return {key: filled_json(one, values) for key, one in value.items()}
        case _:
            return value


def json_texts(value: JsonValue) -> Iterator[str]:
    """Yield every text of a JSON value, but for its keys."""
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from json_texts(one)
        case dict():
            for one in value.values():
                yield from json_texts(one)


def _template(text: str) -> str:
    references(text)
    return text


def _name(name: str) -> str:
    if not _NAME.match(name):
        raise ValueError(
            f"{shown(name)} is no name of a value: a small letter, then small letters, digits and _"
        )
    return name


Template = Annotated[str, AfterValidator(_template)]
"""A text with places for values."""

ValueName = Annotated[str, AfterValidator(_name)]
"""The name of a value, or of a secret."""
