"""What pydantic refused, in words that say what would be right, at the place in the file."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from monitor.configuration.document import At, Block, Series
from monitor.configuration.names import nearest
from monitor.configuration.problem import Problem
from monitor.configuration.strictness import loose_scalars
from monitor.fields import Context, shown

ModelT = TypeVar("ModelT", bound=BaseModel)


_MOST_TOLD = 1000


class Refused(Exception):
    """An entry is no valid one."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def validated(
    model: type[ModelT],
    block: Block,
    *,
    file: str,
    context: Context,
    keys: Mapping[str, Any] | None = None,
    also_known: frozenset[str] = frozenset(),
    later: Mapping[str, str] = MappingProxyType({}),
) -> ModelT:
    """Return `block` as a `model`, or raise Refused with all that is wrong with it.

    `keys` is the part of `block` that is meant for the model, if not all of it. `also_known` are
    further keys that an unknown one may have been meant for; `later` says of some unknown ones
    why this version refuses them.
    """
    written = block if keys is None else keys
    try:
        value = model.model_validate(written, context=context)
    except ValidationError as error:
        problems = _merged(error, block, file, lambda loc: _advice(model, loc, also_known, later))
        raise Refused((*problems, *_loose(model, written, block, file))) from None
    if loose := _loose(model, written, block, file):
        raise Refused(loose)
    return value


def _loose(
    model: type[BaseModel], written: Mapping[str, Any], block: Block, file: str
) -> tuple[Problem, ...]:
    return tuple(
        Problem(file, *place.at, f"{place.path}: {_KINDS[loose.wanted](loose.value)}")
        for loose in loose_scalars(model, written)
        for place in [_where(block, loose.path)]
    )


def _no_truth(value: object) -> str:
    return f"{shown(value)} is neither true nor false"


def _no_whole_number(value: object) -> str:
    return f"{shown(value)} is no whole number" + _unquote(value)


def _no_number(value: object) -> str:
    return f"{shown(value)} is no number" + _unquote(value)


def _unquote(value: object) -> str:
    is_quoted_number = isinstance(value, str) and value.lstrip("-").isdecimal()
    return ": leave out the quotes" if is_quoted_number else ""


_KINDS: dict[str, Callable[[object], str]] = {
    "bool": _no_truth,
    "int": _no_whole_number,
    "float": _no_number,
}

