"""YAML text into values that remember where they were written.

They are built from the parser's events rather than from its nodes: in one pass, without
recursion, so that neither depth nor aliases can hurt, and in a third of the time.
"""

from dataclasses import dataclass, field
from sys import intern
from typing import Any

import yaml

from monitor.configuration.grumbles import syntax_problem
from monitor.configuration.problem import Problem
from monitor.configuration.scalars import resolve

_DEEPEST = 32
_MOST_VALUES = 300_000

At = tuple[int, int]
"""Line and column, both from 1."""


class Block(dict[str, Any]):
    """A mapping of YAML. All keys are text, as written; a repeated key keeps its first value."""

    __slots__ = ("at", "keys_at", "values_at")

    def __init__(self, at: At) -> None:
        super().__init__()
        self.at = at
        self.keys_at: dict[str, At] = {}
        self.values_at: dict[str, At] = {}


class Series(list[Any]):
    """A sequence of YAML."""

    __slots__ = ("at", "items_at")

    def __init__(self, at: At) -> None:
        super().__init__()
        self.at = at
        self.items_at: list[At] = []


class Unreadable(Exception):
    """A document cannot be read on: `problem` says where and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Document:
    """The value of a file (None when there is nothing but comments), and what is wrong in it."""

    file: str
    root: Any
    problems: tuple[Problem, ...]


def parse(text: str, file: str, *, merges: bool = False) -> Document:
    """Return the document in `text`; raise Unreadable when its syntax or its size forbids it.

    With `merges`, a merge key (<<) adds what its mappings hold and its own mapping does not.
    """
    builder = _Builder(file, merges=merges)
    loader = yaml.CBaseLoader(text)
    try:
        while not builder.finished:
            builder.take(loader.get_event())
    except yaml.MarkedYAMLError as error:
        raise Unreadable(syntax_problem(error, text, file)) from None
    return Document(file, builder.root, tuple(builder.problems))


@dataclass(slots=True)
class _Frame:
    """A collection that is being filled. `size` counts its values, those of aliases each time."""

    value: Block | Series
    anchor: str | None
    size: int = 1
    key: str | None = None
    key_at: At = (1, 1)


@dataclass(slots=True)
class _Builder:
    file: str
    merges: bool = False
    root: Any = None
    finished: bool = False
    problems: list[Problem] = field(default_factory=list)
    frames: list[_Frame] = field(default_factory=list)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    documents: int = 0
    size: int = 0

    def take(self, event: Any) -> None:
        kind = event.__class__
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind is yaml.MappingStartEvent:
            self._open(Block(_at(event)), event)
        elif kind is yaml.SequenceStartEvent:
            self._open(Series(_at(event)), event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._close()
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._document(event)
        elif kind is yaml.StreamEndEvent:
            self.finished = True

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise self._unreadable(event, "a second document: one file holds one")
        if event.version == (1, 1) or event.tags:
            self._complain(_at(event), "leave out the % lines: this is read as YAML 1.2")

    def _scalar(self, event: Any) -> None:
        at = _at(event)
        self._count(1, at)
        if event.tag is not None:
            self._refuse_tag(event, at)
        frame = self.frames[-1] if self.frames else None
        if frame and frame.key is None and isinstance(frame.value, Block):
            self._key(frame, event, at)
            return
        value = event.value
        if event.implicit[0]:
            value = self._resolved(value, at)
        self._add(value, at, 1)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)

    def _resolved(self, text: str, at: At) -> Any:
        try:
            return resolve(text)
        except ValueError as error:
            self._complain(at, str(error))
            return None

    def _key(self, frame: _Frame, event: Any, at: At) -> None:
        if event.value == "<<" and event.implicit[0] and not self.merges:
            self._complain(at, "merge keys (<<) are not read: write it out, or use defaults")
        frame.key, frame.key_at = intern(event.value), at
        if event.anchor is not None:
            self.anchors[event.anchor] = (event.value, 1)

    def _open(self, value: Block | Series, event: Any) -> None:
        self._count(1, value.at)
        if event.tag is not None:
            self._refuse_tag(event, value.at)
        if len(self.frames) >= _DEEPEST:
            raise self._unreadable(event, f"nested more than {_DEEPEST} levels deep")
        self._refuse_as_key(event)
        self.frames.append(_Frame(value, event.anchor))

    def _close(self) -> None:
        frame = self.frames.pop()
        if self.merges and isinstance(frame.value, Block) and "<<" in frame.value:
            self._merge(frame.value)
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (frame.value, frame.size)
        self._add(frame.value, frame.value.at, frame.size)

    def _merge(self, block: Block) -> None:
        source, at = block.pop("<<"), block.values_at["<<"]
        for each in source if isinstance(source, Series) else (source,):
            if not isinstance(each, Block):
                self._complain(at, "<< takes a mapping, or a list of them")
                continue
            for key in each.keys() - block.keys():
                block[key] = each[key]
                block.keys_at[key] = each.keys_at[key]
                block.values_at[key] = each.values_at[key]

    def _alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            raise self._unreadable(
                event, f"*{event.anchor} stands for nothing that is complete before it"
            )
        self._refuse_as_key(event)
        value, size = self.anchors[event.anchor]
        self._count(size, _at(event))
        self._add(value, _at(event), size)

    def _refuse_as_key(self, event: Any) -> None:
        frame = self.frames[-1] if self.frames else None
        if frame and frame.key is None and isinstance(frame.value, Block):
            raise self._unreadable(event, "a key must be plain text")

    def _add(self, value: Any, at: At, size: int) -> None:
        if not self.frames:
            self.root = value
            return
        frame = self.frames[-1]
        frame.size += size
        collection = frame.value
        if isinstance(collection, Series):
            collection.append(value)
            collection.items_at.append(at)
        elif frame.key is not None:
            self._put(collection, frame.key, frame.key_at, value, at)
            frame.key = None

    def _put(self, block: Block, key: str, key_at: At, value: Any, at: At) -> None:
        if key in block:
            line, column = block.keys_at[key]
            self._complain(key_at, f"{key}: given twice: first at line {line}, column {column}")
            return
        block[key] = value
        block.keys_at[key] = key_at
        block.values_at[key] = at

    def _count(self, size: int, at: At) -> None:
        self.size += size
        if self.size > _MOST_VALUES:
            message = (
                f"more than {_MOST_VALUES} keys and values, those of aliases counted each time"
            )
            raise Unreadable(Problem(self.file, *at, message))

    def _refuse_tag(self, event: Any, at: At) -> None:
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        self._complain(at, f"tags such as {tag} are not read; text goes in quotes")

    def _complain(self, at: At, message: str) -> None:
        self.problems.append(Problem(self.file, *at, message))

    def _unreadable(self, event: Any, message: str) -> Unreadable:
        return Unreadable(Problem(self.file, *_at(event), message))


def _at(event: Any) -> At:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1
