"""Templates such as `${1}` and `$name`, filled in as Go's Regexp.Expand fills them in."""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.fields.patterns import Groups

_HIGHEST_NUMBER = 100_000_000


@dataclass(frozen=True, slots=True)
class _Hole:
    """A place that is filled in with what the group of this name holds."""

    name: int | str


def expand(template: str, groups: Groups) -> bytes:
    """Return `template` with what the groups of a match hold in the places of their names.

    A name is as long as it can be: `$1x` asks for a group `1x`. One that matched nothing, or that
    is not there, leaves nothing behind. `$$` is a dollar, as is one that no name follows.
    """
    return b"".join(
        groups.get(part.name, b"") if isinstance(part, _Hole) else part for part in _parts(template)
    )


def names_in(template: str) -> tuple[int | str, ...]:
    """Return the groups that a template asks for, in the order in which it does."""
    return tuple(part.name for part in _parts(template) if isinstance(part, _Hole))


def _parts(template: str) -> Iterator[bytes | _Hole]:
    rest = template
    while rest:
        plain, dollar, rest = rest.partition("$")
        yield plain.encode(errors="replace")
        if not dollar:
            return
        if rest.startswith("$"):
            yield b"$"
            rest = rest[1:]
            continue
        name, after = _name(rest)
        if name is None:
            yield b"$"
        else:
            yield _Hole(_key(name))
            rest = after


def _name(text: str) -> tuple[str | None, str]:
    """Return the name that `text` begins with, in braces or not, and what follows it."""
    braced = text.startswith("{")
    begin = end = 1 if braced else 0
    while end < len(text) and (text[end] == "_" or text[end].isalpha() or text[end].isdecimal()):
        end += 1
    if end == begin or (braced and not text.startswith("}", end)):
        return None, text
    return text[begin:end], text[end + 1 if braced else end :]


def _key(name: str) -> int | str:
    """Return a number where the name is one; one with a leading zero, or too high, is none."""
    is_number = name.isascii() and name.isdecimal() and (name == "0" or name[0] != "0")
    return int(name) if is_number and int(name[:10]) < _HIGHEST_NUMBER else name
