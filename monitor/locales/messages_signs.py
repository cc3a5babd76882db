"""What messages to people's phones and rooms have beside their text: links, a sign, a mood."""

import re
from enum import StrEnum

from monitor.domain.alert import Alert, AlertType
from monitor.domain.incident import Concern
from monitor.domain.status import Status
from monitor.domain.text import visible_text
from monitor.locales import Language
from monitor.locales.messages_native import Wording

_MOST_RUNBOOKS = 2
_NAME_BYTES = 60

# Nothing that ends a link in any of the markups, and nothing that can't be seen.
_LINK = re.compile(r"https?://[!#-;=?-\[\]_a-z~]{1,500}\Z")

_WORDS = {
    Language.ID: {
        "incident": "Halaman gangguan",
        "runbook": "Panduan",
        "ack": "Saya tangani",
        "ack_one": "Saya tangani {service}",
    },
    Language.EN: {
        "incident": "Incident",
        "runbook": "Runbook",
        "ack": "I take care of it",
        "ack_one": "I take care of {service}",
    },
}


class Mood(StrEnum):
    """How a message wants to be taken."""

    BAD = "bad"
    GOOD = "good"
    WARNING = "warning"
    PLAIN = "plain"


_MOODS = {
    AlertType.FIRING: Mood.BAD,
    AlertType.UPDATED: Mood.BAD,
    AlertType.REMINDER: Mood.BAD,
    AlertType.ESCALATED: Mood.BAD,
    AlertType.RESOLVED: Mood.GOOD,
    AlertType.SELF_OFFLINE: Mood.WARNING,
    AlertType.SELF_RECOVERED: Mood.GOOD,
    AlertType.SELF_UNDELIVERED: Mood.WARNING,
    AlertType.SELF_DAMAGED: Mood.WARNING,
    AlertType.SELF_UNREPORTED: Mood.WARNING,
}
_SIGNS = {Mood.BAD: "🔴", Mood.GOOD: "🟢", Mood.WARNING: "🟠", Mood.PLAIN: "🔵"}


def mood(alert: Alert) -> Mood:
    """Return how a message wants to be taken: nothing less than an outage is BAD."""
    if alert.unstable is not None and alert.unstable.is_down:
        return Mood.WARNING
    found = _MOODS.get(alert.type, Mood.PLAIN)
    return Mood.WARNING if found is Mood.BAD and alert.concern is not Concern.OUTAGE else found


def sign(alert: Alert) -> str:
    """Return a coloured dot for a message."""
    return _SIGNS[mood(alert)]


def ack_link(alert: Alert, wording: Wording) -> tuple[str, str] | None:
    """Return (what it says, URL) of the link by which one takes care, None where there is none.

    It is for one incident, which it names where the message tells of several.
    """
    incident = alert.incident
    url = None if incident is None else wording.ack_url(alert.type, incident)
    if url is None:
        return None
    words, service = _WORDS[wording.language], alert.service
    if not alert.companions or service is None:
        return words["ack"], url
    name = visible_text(service.name or service.id, _NAME_BYTES)
    return words["ack_one"].format(service=name), url


def links(alert: Alert, wording: Wording) -> tuple[tuple[str, str], ...]:
    """Return (what it leads to, URL) of the incident's page, of taking care, of first runbooks.

    A URL that could end a link before its time is left out; a runbook stands in the text too.
    """
    words, found = _WORDS[wording.language], []
    if alert.incident is not None:
        found.append((words["incident"], wording.incident_url(alert.incident.id)))
    if ack := ack_link(alert, wording):
        found.append(ack)
    failing = (each for each in alert.checks if each.status is not Status.UP)
    runbooks = list(dict.fromkeys(each.runbook for each in failing if each.runbook))
    found += [(words["runbook"], runbook) for runbook in runbooks[:_MOST_RUNBOOKS]]
    return tuple(each for each in found if _LINK.match(each[1]))
