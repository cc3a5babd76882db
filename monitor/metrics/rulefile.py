"""Rules of Prometheus as values, and the file that holds them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_QUOTED = {'"': r"\"", "\\": r"\\"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: `kind` is `record` or `alert`, `name` what is recorded or the alert's name."""

    kind: str
    name: str
    expr: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rules that are evaluated one after the other, every `interval` as Prometheus writes it."""

    name: str
    rules: tuple[Rule, ...]
    interval: str | None = None


def document(groups: Iterable[Group]) -> Mapping[str, Any]:
    """Return groups as Prometheus reads them; JSON of it is a rule file as well."""
    return {"groups": [_group(each) for each in groups]}


def text(groups: Iterable[Group], notice: str) -> str:
    """Return a rule file in YAML that begins with `notice`. The same groups give the same bytes."""
    lines = [f"# {line}".rstrip() for line in notice.splitlines()]
    found = [line for each in groups for line in _group_lines(each)]
    lines += ["groups:", *found] if found else ["groups: []"]
    return "\n".join(lines) + "\n"


def promql_string(value: str) -> str:
    """Return a text as PromQL has it between quotes; YAML's quoted scalars are the same."""
    return f'"{"".join(map(_character, value))}"'


def template_text(value: str) -> str:
    """Return a text that is no template, for the annotations of an alert, which are."""
    return value.replace("{{", '{{ "{{" }}')


def _group(group: Group) -> Mapping[str, Any]:
    head = {"name": group.name} | ({"interval": group.interval} if group.interval else {})
    return head | {"rules": [_rule(each) for each in group.rules]}


def _rule(rule: Rule) -> Mapping[str, Any]:
    notes = {"annotations": dict(rule.annotations)} if rule.annotations else {}
    return {rule.kind: rule.name, "expr": rule.expr, "labels": dict(rule.labels), **notes}


def _group_lines(group: Group) -> Iterator[str]:
    yield f"  - name: {promql_string(group.name)}"
    if group.interval:
        yield f"    interval: {group.interval}"
    yield "    rules:"
    for rule in group.rules:
        yield f"      - {rule.kind}: {rule.name}"
        yield from _expression(rule.expr)
        yield from _mapping("labels", rule.labels)
        yield from _mapping("annotations", rule.annotations)


def _expression(expr: str) -> Iterator[str]:
    first, *others = expr.splitlines()
    if others:
        yield "        expr: |-"
        yield from (f"          {line}" for line in (first, *others))
    else:
        yield f"        expr: {promql_string(first)}"


def _mapping(key: str, entries: Mapping[str, str]) -> Iterator[str]:
    if entries:
        yield f"        {key}:"
        yield from (f"          {name}: {promql_string(text)}" for name, text in entries.items())


def _character(one: str) -> str:
    if one.isprintable():
        return _QUOTED.get(one, one)
    return f"\\u{ord(one):04x}" if ord(one) < 0x10000 else f"\\U{ord(one):08x}"
