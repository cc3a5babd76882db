"""The pages about incidents as HTML: what everybody may know, and all that is kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from monitor.domain.check import Affects
from monitor.domain.incident import AffectedCheck, Concern, Hold, HoldReason, Incident
from monitor.domain.note import Note
from monitor.domain.service import Service
from monitor.domain.status import Status
from monitor.locales import Language
from monitor.locales.dates import duration_text, moment_text
from monitor.locales.messages_reasons import failure_text
from monitor.locales.numbers import decimal
from monitor.ports import Delivery, DeliveryState, Story
from monitor.web.pages import environment, other_language
from monitor.web.public import PublicIncident, public_incident
from monitor.web.texts import GLYPHS
from monitor.web.texts_incidents import HOLDS, INCIDENTS, MESSAGES, STATES, VIAS

_COLOURS = {
    DeliveryState.PENDING: Status.DEGRADED,
    DeliveryState.DELIVERED: Status.UP,
    DeliveryState.SUPERSEDED: Status.UNKNOWN,
    DeliveryState.DEAD: Status.DOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What pages need beside the incidents: who looks at them, when, in which language.

    `may_sign_in` says that there is more to see for whoever has a credential.
    """

    services: Sequence[Service]
    now: datetime
    language: Language
    may_sign_in: bool = False

    def service(self, incident: Incident) -> tuple[str, str]:
        """Return what a service is called and its owner; its id alone when it is gone."""
        found = next((each for each in self.services if each.id == incident.service), None)
        return (found.name, found.owner) if found else (incident.service, "")


