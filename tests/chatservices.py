"""Slack, Teams, PagerDuty, ntfy and Gotify as their documents have them: what they take and refuse.

Each is a function of a request, so that unit tests ask it without a socket:

    assert slack(request_of("slack", body)).status == 200

and over one, `asks(collector, slack)` makes a collector answer as the service does.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitor.fields import Context
from monitor.notifiers import receiver_types
from monitor.receivertype import ReceiverContext
from tests.collector import Behaviour, Collector, Received, answers
from tests.fakes import LINK_KEY

ROUTING_KEY = "R0UT1NGKEY0123456789abcdefABCDEF"[:32]
SLACK_PATH, TEAMS_PATH = "/services/T0001/B0001/geheimgeheim", "/workflows/w1?sig=geheimsignatur"
TOKENS = {"ntfy": "tk_geheimgeheim", "gotify": "Ageheimgeheim"}
SECRETS = ("geheimgeheim", "geheimsignatur", ROUTING_KEY)
SECRET_KEYS = {"slack": "url", "teams": "url", "pagerduty": "routing_key"}
KINDS = ("slack", "teams", "pagerduty", "ntfy", "gotify")

_LINK = re.compile(r"<https?://[^<>|\s]+\|[^<>|]+>")
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")
_URL = re.compile(r"https?://[^\s<>\"]+\Z")


@dataclass(frozen=True, slots=True)
class Answered:
    """What a service answers."""

    status: int
    body: bytes = b""


Service = Callable[[Received], Answered]


class Refused(Exception):
    """What a service does not like, as it says it."""


def receiver(kind: str, folder: Any, base: str = "https://service.example", **keys: Any) -> Any:
    """Return a notifier as alerts.yaml describes it, with secrets in files of `folder`."""
    language, network = keys.pop("language", "id"), keys.pop("network", None)
    secret = {
        "slack": f"{base}{SLACK_PATH}",
        "teams": f"{base}{TEAMS_PATH}",
        "pagerduty": ROUTING_KEY,
        **TOKENS,
    }[kind]
    path = folder / f"{kind}.secret"
    path.touch(mode=0o600)
    path.write_text(secret + "\n")
    own: dict[str, Any] = {SECRET_KEYS.get(kind, "token"): {"file": path.name}}
    if kind in TOKENS:
        own["url"] = base
    if kind == "ntfy":
        own["topic"] = "pantau"
    if kind == "pagerduty":
        own["api"] = base
    made = receiver_types()[kind]
    spec = made.spec.model_validate({**own, **keys}, context=Context(folder=folder))
    context = ReceiverContext(
        network=network,
        external_url="https://pantau.makassarkota.go.id",
        link_key=LINK_KEY,
        language=language,
        zone="Asia/Makassar",
        name=kind,
    )
    return made.connect(spec, context)


def asks(collector: Collector, service: Service) -> None:
    """Let `collector` answer every request as `service` does."""
    latest: list[Received] = []
    collector.arrived = latest.append

    def act(peer: Any, stop: Any) -> None:
        answered = service(latest[-1])
        answers(answered.status, {}, answered.body).act(peer, stop)

    collector.otherwise = Behaviour(act)


def request_of(body: bytes, path: str = "/", **fields: str) -> Received:
    """Return a POST of JSON."""
    headers = {"content-type": "application/json"}
    headers |= {name.replace("_", "-"): value for name, value in fields.items()}
    return Received(at=0.0, method="POST", path=path, headers=headers, body=body)


def slack(request: Received) -> Answered:
    """Answer as an incoming webhook does."""
    if not request.path.startswith("/services/"):
        return Answered(404, b"no_service")
    if request.path != SLACK_PATH:
        return Answered(403, b"invalid_token")
    try:
        message = _document(request)
        _mrkdwn(message.get("text"), 40_000)
        _check(1 <= len(message["blocks"]) <= 50)
        for block in message["blocks"]:
            _slack_block(block)
    except Refused:
        return Answered(400, b"invalid_blocks")
    return Answered(200, b"ok")


def _slack_block(block: Mapping[str, Any]) -> None:
    match block["type"]:
        case "header":
            _check(block["text"]["type"] == "plain_text")
            _text(block["text"]["text"], 150)
        case "section":
            _mrkdwn(block["text"]["text"], 3000)
            _check(block["text"] | {"text": ""} == {"type": "mrkdwn", "text": "", "verbatim": True})
        case "context":
            _check(1 <= len(block["elements"]) <= 10)
            for element in block["elements"]:
                _mrkdwn(element["text"], 3000)
        case _:
            raise Refused(block["type"])


def _mrkdwn(text: object, limit: int) -> None:
    """Refuse what is no text with at most links in it."""
    shown = _LINK.sub("", _text(text, limit))
    _check("<" not in shown and ">" not in shown and not _ENTITY.search(shown))


def teams(request: Received) -> Answered:
    """Answer as a workflow does whose trigger is a webhook request."""
    if request.path != TEAMS_PATH:
        return Answered(
            401, b'{"error":{"code":"DirectApiAuthorizationRequired","message":"No sig."}}'
        )
    if len(request.body) > 28_000:
        return Answered(413, b'{"error":{"code":"RequestEntityTooLarge","message":"Too large."}}')
    try:
        message = _document(request)
        [attachment] = message["attachments"]
        _check(message["type"] == "message")
        _check(attachment["contentType"] == "application/vnd.microsoft.card.adaptive")
        _card(attachment["content"])
    except (Refused, KeyError, ValueError):
        return Answered(
            400, b'{"error":{"code":"TriggerInputSchemaMismatch","message":"Bad card."}}'
        )
    return Answered(202)


def _card(card: Mapping[str, Any]) -> None:
    _check(card["type"] == "AdaptiveCard" and card["version"] == "1.4" and bool(card["body"]))
    _check("entities" not in card.get("msteams", {}))
    for element in card["body"]:
        # A TextBlock would read Markdown.
        _check(element["type"] == "RichTextBlock")
        for run in element["inlines"]:
            _check(run["type"] == "TextRun")
            _check({run.get("size", "large"), run.get("weight", "bolder")} == {"large", "bolder"})
            _check(run.get("color", "good") in {"attention", "good", "warning", "accent"})
            _text(run["text"], 4096)
    for action in card.get("actions", ()):
        _check(action["type"] == "Action.OpenUrl" and bool(_URL.match(action["url"])))
        _text(action["title"], 75)


@dataclass(slots=True)
class PagerDuty:
    """The Events API, with the alerts that it knows: open ones by key, and how often each opened.

    `limit` is how many events it takes before it answers 429 once.
    """

    open: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    changes: list[Mapping[str, Any]] = field(default_factory=list)
    events: int = 0
    limit: int | None = None
    refuses: str = ""

    def __call__(self, request: Received) -> Answered:
        if self.limit is not None and self.events >= self.limit:
            self.limit = None
            return Answered(429, b'{"message":"Too Many Requests"}')
        try:
            event = _document(request)
            _check(event.pop("routing_key", None) == ROUTING_KEY, "Invalid routing key")
            _check(len(request.body) <= 512 * 1024, "too large")
            _check(not self.refuses or event.get("dedup_key") != self.refuses, "refused")
            if request.path == "/v2/enqueue":
                self._alert(event)
            elif request.path == "/v2/change/enqueue":
                _payload(event["payload"], ())
                self.changes.append(event)
            else:
                return Answered(404)
        except (Refused, KeyError) as error:
            said = {"status": "invalid event", "message": "Event object is invalid"}
            return Answered(400, json.dumps({**said, "errors": [str(error)]}).encode())
        self.events += 1
        return Answered(202, b'{"status":"success","message":"Event processed"}')

    def _alert(self, event: Mapping[str, Any]) -> None:
        key = event["dedup_key"]
        _text(key, 255)
        match event["event_action"]:
            case "trigger":
                severities = ("critical", "error", "warning", "info")
                _payload(event["payload"], severities)
                _check(all(_URL.match(each["href"]) for each in event.get("links", ())))
                if key not in self.open:
                    self.opened.append(key)
                self.open[key] = event
            case "acknowledge":
                if key in self.open:
                    self.acknowledged.add(key)
            case "resolve":
                self.open.pop(key, None)
            case other:
                raise Refused(other)


def _payload(payload: Mapping[str, Any], severities: tuple[str, ...]) -> None:
    _text(payload["summary"], 1024)
    _text(payload["source"], 1024)
    datetime.fromisoformat(payload["timestamp"])
    if severities:
        _check(payload["severity"] in severities, "'payload.severity' is invalid")


def ntfy(request: Received) -> Answered:
    """Answer as an ntfy server does that wants a token or a password."""
    basic = "Basic " + b64encode(b"kota:geheimgeheim").decode()
    if request.headers.get("authorization") not in {f"Bearer {TOKENS['ntfy']}", basic}:
        return Answered(403, b'{"code":40301,"http":403,"error":"forbidden"}')
    try:
        message = _document(request)
        _check(request.path == "/")
        _check(bool(re.match(r"[-_A-Za-z0-9]{1,64}\Z", message["topic"])))
        # Longer ones come as a file, which nobody opens at night.
        _check(0 < len(message["message"].encode()) <= 4096)
        _text(message["title"], 250)
        _check(message["priority"] in range(1, 6))
        _check(all(re.match(r"[a-z_]+\Z", tag) for tag in message["tags"]))
        _check(bool(_URL.match(message.get("click", "https://x.example"))))
        _check(len(message.get("actions", ())) <= 3)
        for action in message.get("actions", ()):
            _check(action["action"] == "view" and bool(action["label"]))
            _check(bool(_URL.match(action["url"])))
    except Refused:
        return Answered(400, b'{"code":40017,"http":400,"error":"invalid request"}')
    return Answered(200, b'{"id":"x","event":"message"}')


def gotify(request: Received) -> Answered:
    """Answer as a Gotify server does."""
    if request.path != "/message":
        return Answered(
            404, b'{"error":"Not Found","errorCode":404,"errorDescription":"page not found"}'
        )
    if request.headers.get("x-gotify-key") != TOKENS["gotify"]:
        said = b"you need to provide a valid access token or user credentials"
        return Answered(
            401, b'{"error":"Unauthorized","errorCode":401,"errorDescription":"%s"}' % said
        )
    try:
        message = _document(request)
        _text(message["message"], 10_000)
        _text(message["title"], 1000)
        _check(message["priority"] in range(11))
        extras = message["extras"]
        _check(extras["client::display"] == {"contentType": "text/plain"})
        click = extras.get("client::notification", {"click": {"url": "https://x.example"}})
        _check(bool(_URL.match(click["click"]["url"])))
    except Refused:
        return Answered(400, b'{"error":"Bad Request","errorCode":400,"errorDescription":"bad"}')
    return Answered(200, b'{"id":1}')


def _document(request: Received) -> dict[str, Any]:
    _check(request.method == "POST" and request.headers["content-type"] == "application/json")
    try:
        found = json.loads(request.body.decode())
    except ValueError:
        raise Refused("no JSON") from None
    _check(isinstance(found, dict))
    return found


def _text(value: object, limit: int) -> str:
    """Return a text that is not empty, and not over `limit` UTF-16 units."""
    if not isinstance(value, str) or not value:
        raise Refused("a text is missing")
    _check(len(value.encode("utf-16-le")) // 2 <= limit, "a text is too long")
    return value


def _check(holds: bool, why: str = "invalid") -> None:
    if not holds:
        raise Refused(why)
