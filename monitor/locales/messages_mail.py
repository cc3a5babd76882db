"""What messages say by mail: the same lines as text and as a simple page.

The page loads nothing, and holds no link but those of our own pages and of runbooks. Its layout
is a table with styles on each cell, since Outlook knows little else.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from monitor.domain.alert import Alert, AlertType, Companion, ServiceNotice
from monitor.domain.incident import Concern
from monitor.domain.text import visible_text
from monitor.locales import Language
from monitor.locales.dates import moment_text
from monitor.locales.messages import summary, victims_label
from monitor.locales.messages_native import Wording
from monitor.locales.messages_signs import ack_link
from monitor.locales.numbers import decimal

MOST_LISTED = 100

_LISTED_BYTES = 160
_LINK_BYTES = 1024
_FEW = 5  # services, which the summary names already

_WORDS = {
    Language.ID: {
        "incident": "Halaman gangguan",
        "outages": "Gangguan lain dalam pesan ini",
        "more_outages": "dan {count} gangguan lain",
        "more_services": "dan {count} layanan lain",
        "since": "sejak {at}",
        "was": "{began} – {ended}",
        Concern.DEGRADATION: "mutu menurun",
        Concern.EXPIRY: "masa berlaku",
        "sent": "Pesan otomatis dari Pantau.",
    },
    Language.EN: {
        "incident": "Incident",
        "outages": "Other outages in this message",
        "more_outages": "and {count} other outages",
        "more_services": "and {count} other services",
        "since": "since {at}",
        "was": "{began} – {ended}",
        Concern.DEGRADATION: "degraded",
        Concern.EXPIRY: "expires soon",
        "sent": "Sent by Pantau on its own.",
    },
}

_BAD, _WARNING, _GOOD, _PLAIN = "#b42318", "#b54708", "#067647", "#344054"
_COLOURS = {
    AlertType.FIRING: _BAD,
    AlertType.UPDATED: _BAD,
    AlertType.REMINDER: _BAD,
    AlertType.ESCALATED: _BAD,
    AlertType.SELF_OFFLINE: _BAD,
    AlertType.SELF_UNDELIVERED: _BAD,
    AlertType.SELF_DAMAGED: _BAD,
    AlertType.SELF_UNREPORTED: _WARNING,
    AlertType.RESOLVED: _GOOD,
    AlertType.SELF_RECOVERED: _GOOD,
}

_FONT = "font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:24px"
_PAGE = (
    '<!DOCTYPE html>\n<html lang="{language}">\n<head>\n'
    '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    "<title>{title}</title>\n</head>\n"
    '<body style="margin:0;padding:16px;background-color:#ffffff;color:#101828">\n'
    '<table role="presentation" cellpadding="0" cellspacing="0" border="0" width="100%" '
    'style="max-width:640px">\n{rows}</table>\n</body>\n</html>\n'
)
_HEAD_ROW = (
    '<tr><td style="{font};font-weight:bold;padding:12px 16px;background-color:{colour};'
    'color:#ffffff">{text}</td></tr>\n'
)
_ROW = (
    '<tr><td style="{font};padding:8px 16px;border-bottom:1px solid #eaecf0;word-break:break-word">'
    "{text}</td></tr>\n"
)
_LAST_ROW = '<tr><td style="{font};padding:8px 16px;color:#475467">{text}</td></tr>\n'
_LABEL = '<span style="color:#475467">{label}:</span><br>'
_LINK = '<a href="{link}" style="color:#175cd3">{link}</a>'


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a message. `value` is a link if `is_link`; without a label it stands alone."""

    label: str
    value: str
    is_link: bool = False

    def __str__(self) -> str:
        return f"{self.label}: {self.value}" if self.label else self.value


def mail_text(alert: Alert, wording: Wording) -> str:
    """Return the message as plain text."""
    words = _WORDS[wording.language]
    first, *lines = _lines(alert, wording)
    listed = [
        "\n".join((f"{heading}:", *(f"- {item}" for item in items)))
        for heading, items in _lists(alert, wording)
    ]
    parts = (str(first), "\n".join(map(str, lines)), *listed, words["sent"])
    return "\n\n".join(part for part in parts if part) + "\n"