class IncidentView:
    """Renders the list of incidents, and the page of one."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        templates = environment()
        self._list = templates.get_template("incidents.html")
        self._one = templates.get_template("incident.html")
        self._nothing = templates.get_template("nothere.html")

    def public_list(self, incidents: Sequence[Incident], around: Around, older: str | None) -> str:
        """Return the list as everybody may see it. `older` is where it goes on, None for not."""
        known = (public_incident(each, around.services) for each in incidents)
        entries = [(each, self._public_lines(each, around)) for each in known if each]
        return self._listed(entries, around, older)

    def full_list(self, incidents: Sequence[Incident], around: Around, older: str | None) -> str:
        """Return the list with who takes care of each incident, or why nobody was told."""
        entries = [
            (_whole(each, around), list(self._full_lines(each, around.language)))
            for each in incidents
        ]
        return self._listed(entries, around, older)

    def public_page(self, incident: PublicIncident, around: Around) -> str:
        """Return the page of an incident as everybody may see it."""
        lines = self._public_lines(incident, around)
        return self._page(incident, around, lines=lines)

    def full_page(self, story: Story, around: Around) -> str:
        """Return the page of an incident with all that is kept of it."""
        incident, language = story.incident, around.language
        text, lines = INCIDENTS[language], []
        if incident.acknowledged is None and incident.ended_at is None:
            lines.append(text["nobody"])
        if incident.affects is Affects.SECURITY:
            lines.append(text["security"])
        return self._page(
            _whole(incident, around),
            around,
            lines=lines,
            told=_told(incident, language),
            taken=self._taken(incident, language),
            checks=[self._check(each, incident, language) for each in incident.checks],
            notes=[self._note(each, language) for each in story.notes],
            messages=[self._message(each, language) for each in story.deliveries],
        )

    def nothing(self, why: str, around: Around) -> str:
        """Return the page that says why there is none: `gone` or `broken`.

        What is gone was asked for by its id, and leads to those that there are.
        """
        text = INCIDENTS[around.language]
        return self._nothing.render(
            **_frame(around),
            heading=text[why],
            why=text[f"{why}_why"],
            list=f"../incidents?lang={around.language}" if why == "gone" else "",
            sign_in=_sign_in(around),
        )

    def _listed(
        self,
        entries: Iterable[tuple[PublicIncident, Sequence[str]]],
        around: Around,
        older: str | None,
    ) -> str:
        shown = [
            (each.ended_at is None, self._entry(each, lines, around)) for each, lines in entries
        ]
        return self._list.render(
            **_frame(around),
            root="./",
            query=f"?lang={around.language}",
            open=[entry for is_open, entry in shown if is_open],
            over=[entry for is_open, entry in shown if not is_open],
            older=older and f"?before={older}&lang={around.language}",
            sign_in=_sign_in(around),
        )

    def _entry(
        self, incident: PublicIncident, lines: Sequence[str], around: Around
    ) -> Mapping[str, Any]:
        text, language = INCIDENTS[around.language], around.language
        is_open = incident.ended_at is None
        status = incident.concern.status if is_open else Status.UP
        length = duration_text(_length(incident, around.now), language, units=2)
        return {
            "href": f"incidents/{incident.id}?lang={language}",
            "name": incident.name,
            "owner": incident.owner,
            "status": status.value,
            "glyph": GLYPHS[status],
            "word": text[_state(incident.concern, is_open=is_open)],
            "iso": incident.started_at.isoformat(),
            "since": text["since_inline"].format(at=self._moment(incident.started_at, language)),
            "length": text["so_far" if is_open else "lasted"].format(length=length),
            "lines": lines,
        }

    def _page(self, incident: PublicIncident, around: Around, **parts: Any) -> str:
        text, is_open = INCIDENTS[around.language], incident.ended_at is None
        status = incident.concern.status if is_open else Status.UP
        over = "" if is_open else "_over"
        more = {"told": None, "taken": None, "checks": [], "notes": [], "messages": [], **parts}
        return self._one.render(
            **_frame(around),
            status=status.value,
            glyph=GLYPHS[status],
            sentence=text[f"{incident.concern}{over}"].format(service=incident.name),
            facts=list(self._facts(incident, around)),
            list=f"../incidents?lang={around.language}",
            sign_in=_sign_in(around),
            **more,
        )

    def _facts(self, incident: PublicIncident, around: Around) -> Iterator[tuple[str, str]]:
        text, language = INCIDENTS[around.language], around.language
        if incident.owner:
            yield text["owner"], incident.owner
        yield text["since"], self._moment(incident.started_at, language)
        if incident.ended_at is not None:
            yield text["ended"], self._moment(incident.ended_at, language)
        yield text["length"], duration_text(_length(incident, around.now), language, units=2)

    def _public_lines(self, incident: PublicIncident, around: Around) -> list[str]:
        text = INCIDENTS[around.language]
        lines = [text["planned"]] if incident.is_planned else []
        if incident.is_cared_for:
            lines.append(text["cared_for" if incident.ended_at is None else "was_cared_for"])
        return lines

    def _full_lines(self, incident: Incident, language: Language) -> Iterator[str]:
        if taken := self._taken(incident, language):
            yield taken["text"]
        if incident.hold is not None and not incident.receivers:
            yield f"{INCIDENTS[language]['nobody_told']} {_held(incident.hold, language)}"

    def _taken(self, incident: Incident, language: Language) -> dict[str, str] | None:
        known = incident.acknowledged
        if known is None:
            return None
        words = INCIDENTS[language]["taken" if incident.ended_at is None else "taken_over"]
        said = words.format(by=known.by, at=self._moment(known.at, language))
        return {"text": said, "comment": known.comment}

    def _check(
        self, check: AffectedCheck, incident: Incident, language: Language
    ) -> Mapping[str, str]:
        text, goes_on = INCIDENTS[language], check.until is None
        status = incident.concern.status if goes_on else Status.UP
        since = self._moment(check.since, language)
        until = text["goes_on"] if check.until is None else self._moment(check.until, language)
        return {
            "id": check.id,
            "reason": failure_text(check.failure.kind if check.failure else None, language),
            "detail": check.failure.detail if check.failure else "",
            "status": status.value,
            "glyph": GLYPHS[status],
            "word": text[_state(incident.concern, is_open=goes_on)],
            "since": f"{since} – {until}",
        }

    def _note(self, note: Note, language: Language) -> Mapping[str, str]:
        did = INCIDENTS[language][f"did_{note.kind}"].format(by=note.by)
        way = "" if note.via is None else f" {VIAS[language][note.via]}"
        to = f" ({note.receiver})" if note.receiver else ""
        return {
            "did": f"{did}{way}{to}",
            "iso": note.at.isoformat(),
            "at": self._moment(note.at, language),
            "text": note.text,
        }

    def _message(self, delivery: Delivery, language: Language) -> Mapping[str, str]:
        # What says how a message arrived means something to its service alone.
        is_told = delivery.state in (DeliveryState.PENDING, DeliveryState.DEAD)
        count = decimal(delivery.attempts, language)
        tried = INCIDENTS[language]["attempts"].format(count=count)
        return {
            "receiver": delivery.receiver,
            "type": MESSAGES[language].get(delivery.type, delivery.type),
            "iso": delivery.created_at.isoformat(),
            "at": self._moment(delivery.settled_at or delivery.created_at, language),
            "status": _COLOURS[delivery.state].value,
            "state": STATES[language][delivery.state],
            "attempts": tried if delivery.attempts > 1 else "",
            "detail": delivery.detail if is_told else "",
        }

    def _moment(self, at: datetime, language: Language) -> str:
        return moment_text(at, self._zone, language)


def _state(concern: Concern, *, is_open: bool) -> str:
    """Return under which key the word for the state of an incident, or of its check, stands."""
    return f"state_{concern}" if is_open else f"state_{concern}_over"


def _whole(incident: Incident, around: Around) -> PublicIncident:
    """Return of any incident what its page begins with."""
    name, owner = around.service(incident)
    return PublicIncident(
        id=incident.id,
        name=name,
        owner=owner,
        started_at=incident.started_at,
        ended_at=incident.ended_at,
        concern=incident.concern,
        is_cared_for=incident.acknowledged is not None,
        is_planned=False,
    )


def _told(incident: Incident, language: Language) -> Mapping[str, str]:
    """Return who was told, or why nobody was, with a way to the incident that explains it."""
    text, hold = INCIDENTS[language], incident.hold
    if incident.receivers:
        return {"name": text["told"], "text": ", ".join(incident.receivers), "href": "", "by": ""}
    if hold is None:
        return {"name": text["told"], "text": text["nobody_told"], "href": "", "by": ""}
    said = f"{text['nobody_told']} {_held(hold, language)}"
    is_incident = hold.reason in {
        HoldReason.DEPENDENCY,
        HoldReason.OUTAGE,
        HoldReason.FLAPPING,
    }
    href = f"{hold.by}?lang={language}" if is_incident else ""
    return {"name": text["told"], "text": said, "href": href, "by": hold.by}


def _held(hold: Hold, language: Language) -> str:
    return HOLDS[language][hold.reason].format(by=hold.by)


def _length(incident: PublicIncident, now: datetime) -> Any:
    return (incident.ended_at or now) - incident.started_at


def _sign_in(around: Around) -> str | None:
    return f"?full=1&lang={around.language}" if around.may_sign_in else None


def _frame(around: Around) -> dict[str, Any]:
    other = other_language(around.language).value
    return {
        "language": around.language.value,
        "other": other,
        "switch": f"?lang={other}",
        "text": INCIDENTS[around.language],
    }
