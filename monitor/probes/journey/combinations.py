"""Which keys of a journey do not go together, and which values no step before gives."""

from collections.abc import Iterator, Mapping

from monitor.fields import shown
from monitor.fields.addresses import parse_url
from monitor.fields.headers import repeated
from monitor.probes.journey.keys import Step
from monitor.probes.journey.template import (
    OF_SECRETS,
    Anything,
    filled,
    json_texts,
    references,
    sole_reference,
)

MOST_VALUES = 20
_CREDENTIALS = {"authorization", "proxy-authorization", "cookie"}


def step_faults(step: Step) -> Iterator[str]:
    """Yield what is wrong with a step by itself."""
    if (step.url is None) == (step.path is None):
        yield "give one of url and path"
    if step.url is not None:
        yield from _url_faults(step.url)
    if step.path is not None:
        yield from _path_faults(step.path)
    yield from _header_faults(step.headers)
    yield from _body_faults(step)


def _header_faults(headers: Mapping[str, str]) -> Iterator[str]:
    for name in repeated(headers):
        yield f"headers.{name}: it is given twice: capital letters make no difference"
    for name, value in headers.items():
        if not value.isprintable():
            yield f"headers.{name}: the value of a header has no control characters"
        if name.lower() in _CREDENTIALS and not any(references(value)):
            yield f"headers.{name}: it is a secret: put it under secrets, and ${{secret.NAME}} here"


def _body_faults(step: Step) -> Iterator[str]:
    if sum([step.form is not None, step.has_json, step.body is not None]) > 1:
        yield "give one of form, json and body"
    looks = step.expect.needs_a_body or any(one.reads_the_body for one in step.extract.values())
    if step.verb == "HEAD" and looks:
        yield "method: an answer to HEAD has no body to look into"
    try:
        for text in json_texts(step.json_):
            references(text)
    except ValueError as error:
        yield f"json: {error}"


def _url_faults(url: str) -> Iterator[str]:
    if "$" in url.partition("://")[2].partition("/")[0].partition("?")[0]:
        yield "url: a host is written out: `${…}` stands behind it only"
        return
    try:
        parse_url(filled(url, Anything()))
    except ValueError as error:
        yield f"url: {error}"


def _path_faults(path: str) -> Iterator[str]:
    if not path.startswith("/") and not sole_reference(path):
        yield f"path: {shown(path)} is no path: it begins with /, or is one ${{…}} and nothing else"


def journey_faults(
    steps: tuple[Step, ...], secrets: frozenset[str], *, has_base: bool
) -> Iterator[str]:
    """Yield what is wrong with the steps together."""
    if not steps:
        yield "steps: write one at least"
    known: set[str] = set()
    names: set[str] = set()
    for number, step in enumerate(steps, 1):
        place = f"steps: step {number} ({step.name})"
        if step.name in names:
            yield f"{place}: a step before has this name"
        if step.path is not None and not has_base:
            yield f"{place}: path: give base_url, too"
        for name in step_references(step):
            if name.startswith(OF_SECRETS):
                secret = name.removeprefix(OF_SECRETS)
                if secret not in secrets:
                    yield f"{place}: ${{{name}}}: there is no {secret} under secrets"
            elif name not in known:
                yield f"{place}: ${{{name}}}: no step before extracts it"
        names.add(step.name)
        known |= step.extract.keys()
    if len(known) > MOST_VALUES:
        yield f"steps: {len(known)} values are extracted: at most {MOST_VALUES}"


def step_references(step: Step) -> Iterator[str]:
    """Yield the names of the values and secrets that a step needs."""
    texts = (step.url or "", step.path or "", step.body or "")
    form = (step.form or {}).values()
    for text in (*texts, *step.headers.values(), *form, *json_texts(step.json_)):
        yield from references(text)
