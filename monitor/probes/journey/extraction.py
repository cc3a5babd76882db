"""Taking a value out of an answer."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from monitor.domain.bodies import json_document, json_text, searchable
from monitor.domain.text import visible_text
from monitor.fields import Pattern
from monitor.fields.jsonpath import JsonPath
from monitor.probes.journey.html import elements
from monitor.probes.journey.keys import Extract

if TYPE_CHECKING:
    from monitor.net.fetch import Reply
    from monitor.net.redirects import Cookies
    from monitor.net.response import Response
    from monitor.net.urls import Target

_LARGEST_VALUE = 4096  # bytes
_LARGEST_WALKED = 262_144  # bytes of a document that a path may walk through as a whole
_CONTROL = re.compile("[\x00-\x1f\x7f]")


def extracted(
    wanted: Mapping[str, Extract], reply: "Reply", cookies: "Cookies"
) -> tuple[dict[str, str], str]:
    """Return the wanted values by name, and what is wrong with the first that is not there."""
    found, fault = {}, ""
    for name, extract in wanted.items():
        try:
            found[name] = _checked(_value(extract, reply, cookies))
        except ValueError as error:
            fault = fault or f"${{{name}}}: {error}"
    return found, fault


def _checked(value: str) -> str:
    if not value:
        raise ValueError("it is empty")
    size = len(value.encode(errors="replace"))
    if size > _LARGEST_VALUE:
        raise ValueError(f"it has {size} bytes, at most {_LARGEST_VALUE} are taken")
    if _CONTROL.search(value):
        raise ValueError("it holds a line break or a control character")
    return value


def _value(extract: Extract, reply: "Reply", cookies: "Cookies") -> str:
    response = reply.response
    if extract.header is not None:
        return _of_header(extract.header, response)
    if extract.cookie is not None:
        return _of_cookie(extract.cookie, reply.target, cookies)
    body = searchable(response.body, response.headers)
    if extract.json_ is not None:
        return _of_json(extract.json_, response.body)
    if extract.regex is not None:
        return _of_pattern(extract.regex, body)
    return _of_page(extract, body, reply.target)


def _of_header(name: str, response: "Response") -> str:
    values = response.values(name.lower().encode())
    if not values:
        raise ValueError(f"there is no header {name}")
    return values[0].decode(errors="replace")


def _of_cookie(name: str, target: "Target", cookies: "Cookies") -> str:
    sent = (cookies.field(target) or "").split("; ")
    for one in sent:
        key, equals, value = one.partition("=")
        if equals and key == name:
            return unquote(value)
    raise ValueError(f"{target.shown()} has no cookie {name}")


def _of_json(path: JsonPath, body: bytes) -> str:
    if path.walks and len(body) > _LARGEST_WALKED:
        raise ValueError(f"a document of {len(body)} bytes is too large for {path.text}")
    found = next(path.select(json_document(body)), None)
    match found:
        case None:
            raise ValueError(f"nothing at {path.text}")
        case str():
            return found
        case bool() | int() | float():
            return json.dumps(found)
        case _:
            raise ValueError(f"{path.text} is no text and no number: {json_text(found)}")


def _of_pattern(pattern: Pattern, body: bytes) -> str:
    groups = pattern.groups(body)
    if groups is None:
        raise ValueError(f"{_shown(body)} does not match {pattern.text!r}")
    return groups.get(1, groups[0]).decode(errors="replace")


def _of_page(extract: Extract, body: bytes, target: "Target") -> str:
    page = body.decode(errors="replace")
    if extract.action is not None:
        return _action(extract.action, page, body, target)
    name, element, attribute = (
        (extract.input, "input", "value")
        if extract.input is not None
        else (extract.meta, "meta", "content")
    )
    for value in _attributes(page, element, ("name",), name or "", attribute):
        return value
    raise ValueError(f"no <{element}> named {name!r} in {_shown(body)}")


def _action(name: str, page: str, body: bytes, target: "Target") -> str:
    from monitor.net.urls import parse_target

    for action in _attributes(page, "form", ("id", "name"), name, "action"):
        return str(parse_target(action, target)) if action else str(target)
    raise ValueError(f"no <form> with the id or name {name!r} in {_shown(body)}")


def _attributes(
    page: str, element: str, keys: tuple[str, ...], name: str, attribute: str
) -> Iterator[str]:
    """Yield an attribute of each element of a name, "" where it has none."""
    for found, attributes in elements(page):
        if found == element and name in {attributes.get(key) for key in keys}:
            yield attributes.get(attribute, "")


def _shown(body: bytes) -> str:
    return f"a body of {len(body)} bytes that begins {visible_text(body, 120)!r}"