def mail_page(alert: Alert, wording: Wording, title: str) -> str:
    """Return the message as HTML. Whatever others wrote is text in it and nothing more."""
    words = _WORDS[wording.language]
    first, *lines = _lines(alert, wording)
    colour = _colour(alert)
    rows = [_HEAD_ROW.format(font=_FONT, colour=colour, text=escape(first.value))]
    rows += [_ROW.format(font=_FONT, text=_cell(line)) for line in lines]
    for heading, items in _lists(alert, wording):
        text = "<br>".join(escape(item) for item in items)
        label = _LABEL.format(label=escape(heading))
        rows.append(_ROW.format(font=_FONT, text=label + text))
    rows.append(_LAST_ROW.format(font=_FONT, text=escape(words["sent"])))
    return _PAGE.format(language=wording.language, title=escape(title), rows="".join(rows))


def page_of(
    language: Language, title: str, parts: Iterable[tuple[str, Sequence[str]]], last: str
) -> str:
    """Return a page of parts, each some lines and a heading, "" for none; all of it is text."""
    rows = [_HEAD_ROW.format(font=_FONT, colour=_PLAIN, text=escape(title))]
    for heading, lines in parts:
        label = _LABEL.format(label=escape(heading)) if heading else ""
        rows.append(_ROW.format(font=_FONT, text=label + "<br>".join(map(escape, lines))))
    rows.append(_LAST_ROW.format(font=_FONT, text=escape(last)))
    return _PAGE.format(language=language, title=escape(title), rows="".join(rows))


def _colour(alert: Alert) -> str:
    if alert.unstable is not None and alert.unstable.is_down:
        return _BAD
    found = _COLOURS.get(alert.type, _PLAIN)
    return _WARNING if found == _BAD and alert.concern is not Concern.OUTAGE else found


def _cell(line: _Line) -> str:
    value = escape(line.value)
    shown = _LINK.format(link=value) if line.is_link else value
    return _LABEL.format(label=escape(line.label)) + shown if line.label else shown


def _lines(alert: Alert, wording: Wording) -> Iterator[_Line]:
    """Yield the headline, the other lines of the summary, and where more can be read."""
    headline, *others = summary(alert, wording.language, wording.zone).split("\n")
    yield _Line("", headline)
    runbooks = {check.runbook for check in alert.checks}
    for text in others:
        label, colon, value = text.partition(": ")
        if not colon:
            yield _Line("", text)
        else:
            yield _Line(label, value, is_link=value in runbooks and _is_web(value))
    if alert.incident is not None:
        url = visible_text(wording.incident_url(alert.incident.id), _LINK_BYTES)
        yield _Line(_WORDS[wording.language]["incident"], url, is_link=_is_web(url))
    if ack := ack_link(alert, wording):
        label, url = ack[0], visible_text(ack[1], _LINK_BYTES)
        yield _Line(label, url, is_link=_is_web(url))


def _is_web(text: str) -> bool:
    return text.startswith(("https://", "http://"))


def _lists(alert: Alert, wording: Wording) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield what else is down, each list with its heading: more than the summary has room for."""
    words = _WORDS[wording.language]
    if alert.companions:
        named = [_companion(each, wording) for each in alert.companions[:MOST_LISTED]]
        rest = _rest("more_outages", len(alert.companions), wording.language)
        yield words["outages"], [*named, *rest]
    if len(alert.victims) > _FEW:
        named = [_service(each) for each in alert.victims[:MOST_LISTED]]
        rest = _rest("more_services", alert.victims_total, wording.language)
        yield victims_label(alert, wording.language), [*named, *rest]


def _rest(word: str, total: int, language: Language) -> Sequence[str]:
    """Return the line that counts what a list has no room for, if there is any."""
    if total <= MOST_LISTED:
        return ()
    count = decimal(total - MOST_LISTED, language)
    return (_WORDS[language][word].format(count=count),)


def _service(service: ServiceNotice) -> str:
    name = visible_text(service.name or service.id, _LISTED_BYTES)
    return f"{name} ({visible_text(service.owner, _LISTED_BYTES)})"


def _companion(companion: Companion, wording: Wording) -> str:
    words, incident = _WORDS[wording.language], companion.incident
    began = moment_text(incident.started_at, wording.zone, wording.language)
    if incident.ended_at is None:
        told = words["since"].format(at=began)
    else:
        ended = moment_text(incident.ended_at, wording.zone, wording.language)
        told = words["was"].format(began=began, ended=ended)
    if incident.concern is not Concern.OUTAGE:
        told = f"{words[incident.concern]} {told}"
    return f"{_service(companion.service)}, {told}"
