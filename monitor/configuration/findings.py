"""What is found wrong or doubtful while a configuration is put together."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from monitor.configuration.document import At, Block, Document, Series
from monitor.configuration.mistakes import Refused, validated
from monitor.configuration.names import nearest
from monitor.configuration.problem import Problem
from monitor.fields import Context, shown

ModelT = TypeVar("ModelT", bound=BaseModel)
KindT = TypeVar("KindT")


@dataclass(slots=True)
class Findings:
    """Collects problems and warnings, so that one run tells of all of them."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    misspelt_at: set[tuple[str, int, int]] = field(default_factory=set)

    def misspelt(self, problems: Iterable[Problem]) -> None:
        """Add problems of the text itself. Whatever else is found at their places follows."""
        for each in problems:
            self.problems.append(each)
            self.misspelt_at.add((each.file, each.line, each.column))

    def add(self, problems: Iterable[Problem]) -> None:
        """Add problems of the values."""
        for each in problems:
            if (each.file, each.line, each.column) not in self.misspelt_at:
                self.problems.append(each)

    def problem(self, file: str, at: At, message: str) -> None:
        self.add((Problem(file, *at, message),))

    def warning(self, file: str, at: At, message: str) -> None:
        self.warnings.append(Problem(file, *at, message))


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list of the configuration, as it is written."""

    file: str
    block: Block

    def at(self, key: str) -> At:
        """Return the place of a key's value, or of the entry if the key is not written."""
        return self.block.values_at.get(key, self.block.at)


def items(documents: Iterable[Document], key: str, findings: Findings) -> Iterator[Item]:
    """Yield the entries under `key` of each document, and complain of what is none."""
    for document in documents:
        entries = document.root.get(key) if isinstance(document.root, Block) else None
        if not isinstance(entries, Series):
            continue
        for entry, at in zip(entries, entries.items_at, strict=True):
            if isinstance(entry, Block):
                yield Item(document.file, entry)
            else:
                findings.problem(
                    document.file, at, f"{key}: {shown(entry)} is no entry: write `- id: …`"
                )


def taken_once(each: Iterable[Item], key: str, findings: Findings) -> dict[str, Item]:
    """Return the entries by their id (or name), and complain of every second one of an id."""
    first: dict[str, Item] = {}
    for item in each:
        name = item.block.get(key)
        if not isinstance(name, str):
            continue
        known = first.setdefault(name, item)
        if known is not item:
            line, column = known.at(key)
            findings.problem(
                item.file,
                item.at(key),
                f"{key}: {shown(name)} is taken already: {known.file}:{line}:{column}",
            )
    return first


def kind_of(item: Item, types: Mapping[str, KindT], what: str, findings: Findings) -> KindT | None:
    """Return what an entry's `type` names; None, with a complaint, if it names none of `types`."""
    name = item.block.get("type")
    if isinstance(name, str) and name in types:
        return types[name]
    message = unknown(what, name, types)
    if name is None:
        message = f"this key is missing; known: {', '.join(sorted(types))}"
    findings.problem(item.file, item.at("type"), f"type: {message}")
    return None


def accepted(
    model: type[ModelT], item: Item, findings: Findings, context: Context, **how: Any
) -> ModelT | None:
    """Return an entry as a `model`; None, with complaints, if it is no valid one."""
    try:
        value = validated(model, item.block, file=item.file, context=context, **how)
    except Refused as refused:
        findings.add(refused.problems)
        value = None
    for name in context.from_environment:
        findings.warning(
            item.file,
            _place_of_variable(item.block, name) or item.block.at,
            f"the secret in the environment variable {name} can be seen by others on this host: "
            "prefer {file: …} or {credential: …}",
        )
    context.from_environment.clear()
    return value


def _place_of_variable(value: Any, name: str) -> At | None:
    if isinstance(value, Block):
        if value.get("env") == name and len(value) == 1:
            return value.at
        value = list(value.values())
    if isinstance(value, list):
        return next((at for each in value if (at := _place_of_variable(each, name))), None)
    return None


def unknown(what: str, name: object, known: Iterable[str]) -> str:
    """Return the complaint that there is no `what` of that name, with the nearest that is."""
    return f"there is no {what} {shown(name)}{nearest(str(name), known)}"


def asked(block: Any, key: str) -> Iterable[tuple[str, At]]:
    """Return the texts under a key, one or a list of them, and their places."""
    if not isinstance(block, Block):
        return ()
    value = block.get(key)
    if isinstance(value, str):
        return [(value, block.values_at[key])]
    if not isinstance(value, Series):
        return ()
    pairs = zip(value, value.items_at, strict=True)
    return [(name, at) for name, at in pairs if isinstance(name, str)]
