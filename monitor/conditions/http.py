"""What must be true of an HTTP answer, and the first thing that is not.

The order is blackbox_exporter's, with what it lacks put in: the status, headers, the body as it
came over the wire, what stands in it, CEL, JSON, the duration, the age, then the version of HTTP
and whether TLS was used. How long the certificate is still good for comes last, and only degrades.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING, Any

from monitor.conditions.cel import Cel
from monitor.domain.bodies import json_document, json_text, same_json, searchable
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.text import visible_text
from monitor.fields.durations import format_duration
from monitor.fields.jsonpath import JsonPath
from monitor.fields.patterns import Pattern
from monitor.fields.statuses import StatusRange, format_statuses

if TYPE_CHECKING:
    from monitor.net.response import Headers

_LARGEST_WALKED = 262_144  # bytes of a document that a path may walk through as a whole
_MOST_SELECTED = 1000


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """With `matches` one value of a header must match, without it none may.

    Where the header is missing the rule is broken, unless `allow_missing`.
    """

    name: str
    pattern: Pattern
    matches: bool
    allow_missing: bool = False


@dataclass(frozen=True, slots=True)
class BodyRule:
    """With `matches` the body must match a pattern, or hold a text; without it it must not."""

    pattern: Pattern | str
    matches: bool


@dataclass(frozen=True, slots=True)
class JsonRule:
    """Every value that a path leads to must equal `expected`, and there must be one."""

    path: JsonPath
    expected: Any


@dataclass(frozen=True, kw_only=True)
class HttpConditions:
    """The conditions; whatever is left at its default asks for nothing.

    `versions` are 1.0, 1.1, 2 and 3. `cel_matches` must come to true, `cel_not_matches` must not.
    `max_age_seconds` goes by Last-Modified, which then must be there. `tls` says whether the last
    response must (True) or must not (False) have come over TLS.
    """

    statuses: tuple[StatusRange, ...] = ((200, 299),)
    versions: tuple[str, ...] = ()
    headers: tuple[HeaderRule, ...] = ()
    body: tuple[BodyRule, ...] = ()
    json: tuple[JsonRule, ...] = ()
    cel_matches: Cel | None = None
    cel_not_matches: Cel | None = None
    max_duration_seconds: float | None = None
    max_age_seconds: float | None = None
    min_days: float | None = None
    tls: bool | None = None

    @cached_property
    def judges(self) -> "tuple[tuple[Condition, _Judge], ...]":
        """Those who have something to judge, in their order."""
        asked = {
            Condition.STATUS: True,
            Condition.HEADERS: self.headers,
            Condition.WHOLE_BODY: True,
            Condition.BODY: self.body,
            Condition.CEL: self.has_cel,
            Condition.JSON: self.json,
            Condition.DURATION: self.max_duration_seconds is not None,
            Condition.AGE: self.max_age_seconds is not None,
            Condition.VERSION: self.versions,
            Condition.TLS: self.tls is not None,
            Condition.CERTIFICATE: self.min_days is not None,
        }
        return tuple((condition, _JUDGES[condition]) for condition in Condition if asked[condition])

    @property
    def read_the_body(self) -> bool:
        """Whether something is asked of the body, so that it must be kept."""
        return bool(self.body or self.json or self.has_cel)

    @property
    def has_cel(self) -> bool:
        """Whether there is a CEL expression."""
        return self.cel_matches is not None or self.cel_not_matches is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What conditions look at. `failure` says what was wrong with the body on the wire.

    `version` is that of HTTP, `tls` whether the last response came over TLS. `seconds` is how
    long everything took. `days_left` is None without a certificate, `age_seconds` without a
    Last-Modified that can be read.
    """

    status: int
    headers: "Headers"
    body: bytes
    failure: Failure | None
    seconds: float
    days_left: float | None
    age_seconds: float | None = None
    version: str = "1.1"
    tls: bool = False


class Condition(Enum):
    """The kinds of conditions, in the order in which they are tried."""

    STATUS = auto()
    HEADERS = auto()
    WHOLE_BODY = auto()
    BODY = auto()
    CEL = auto()
    JSON = auto()
    DURATION = auto()
    AGE = auto()
    VERSION = auto()
    TLS = auto()
    CERTIFICATE = auto()


@dataclass(frozen=True, slots=True)
class Broken:
    """The first condition that does not hold, and the failure that it makes."""

    condition: Condition
    failure: Failure


def judge(conditions: HttpConditions, answer: Answer) -> Failure | None:
    """Return the first condition that does not hold, or None. EXPIRES_SOON only degrades."""
    broken = first_broken(conditions, answer)
    return None if broken is None else broken.failure


def first_broken(conditions: HttpConditions, answer: Answer) -> Broken | None:
    """Return the first condition that does not hold, with its kind, or None."""
    for condition, judged in conditions.judges:
        failure = judged(conditions, answer)
        if failure is not None:
            return Broken(condition, failure)
    return None


def _status(conditions: HttpConditions, answer: Answer) -> Failure | None:
    if any(first <= answer.status <= last for first, last in conditions.statuses):
        return None
    detail = f"status: {answer.status}, expected {format_statuses(conditions.statuses)}"
    return Failure(FailureKind.STATUS, detail)