Loc = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value stands, its path for people, and the value."""

    at: At
    path: str
    value: Any

    def inside(self, key: str) -> "_Place":
        path = f"{self.path}.{key}" if self.path else key
        if isinstance(self.value, Block) and key in self.value:
            return _Place(self.value.values_at[key], path, self.value[key])
        return _Place(self.at, path, None)


def _merged(
    error: ValidationError, block: Block, file: str, advice: Callable[[Loc], str]
) -> tuple[Problem, ...]:
    """Return one problem for each place; what the branches of a union say is joined."""
    said: dict[tuple[At, str], dict[str, None]] = {}
    details = error.errors(include_url=False)
    for detail in details[:_MOST_TOLD]:
        place, message = _told(detail, block, advice)
        said.setdefault((place.at, place.path), {})[message] = None
    problems = [
        Problem(file, *at, (f"{path}: " if path else "") + ", or ".join(messages))
        for (at, path), messages in said.items()
    ]
    if (more := len(details) - _MOST_TOLD) > 0:
        problems.append(Problem(file, *block.at, f"{more} more mistakes in what begins here"))
    return tuple(problems)


def _told(detail: ErrorDetails, block: Block, advice: Callable[[Loc], str]) -> tuple[_Place, str]:
    message = _message(detail, advice)
    place = _where(block, detail["loc"], detail["type"])
    # A validator of a whole model names the key that it is about, such as `url` or `expect.tls`.
    path, _, rest = message.partition(": ")
    named = place
    for name in path.split("."):
        if not (rest and isinstance(named.value, Block) and name in named.value):
            return place, message
        named = named.inside(name)
    return named, rest


def _where(block: Block, loc: Loc, kind: str = "") -> _Place:
    """Return the place of what `loc` points to: of the key where that is what is wrong.

    Names of union branches and functions in `loc` are no keys and are passed over.
    """
    place = _Place(block.at, "", block)
    for number, step in enumerate(loc, 1):
        value, last = place.value, number == len(loc)
        if isinstance(value, Series) and isinstance(step, int) and step < len(value):
            place = _Place(value.items_at[step], f"{place.path}[{step}]", value[step])
        elif isinstance(value, Block) and step in value:
            at = value.keys_at[str(step)] if last and kind == "extra_forbidden" else None
            place = place.inside(str(step))
            place = replace(place, at=at) if at else place
        elif isinstance(value, Block) and last and kind == "missing":
            place = place.inside(str(step))
    return place


def _message(detail: ErrorDetails, advice: Callable[[Loc], str]) -> str:
    value, facts = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return "this key is missing"
        case "extra_forbidden":
            return "unknown key" + advice(detail["loc"])
        case "value_error":
            return str(facts["error"])
        case "literal_error" | "enum":
            # pydantic lists the values as Python writes them.
            known = re.sub(r"\b(?:True|False)\b", lambda word: word[0].lower(), facts["expected"])
            return f"{shown(value)} is not known: write {known}"
        case kind if kind in _WRONG_TYPE:
            return _WRONG_TYPE[kind](value)
        case kind if kind in _BOUNDS:
            return _BOUNDS[kind].format(value=shown(value), **facts)
        case _:
            return detail["msg"][:1].lower() + detail["msg"][1:]


def _no_text(value: object) -> str:
    scalar = isinstance(value, int | float)
    return f"{shown(value)} is no text" + (": put it in quotes" if scalar else "")


def _no_list(value: object) -> str:
    return f"{_kind(value)} stands where a list is wanted: write [ … ]"


def _no_mapping(value: object) -> str:
    return f"{_kind(value)} stands where a mapping is wanted: write `key: value` lines"


def _kind(value: object) -> str:
    """Return what kind of thing a value is. Not the value: there may be a password in it."""
    match value:
        case str():
            return "a text"
        case bool() | int() | float():
            return shown(value)
        case None:
            return "nothing"
        case _:
            return shown(value)


_WRONG_TYPE: dict[str, Callable[[object], str]] = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), _no_whole_number),
    **dict.fromkeys(("float_type", "float_parsing"), _no_number),
    **dict.fromkeys(("bool_type", "bool_parsing"), _no_truth),
    "string_type": _no_text,
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), _no_list),
    **dict.fromkeys(("dict_type", "mapping_type"), _no_mapping),
    **dict.fromkeys(("model_type", "model_attributes_type"), _no_mapping),
}
_BOUNDS = {
    "greater_than": "{value} is too small: it must be over {gt}",
    "greater_than_equal": "{value} is under {ge}",
    "less_than": "{value} is too large: it must be under {lt}",
    "less_than_equal": "{value} is over {le}",
    "string_too_short": "{value} is too short: {min_length} characters at least",
    "string_too_long": "{value} is too long: {max_length} characters at most",
    "too_short": "too few entries: {min_length} at least",
    "too_long": "too many entries: {max_length} at most",
}


def _advice(
    model: type[BaseModel], loc: Loc, also_known: frozenset[str], later: Mapping[str, str]
) -> str:
    name, outer = str(loc[-1]), loc[:-1]
    if not outer and name in later:
        return f" in this version: {later[name]}"
    known = {key for inner in _models_at(model, outer) for key in _keys(inner)}
    return nearest(name, known | (also_known if not outer else frozenset()))


def _keys(model: type[BaseModel]) -> Iterator[str]:
    return (field.alias or name for name, field in model.model_fields.items())


def _models_at(model: type[BaseModel], loc: Loc) -> list[type[BaseModel]]:
    """Return the models that may stand where `loc` leads, several in a union."""
    models = [model]
    for step in loc:
        annotations = [
            field.annotation
            for each in models
            for name, field in each.model_fields.items()
            if (field.alias or name) == step
        ]
        models = [inner for each in annotations for inner in _models_in(each)] or models
    return models


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
