"""Text of others stays text, in every receiver there is: no markup, no mention, no broken message.

A kind is found by its name. One whose service acts on more than is listed here for it is held to
the strictest rule: no character that any of them acts on gets through.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from functools import lru_cache
from html.parser import HTMLParser

import pytest

from monitor.domain.alert import Alert, AlertType, LostNotice, UndeliveredNotice
from monitor.domain.incident import Concern
from monitor.locales import Language
from tests.everyreceiver import KINDS, every_notifier
from tests.fakes import NOON, an_alert, an_own_alert
from tests.payloads import PAYLOADS
from tests.unit.alerting.samples import COMPANIONS

LANGUAGES = tuple(Language)
LONGEST_FIELD = 1024
LONGEST_BODY = 28_000  # the least that any of the services takes
PEOPLE = frozenset({AlertType.ACKNOWLEDGED, AlertType.MAINTENANCE_STARTED, AlertType.ESCALATED})
UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


class Tree(HTMLParser):
    """The elements of a page with their attributes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(f"<{tag} {sorted(attrs)}>")
        self.links += [to or "" for name, to in attrs if name in {"href", "src", "background"}]

    def handle_endtag(self, tag):
        self.elements.append(f"</{tag}>")

    def handle_comment(self, data):
        self.elements.append("<!-- -->")

    def handle_decl(self, decl):
        self.elements.append("<!>")

    def unknown_decl(self, data):
        self.elements.append("<![>")

    def handle_pi(self, data):
        self.elements.append("<?>")