def _headers(conditions: HttpConditions, answer: Answer) -> Failure | None:
    for rule in conditions.headers:
        wanted = rule.name.lower().encode()
        values = [value for key, value in answer.headers if key.lower() == wanted]
        if not _holds(rule, values):
            got = ", ".join(repr(visible_text(value, 200)) for value in values[:4]) or "missing"
            wish = "to match" if rule.matches else "not to match"
            detail = f"header {rule.name}: {got}, expected {wish} {rule.pattern.text!r}"
            return Failure(FailureKind.HEADER, detail)
    return None


def _holds(rule: HeaderRule, values: list[bytes]) -> bool:
    if not values:
        return rule.allow_missing
    return any(map(rule.pattern.search, values)) is rule.matches


def _whole_body(_: HttpConditions, answer: Answer) -> Failure | None:
    return answer.failure


def _body(conditions: HttpConditions, answer: Answer) -> Failure | None:
    broken = next(_broken_wishes(conditions, answer), None)
    if broken is None:
        return None
    size, start = len(answer.body), visible_text(answer.body, 120)
    detail = f"body of {size} bytes that begins {start!r}, expected {broken}"
    return Failure(FailureKind.BODY, detail)


def _broken_wishes(conditions: HttpConditions, answer: Answer) -> Iterator[str]:
    text = searchable(answer.body, answer.headers)
    for rule in conditions.body:
        if isinstance(rule.pattern, str):
            found, wish = rule.pattern.encode() in text, f"contain {rule.pattern!r}"
        else:
            found, wish = rule.pattern.search(text), f"match {rule.pattern.text!r}"
        if found is not rule.matches:
            yield f"to {wish}" if rule.matches else f"not to {wish}"


def _cel(conditions: HttpConditions, answer: Answer) -> Failure | None:
    rules = ((conditions.cel_not_matches, False), (conditions.cel_matches, True))
    for cel, wanted in rules:
        if cel is None:
            continue
        try:
            found = cel.evaluate(answer.body)
        except ValueError as error:
            said = visible_text(str(error), 300)
        else:
            if found is wanted:
                continue
            said = "true" if found else "false"
        wish = "true" if wanted else "false"
        detail = f"cel {visible_text(cel.text, 200)}: {said}, expected {wish}"
        return Failure(FailureKind.JSON, detail)
    return None


def _json(conditions: HttpConditions, answer: Answer) -> Failure | None:
    try:
        document = json_document(answer.body)
    except ValueError as error:
        return Failure(FailureKind.JSON, f"json: {visible_text(str(error), 300)}")
    for rule in conditions.json:
        fault = _json_fault(rule, document, len(answer.body))
        if fault is not None:
            detail = f"json {rule.path.text}: {fault}, expected {json_text(rule.expected)}"
            return Failure(FailureKind.JSON, detail)
    return None


def _json_fault(rule: JsonRule, document: Any, size: int) -> str | None:
    if rule.path.walks and size > _LARGEST_WALKED:
        return f"a document of {size} bytes is too large for a path with *, .., : or ?"
    found = False
    for count, value in enumerate(rule.path.select(document)):
        if count >= _MOST_SELECTED:
            return f"over {_MOST_SELECTED} values"
        if not same_json(value, rule.expected):
            return json_text(value)
        found = True
    return None if found else "nothing there"


def _duration(conditions: HttpConditions, answer: Answer) -> Failure | None:
    limit = conditions.max_duration_seconds
    if limit is None or answer.seconds <= limit:
        return None
    detail = f"took {answer.seconds:.3f} s, expected at most {limit:g} s"
    return Failure(FailureKind.SLOW, detail)


def _age(conditions: HttpConditions, answer: Answer) -> Failure | None:
    limit, age = conditions.max_age_seconds, answer.age_seconds
    if limit is None or (age is not None and age <= limit):
        return None
    got = "no date that can be read" if age is None else f"{_written(age)} ago"
    detail = f"last modified: {got}, expected at most {_written(limit)} ago"
    return Failure(FailureKind.HEADER, detail)


def _written(seconds: float) -> str:
    return format_duration(timedelta(seconds=int(seconds)))


def _version(conditions: HttpConditions, answer: Answer) -> Failure | None:
    if not conditions.versions or answer.version in conditions.versions:
        return None
    detail = f"HTTP version: {answer.version}, expected {' or '.join(conditions.versions)}"
    return Failure(FailureKind.PROTOCOL, detail)


def _tls(conditions: HttpConditions, answer: Answer) -> Failure | None:
    if conditions.tls is None or answer.tls is conditions.tls:
        return None
    if conditions.tls:
        detail = "the last response came without TLS, expected TLS"
        return Failure(FailureKind.TLS_PROTOCOL, detail)
    return Failure(FailureKind.PROTOCOL, "the last response came over TLS, expected none")


def _certificate(conditions: HttpConditions, answer: Answer) -> Failure | None:
    least, left = conditions.min_days, answer.days_left
    if least is None or left is None or left >= least:
        return None
    detail = f"certificate expires in {left:.1f} days, expected at least {least:g}"
    return Failure(FailureKind.EXPIRES_SOON, detail)


_Judge = Callable[[HttpConditions, Answer], Failure | None]
_JUDGES: dict[Condition, _Judge] = {
    Condition.STATUS: _status,
    Condition.HEADERS: _headers,
    Condition.WHOLE_BODY: _whole_body,
    Condition.BODY: _body,
    Condition.CEL: _cel,
    Condition.JSON: _json,
    Condition.DURATION: _duration,
    Condition.AGE: _age,
    Condition.VERSION: _version,
    Condition.TLS: _tls,
    Condition.CERTIFICATE: _certificate,
}
