"""From the syntax tree of a CEL expression to something that runs.

Every node becomes a function of a Run, which counts it as a step. Names that are not offered are
refused here, when the configuration is read.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from monitor.conditions import celvalues as values
from monitor.conditions.celvalues import CelError, Closure, Run, no_overload
from monitor.fields.patterns import Pattern

_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\"'`?\\])|([0-3][0-7]{2})|[xX]([0-9a-fA-F]{2})"
    r"|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.?))",
    re.DOTALL,
)
_SIMPLE = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))
_OCTETS_A_STEP = 64
_KEYS_ARE_TEXTS = "the keys of a map are texts"

_OPERATORS: dict[str, Callable[[Run, Any, Any], Any]] = {
    "relation_lt": values.before,
    "relation_le": values.not_after,
    "relation_gt": lambda run, left, right: values.before(run, right, left),
    "relation_ge": lambda run, left, right: values.not_after(run, right, left),
    "relation_eq": values.equal,
    "relation_ne": lambda run, left, right: not values.equal(run, left, right),
    "relation_in": values.contained,
    "addition_add": values.add,
    "addition_sub": values.subtract,
    "multiplication_mul": values.multiply,
    "multiplication_div": values.divide,
    "multiplication_mod": values.remainder,
}
_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "size": values.size,
    "int": values.to_int,
    "double": values.to_double,
    "string": values.to_string,
    "bool": values.to_bool,
    "timestamp": values.to_timestamp,
    "duration": values.to_duration,
    "type": lambda value: values.TYPES[values.type_name(value)],
    "dyn": lambda value: value,
}
_TEXT_METHODS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startsWith": lambda text, part: text.startswith(part),
    "endsWith": lambda text, part: text.endswith(part),
}
_MACROS = {"all", "exists", "exists_one", "map", "filter"}


def compiled(tree: Any, variables: Sequence[str]) -> Closure:
    """Return what runs an expression over `variables`.

    `tree` is one of lark's, by cel-python's grammar. Raise ValueError on names that are unknown.
    """
    return _Scope(frozenset(variables)).expression(tree)


class _Scope:
    """The names that an expression may use, and the way from its nodes to functions."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def expression(self, tree: Any) -> Closure:
        """Return the function of any node."""
        children = tree.children
        while len(children) == 1 and tree.data in _WRAPPERS:
            tree = children[0]
            children = tree.children
        made: Closure = getattr(self, f"_{tree.data}")(children)
        return made

    def _expr(self, children: Sequence[Any]) -> Closure:
        condition, yes, no = map(self.expression, children)
        return lambda run: yes(run) if _truth(condition(run), "?:") else no(run)

    def _conditionalor(self, children: Sequence[Any]) -> Closure:
        return self._junction(children, decisive=True)

    def _conditionaland(self, children: Sequence[Any]) -> Closure:
        return self._junction(children, decisive=False)

    def _junction(self, children: Sequence[Any], *, decisive: bool) -> Closure:
        sides = [self.expression(child) for child in children]
        return lambda run: _settled(run, (partial(side, run) for side in sides), decisive=decisive)

    def _binary(self, children: Sequence[Any]) -> Closure:
        head, last = children
        operator = _OPERATORS[head.data]
        left, right = self.expression(head.children[0]), self.expression(last)

        def run_it(run: Run) -> Any:
            run.spend()
            return operator(run, left(run), right(run))

        return run_it

    _relation = _addition = _multiplication = _binary

    def _unary(self, children: Sequence[Any]) -> Closure:
        operand = self.expression(children[1])
        if children[0].data == "unary_neg":
            return lambda run: values.negate(operand(run))
        return lambda run: not _truth(operand(run), "!")

    def _member_dot(self, children: Sequence[Any]) -> Closure:
        owner, name = self.expression(children[0]), str(children[1])

        def run_it(run: Run) -> Any:
            run.spend()
            return values.field(owner(run), name)

        return run_it

    def _member_index(self, children: Sequence[Any]) -> Closure:
        owner, key = map(self.expression, children)

        def run_it(run: Run) -> Any:
            run.spend()
            return values.item(owner(run), key(run))

        return run_it

    def _member_object(self, _: Sequence[Any]) -> Closure:
        raise ValueError("messages are not offered")

    def _member_dot_arg(self, children: Sequence[Any]) -> Closure:
        name, arguments = str(children[1]), _arguments(children[2:])
        if name in _MACROS:
            return self._macro(name, children[0], arguments)
        return self._call(name, [children[0], *arguments])

    def _ident_arg(self, children: Sequence[Any]) -> Closure:
        name, arguments = str(children[0]), _arguments(children[1:])
        if name == "has":
            return self._has(arguments)
        return self._call(name, arguments)

    def _call(self, name: str, arguments: Sequence[Any]) -> Closure:
        if name in _CONVERSIONS and len(arguments) == 1:
            return _applied(_CONVERSIONS[name], self.expression(arguments[0]))
        if name == "matches" and len(arguments) == 2:
            return self._matches(arguments)
        if name in _TEXT_METHODS and len(arguments) == 2:
            text, part = map(self.expression, arguments)
            return _text_method(name, text, part)
        raise ValueError(f"there is no {name}() with {len(arguments)} arguments")

    def _matches(self, arguments: Sequence[Any]) -> Closure:
        text = self.expression(arguments[0])
        literal = _literal_of(arguments[1])
        pattern = Pattern(literal) if isinstance(literal, str) else None
        if pattern is None:
            raise ValueError("matches() takes its pattern as a text in quotes")

        def run_it(run: Run) -> Any:
            found = text(run)
            if not isinstance(found, str):
                raise no_overload("matches", found)
            run.spend(1 + len(found) // _OCTETS_A_STEP)
            return pattern.search(found)

        return run_it

    def _has(self, arguments: Sequence[Any]) -> Closure:
        field = _inmost(arguments[0]) if len(arguments) == 1 else None
        if field is None or field.data != "member_dot":
            raise ValueError("has() takes a field, as in has(body.status)")
        owner, name = self.expression(field.children[0]), str(field.children[1])

        def run_it(run: Run) -> Any:
            run.spend()
            found = owner(run)
            if not isinstance(found, dict):
                raise no_overload("has", found)
            return name in found

        return run_it

    def _macro(self, name: str, owner: Any, arguments: Sequence[Any]) -> Closure:
        if len(arguments) != 2 and not (name == "map" and len(arguments) == 3):
            raise ValueError(f"{name}() takes a name and an expression")
        variable = _inmost(arguments[0])
        if variable.data != "ident":
            raise ValueError(f"{name}() takes a name first, as in body.items.{name}(x, x.up)")
        bound = str(variable.children[0])
        inner = _Scope(self._names | {bound})
        steps = [inner.expression(argument) for argument in arguments[1:]]
        return _comprehension(name, self.expression(owner), bound, steps)

    def _ident(self, children: Sequence[Any]) -> Closure:
        name = str(children[0])
        if name in self._names:
            return lambda run: run.variables[name]
        if name in values.TYPES:
            return lambda _: values.TYPES[name]
        raise ValueError(f"there is no {name}: the document is called body")

    def _dot_ident(self, children: Sequence[Any]) -> Closure:
        return self._ident(children)

    def _dot_ident_arg(self, children: Sequence[Any]) -> Closure:
        return self._ident_arg(children)

    def _list_lit(self, children: Sequence[Any]) -> Closure:
        entries = [self.expression(one) for one in _arguments(children)]

        def run_it(run: Run) -> Any:
            run.spend(len(entries))
            return [entry(run) for entry in entries]

        return run_it

    def _map_lit(self, children: Sequence[Any]) -> Closure:
        nodes = _arguments(children)
        if not all(map(_may_be_text, nodes[::2])):
            raise ValueError(_KEYS_ARE_TEXTS)
        parts = [self.expression(one) for one in nodes]
        pairs = list(zip(parts[::2], parts[1::2], strict=True))

        def run_it(run: Run) -> Any:
            run.spend(len(pairs))
            return {_key(key(run)): value(run) for key, value in pairs}

        return run_it

    def _literal(self, children: Sequence[Any]) -> Closure:
        value = _literal_value(children[0])
        return lambda _: value


_WRAPPERS = {
    *("expr", "conditionalor", "conditionaland", "relation", "addition", "multiplication"),
    *("unary", "member", "primary", "paren_expr"),
}


def _inmost(tree: Any) -> Any:
    while len(tree.children) == 1 and tree.data in _WRAPPERS:
        tree = tree.children[0]
    return tree


def _may_be_text(tree: Any) -> bool:
    """Say whether a node may come to a text, as far as it can be told before it runs."""
    found = _inmost(tree)
    if found.data == "literal":
        return isinstance(_literal_value(found.children[0]), str)
    return found.data not in {"list_lit", "map_lit"}


def _key(value: Any) -> str:
    if not isinstance(value, str):
        raise CelError(_KEYS_ARE_TEXTS)
    return value


def _arguments(children: Sequence[Any]) -> list[Any]:
    """Return the nodes of an optional list of arguments."""
    return list(children[0].children) if children else []


def _truth(value: Any, operator: str) -> bool:
    if not isinstance(value, bool):
        raise no_overload(operator, value)
    return value


def _settled(run: Run, sides: Iterator[Callable[[], Any]], *, decisive: bool) -> bool:
    """Return whether a side came to `decisive`, which settles it even beside errors."""
    trouble: CelError | None = None
    for side in sides:
        run.spend()
        try:
            if _truth(side(), "||" if decisive else "&&") is decisive:
                return decisive
        except CelError as error:
            trouble = trouble or error
    if trouble is not None:
        raise trouble
    return not decisive


def _applied(function: Callable[[Any], Any], operand: Closure) -> Closure:
    def run_it(run: Run) -> Any:
        run.spend()
        return function(operand(run))

    return run_it


def _text_method(name: str, text: Closure, part: Closure) -> Closure:
    method = _TEXT_METHODS[name]

    def run_it(run: Run) -> Any:
        whole, wanted = text(run), part(run)
        if not (isinstance(whole, str) and isinstance(wanted, str)):
            raise no_overload(name, whole, wanted)
        run.spend(1 + len(whole) // _OCTETS_A_STEP)
        return method(whole, wanted)

    return run_it


def _comprehension(name: str, owner: Closure, bound: str, steps: Sequence[Closure]) -> Closure:
    def run_it(run: Run) -> Any:
        container = owner(run)
        if not isinstance(container, list | dict):
            raise no_overload(name, container)
        shadowed = run.variables.get(bound)
        try:
            return _MADE[name](run, _bound(run, container, bound), steps)
        finally:
            run.variables[bound] = shadowed

    return run_it


def _bound(run: Run, container: Any, name: str) -> Iterator[Any]:
    for one in container:
        run.spend()
        run.variables[name] = one
        yield one


def _all(run: Run, entries: Iterator[Any], steps: Sequence[Closure]) -> bool:
    return _settled(run, (partial(steps[0], run) for _ in entries), decisive=False)


def _exists(run: Run, entries: Iterator[Any], steps: Sequence[Closure]) -> bool:
    return _settled(run, (partial(steps[0], run) for _ in entries), decisive=True)


def _exists_one(run: Run, entries: Iterator[Any], steps: Sequence[Closure]) -> bool:
    return sum(_truth(steps[0](run), "exists_one") for _ in entries) == 1


def _filter(run: Run, entries: Iterator[Any], steps: Sequence[Closure]) -> list[Any]:
    return [one for one in entries if _truth(steps[0](run), "filter")]


def _map(run: Run, entries: Iterator[Any], steps: Sequence[Closure]) -> list[Any]:
    *conditions, made = steps
    return [made(run) for _ in entries if all(_truth(each(run), "map") for each in conditions)]


_MADE: dict[str, Callable[[Run, Iterator[Any], Sequence[Closure]], Any]] = {
    "all": _all,
    "exists": _exists,
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
}


def _literal_of(tree: Any) -> Any:
    found = _inmost(tree)
    return _literal_value(found.children[0]) if found.data == "literal" else None


def _literal_value(token: Any) -> Any:
    text = str(token)
    match token.type:
        case "BOOL_LIT":
            return text == "true"
        case "NULL_LIT":
            return None
        case "FLOAT_LIT":
            return float(text)
        case "INT_LIT" | "UINT_LIT":
            digits = text.rstrip("uU")
            return values.checked(int(digits, 16 if "x" in digits else 10))
        case "STRING_LIT" | "MLSTRING_LIT":
            return _unquoted(text)
    raise ValueError("bytes are not offered")


def _unquoted(text: str) -> str:
    raw = text[0] in "rR"
    text = text[1:] if raw else text
    quotes = 3 if text.startswith(('"""', "'''")) and len(text) >= 6 else 1
    inner = text[quotes:-quotes]
    return inner if raw else _ESCAPE.sub(_unescaped, inner)


def _unescaped(match: re.Match[str]) -> str:
    simple, octal, octet, short, long, strange = match.groups()
    if strange is not None:
        raise ValueError(f"there is no escape \\{strange}")
    if simple is not None:
        return _SIMPLE.get(simple, simple)
    code = int(octal, 8) if octal else int(octet or short or long, 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise ValueError("an escape stands for no character")
    return chr(code)