def strings(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Return every text of a document, keys of its objects too, with its place."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield f"{path}.", key
            yield from strings(each, f"{path}.{key}")
    elif isinstance(value, list):
        for each in value:
            yield from strings(each, f"{path}[]")
    elif isinstance(value, str):
        yield path, value


def shape(value: object) -> object:
    """Return a document with the types of its values in their place."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return type(value).__name__


def nothing(body: bytes) -> list[str]:
    """Return what a service acts on that shows plain text, or hands data to a program."""
    return []


def everything(body: bytes) -> list[str]:
    """Return what any service would act on: of a kind that nobody has described here."""
    return re.findall(r"[<>*`~@]|\[[^\]]*\]\(", body.decode())


def telegram(body: bytes) -> list[str]:
    text = json.loads(body)["text"]
    plain = re.sub(r"<[^>]*>", "", text)
    return [*Tree(text).elements, *re.findall(r"(?<!\w)@\w", _unlinked(plain))]


def whatsapp(body: bytes) -> list[str]:
    text = _unlinked(body.decode())
    marks = re.findall(r"[*~`]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|@\w", text)
    return marks + re.findall(r"(?m)^(?:[>#-] |\d+\. )", text)


def slack(body: bytes) -> list[str]:
    message = json.loads(body)
    blocks = [block.get("text") for block in message["blocks"]]
    elements = [each for block in message["blocks"] for each in block.get("elements", ())]
    texts = [each["text"] for each in (*blocks, *elements) if each and each["type"] == "mrkdwn"]
    acts = r"<[^|>]*|(?<!\w)[@*_~`](?=\S)|&(?!amp;|lt;|gt;)"
    return [found for text in (message["text"], *texts) for found in re.findall(acts, text)]


def teams(body: bytes) -> list[str]:
    card = json.loads(body)["attachments"][0]["content"]
    return [
        text
        for path, text in strings(card)
        if path.endswith((".type", ".url")) or "entities" in path
    ]


def email(body: bytes) -> list[str]:
    mail = message_from_bytes(body)
    parts = list(mail.walk())
    defects = [str(each) for part in parts for each in part.defects]
    kinds = [part.get_content_type() for part in parts]
    return [*mail.keys(), *kinds, *defects, *Tree(page_of(mail)).elements]


def page_of(mail: Message) -> str:
    """Return the page in a mail."""
    [page] = [part for part in mail.walk() if part.get_content_type() == "text/html"]
    return page.get_payload(decode=True).decode()


def _unlinked(text: str) -> str:
    """Return `text` without links, inside which nothing calls anybody."""
    return re.sub(r"https?://\S+", "", text)


ACTS_ON: dict[str, Callable[[bytes], list[str]]] = {
    **dict.fromkeys(["webhook", "alertmanager", "pagerduty", "ntfy", "gotify"], nothing),
    "telegram": telegram,
    "whatsapp": whatsapp,
    "slack": slack,
    "teams": teams,
    "email": email,
}


def hostile(kind: AlertType, text: str, runbook: str | None = None) -> Alert:
    """Return an alert in which all that others wrote is `text`: names, answers, comments."""
    if kind is AlertType.SELF_UNDELIVERED:
        lost = LostNotice(type=AlertType.FIRING, concern=Concern.OUTAGE, service=text, at=NOON)
        undelivered = UndeliveredNotice(receiver=text, why=text, messages=(lost,))
        return replace(an_own_alert(kind, text), undelivered=undelivered)
    plain = an_alert(kind)
    service = replace(plain.service, name=text, owner=text)
    checks = tuple(
        replace(
            each, target=text, failure_kind="status", failure_detail=text, runbook=runbook or None
        )
        for each in plain.checks
    )
    others = tuple(replace(each, service=service, checks=checks) for each in COMPANIONS[:1])
    return replace(
        plain,
        service=service,
        checks=checks,
        companions=others,
        victims=(service,),
        detail=text,
    )


@pytest.fixture(scope="module")
def notifiers(tmp_path_factory):
    """Return every notifier, by language and kind."""
    folder = tmp_path_factory.mktemp("secrets")
    return {language: every_notifier(folder, language) for language in Language}


@pytest.fixture(scope="module")
def told(notifiers):
    """Return a function that words an alert for a receiver."""
    return lambda language, kind, alert: notifiers[language][kind].payload("ROW1", alert)


def is_long(text: str) -> bool:
    """Say whether `text` is cut, so that a message has room for less beside it."""
    return len(text.encode(errors="replace")) > 300


@lru_cache
def acts_of(kind: str, body: bytes) -> list[str]:
    """Return what the service of a kind would act on."""
    return ACTS_ON.get(kind, everything)(body)


def faults(kind: str, body: bytes, benign: bytes) -> Iterator[str]:
    """Return what is wrong with a message, which is to be built as a harmless one is."""
    text = body.decode("utf-8")
    if len(body) > LONGEST_BODY:
        yield f"{len(body)} bytes"
    if (acts := acts_of(kind, body)) != (harmless := acts_of(kind, benign)):
        yield f"acts on {acts}, harmless: {harmless}"
    if not text.startswith("{"):
        texts = [("", text.replace("\r\n", "\n"))]
    else:
        document = json.loads(body)
        texts = list(strings(document))
        if shape(document) != shape(json.loads(benign)):
            yield "another shape"
    for path, each in texts:
        if found := UNSEEN.search(each):
            yield f"{path} has {found[0]!r}"
    if kind in {"webhook", "alertmanager"}:
        for path, each in texts:
            if len(each.encode()) > LONGEST_FIELD:
                yield f"{path} has {len(each.encode())} bytes"


TYPES = (
    *(AlertType.FIRING, AlertType.RESOLVED, AlertType.UPDATED, AlertType.REMINDER),
    *sorted(PEOPLE),
    AlertType.SELF_UNDELIVERED,
)


@pytest.mark.parametrize("kind", KINDS)
def test_text_of_others_is_text(kind, told):
    """Whatever pages, certificates, name servers and people write, every receiver's message is
    valid, bounded, built as a harmless one is, and calls nobody. Languages and kinds of news
    take turns, so that each morsel meets all of them.
    """
    usual, wrong = {}, []
    for number, payload in enumerate(PAYLOADS):
        language = LANGUAGES[number % len(LANGUAGES)]
        news = TYPES[number // len(LANGUAGES) % len(TYPES)]
        like = (language, news, is_long(payload))
        if like not in usual:
            harmless = "Layanan " * (1000 if is_long(payload) else 1)
            usual[like] = told(language, kind, hostile(news, harmless))
        body = told(language, kind, hostile(news, payload))
        wrong += [f"{payload[:60]!r} ({news}): {each}" for each in faults(kind, body, usual[like])]

    assert len(PAYLOADS) >= 2000
    assert wrong == [], f"{len(wrong)} of {len(PAYLOADS)}"


def led_to(kind: str, body: bytes) -> list[str]:
    """Return where a message leads who touches it, as far as the message says so itself."""
    if kind == "email":
        return Tree(page_of(message_from_bytes(body))).links
    if not body.startswith(b"{"):
        return []
    texts = list(strings(json.loads(body)))
    found = [text for path, text in texts if path.endswith((".url", ".click", ".href"))]
    if kind == "telegram":
        return found + [link for _, text in texts for link in Tree(text).links]
    if kind == "slack":
        return found + [link for _, text in texts for link in re.findall(r"<([^|>]*)\|", text)]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_links_lead_to_the_web_only(kind, told):
    """A runbook that is no link to a page is none in any message, whatever else it is."""
    web = re.compile(r"https?://\S")
    wrong = []
    for payload in PAYLOADS[::5]:
        body = told(Language.ID, kind, hostile(AlertType.FIRING, "Layanan", runbook=payload))
        wrong += [f"{payload[:60]!r}: {to}" for to in led_to(kind, body) if not web.match(to)]

    assert wrong == []
