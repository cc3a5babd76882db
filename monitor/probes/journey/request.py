"""The request that a step makes, with the values of steps before in it."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from monitor.probes.journey.carried import Carried
from monitor.probes.journey.keys import Step
from monitor.probes.journey.spec import JourneySpec
from monitor.probes.journey.template import filled, filled_json, sole_reference

if TYPE_CHECKING:
    from monitor.net.fetch import Request
    from monitor.net.resolver import Family
    from monitor.net.urls import Target

_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


def request_of(spec: JourneySpec, step: Step, carried: Carried, family: "Family") -> "Request":
    """Return the request of a step; raise ValueError, saying why, if a value makes it none."""
    from monitor.net.fetch import make_request
    from monitor.net.redirects import RedirectRules

    rules = RedirectRules(most=spec.max_redirects, allow_downgrade=spec.allow_downgrade)
    looks = any(one.reads_the_body for one in step.extract.values())
    return make_request(
        _target(spec, step, carried),
        method=step.verb,
        fields=tuple(_fields(step, carried)),
        body=_body(step, carried),
        tls=spec.tls,
        family=family,
        largest_body=spec.max_body,
        keep_body=looks or step.expect.conditions.read_the_body,
        http2=spec.http2,
        redirects=rules if step.follow_redirects else None,
        jar=carried.cookies,
    )


def _target(spec: JourneySpec, step: Step, carried: Carried) -> "Target":
    from monitor.net.urls import parse_target

    name = None if step.path is None else sole_reference(step.path)
    if name is None:
        return parse_target(filled(spec.url_of(step), carried.known, _escaped))
    target = parse_target(carried.known[name], parse_target(spec.url_of(step)))
    if target.origin not in spec.named:
        scheme, authority = target.origin.scheme, target.authority
        raise ValueError(f"it leads to {scheme}://{authority}, which the check does not name")
    return target


def _escaped(value: str) -> str:
    return quote(value, safe="")


def _fields(step: Step, carried: Carried) -> Iterator[tuple[str, str]]:
    given = {name.lower() for name in step.headers}
    if "content-type" not in given and step.form is not None:
        yield "Content-Type", _FORM
    if "content-type" not in given and step.has_json:
        yield "Content-Type", _JSON
    for name, value in step.headers.items():
        yield name, filled(value, carried.known)


def _body(step: Step, carried: Carried) -> bytes:
    if step.form is not None:
        fields = {name: filled(value, carried.known) for name, value in step.form.items()}
        return urlencode(fields).encode()
    if step.has_json:
        return json.dumps(filled_json(step.json_, carried.known), ensure_ascii=False).encode()
    return filled(step.body or "", carried.known).encode()
