"""The keys of config/report.yaml: what people write in reports, and no record can say."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from monitor.configuration.alerts import OneOrMore
from monitor.configuration.entries import Entry
from monitor.configuration.moments import Day
from monitor.configuration.names import Id, Note, Text
from monitor.domain.cron import parse_cron
from monitor.domain.reportplan import Every
from monitor.fields import File, Secret, Url, shown
from monitor.fields.mailaddresses import MailAddresses
from monitor.fields.sizes import Size

_LARGEST_MAIL = 50 << 20
_MOST_READERS = 100

_INCIDENT_PATTERN = "^[A-Z2-7]{26}$"
_PERIOD_PATTERN = "^[0-9]{4}(-(0[1-9]|1[0-2])|-Q[1-4])?$"
_INCIDENT = re.compile(_INCIDENT_PATTERN.replace("$", r"\Z"))
_PERIOD = re.compile(_PERIOD_PATTERN.replace("$", r"\Z"))


def _incidents(told: dict[str, str]) -> dict[str, str]:
    for name in told:
        if not _INCIDENT.match(name):
            raise ValueError(f"{shown(name)} is no incident: write the id from `pantau incidents`")
    return told


def _periods(told: dict[str, str]) -> dict[str, str]:
    for name in told:
        if not _PERIOD.match(name):
            raise ValueError(f"{shown(name)} is no period: write 2026-10, 2026-Q4 or 2026")
    return told


def _cron(written: str) -> str:
    return parse_cron(written).text


def _keys(pattern: str, longest: int) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": pattern},
            "additionalProperties": {"type": "string", "minLength": 1, "maxLength": longest},
        }
    )


Format = Literal["pdf", "html", "json", "csv", "xlsx"]
ByIncident = Annotated[dict[str, Note], AfterValidator(_incidents), _keys(_INCIDENT_PATTERN, 2000)]
ByPeriod = Annotated[dict[str, Text], AfterValidator(_periods), _keys(_PERIOD_PATTERN, 200)]


class SignatoryEntry(Entry):
    """Who signs. What is left out is left to be filled in by hand."""

    role: Text = Field(description="As what they sign: Disusun oleh, Disahkan oleh.")
    name: Text | None = Field(None, description="Their name.")
    number: Text | None = Field(None, description="Their number (NIP).")
    position: Text | None = Field(None, description="Their position.")


class FollowUpEntry(Entry):
    """What is to be done."""

    recommendation: Note = Field(description="What is to be done.")
    owner: Text | None = Field(None, description="Who does it.")
    due: Day | None = Field(None, description="By when: `2026-12-31`.")
    state: Text | None = Field(None, description="What has become of it.")


class SealEntry(Entry):
    """The key that seals the PDF of reports."""

    pkcs12: File = Field(
        description="PKCS#12 file (.p12, .pfx) with the private key and its certificates."
    )
    passphrase: Secret = Field(description="What opens the PKCS#12 file.")
    tsa_url: Url | None = Field(
        None,
        description="Time-stamping authority (RFC 3161) that says when it was sealed. "
        "Default: none.",
    )


class MailEntry(Entry):
    """Who gets a report by mail when it was filed: each reader a message of their own."""

    through: Id = Field(description="Name of the receiver of type email that says how mail goes.")
    to: MailAddresses = Field(description="Addresses of the readers, one or a list.")
    attach: tuple[Format, ...] = Field(
        ("pdf",), description="Which of `formats` go with it. Default: `[pdf]`."
    )
    language: Literal["id", "en"] | None = Field(
        None, description="In which of `languages`. Default: the first."
    )
    largest: Size = Field(
        10 << 20,
        description="How large the files may be together; of what is over that, the message says "
        "where it is instead. Default 10MB.",
    )
    place: Text | None = Field(
        None,
        description="Where readers find the files, as the message says it. "
        "Default: the folder in which they are filed.",
    )

    @model_validator(mode="after")
    def _sendable(self) -> Self:
        if self.largest > _LARGEST_MAIL:
            raise ValueError("largest: over 50MB: hardly any mail server takes that")
        if len(self.to) > _MOST_READERS:
            raise ValueError(f"to: more than {_MOST_READERS} readers: write to a list of your own")
        return self


class ScheduleEntry(Entry):
    """A report that is filed again and again, on the period that was over by then."""

    period: Every = Field(description="On what: the last `month`, `quarter` or `year`.")
    cron: Annotated[str, Field(max_length=200), AfterValidator(_cron)] = Field(
        "0 7 1 * *",
        description="When, as a line of a crontab in the zone of monitor.yaml. "
        "Default: on the first of a month at 7.",
    )
    owner: OneOrMore[Text] | None = Field(
        None, description="Only on services of this owner (OPD), or of these."
    )
    service: OneOrMore[Id] | None = Field(None, description="Only on this service, or on these.")
    formats: tuple[Format, ...] = Field(
        ("pdf", "html", "json", "csv", "xlsx"),
        description="In which forms, besides `json`. Default: all.",
    )
    languages: tuple[Literal["id", "en"], ...] = Field(
        (), description="In which languages. Default: the one of monitor.yaml."
    )
    sign: bool = Field(
        default=False, description="true: the PDF is sealed as well, by `seal`. Default: false."
    )

    mail: MailEntry | None = Field(None, description="Who gets it by mail. Default: nobody.")

    @model_validator(mode="after")
    def _attachable(self) -> Self:
        if self.mail is None:
            return self
        missing = [each for each in self.mail.attach if each not in (*self.formats, "json")]
        if missing:
            raise ValueError(f"mail.attach: {', '.join(missing)} is not among `formats`")
        if self.mail.language is not None and self.mail.language not in self.languages:
            raise ValueError(f"mail.language: {self.mail.language} is not among `languages`")
        return self

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if self.owner is not None and self.service is not None:
            raise ValueError("write `owner` or `service`, not both: what it is about")
        if self.sign and "pdf" not in self.formats:
            raise ValueError("sign: the PDF is sealed: write pdf into `formats`")
        return self


def _apart(entries: tuple[ScheduleEntry, ...]) -> tuple[ScheduleEntry, ...]:
    seen = set()
    for each in entries:
        scope = (each.period, _named(each))
        if scope in seen:
            raise ValueError(
                f"two entries are on the same: the {each.period} of the same owners or services"
            )
        seen.add(scope)
    return entries


def _named(entry: ScheduleEntry) -> tuple[str, ...]:
    """Return whom a report is about as its files are called: in any order, signs but for one."""
    names = (*(entry.owner or ()), *(entry.service or ()))
    return tuple(sorted(re.sub(r"[^\w.+]", "-", name) for name in names))


class ReportFile(Entry):
    """config/report.yaml. Everything may be left out, and is then left blank in reports."""

    version: Literal[1] = Field(1, description="Version of this form of configuration.")
    publisher: Text | None = Field(None, description="Who publishes the reports.")
    numbers: ByPeriod = Field(
        default={},
        description="The number of reports by period: `2026-10`, `2026-Q4`, `2026`.",
    )
    information_class: Text | None = Field(
        None, description="How reports are classified: Terbuka, Dikecualikan."
    )
    legal_basis: tuple[Note, ...] = Field((), description="Rules on which reports are based.")
    signatories: tuple[SignatoryEntry, ...] = Field((), description="Who signs, in this order.")
    follow_ups: tuple[FollowUpEntry, ...] = Field((), description="What is to be done.")
    causes: ByIncident = Field(
        default={}, description="The confirmed cause of each incident, by its id."
    )
    remarks: ByIncident = Field(
        default={}, description="What else is to be said of an incident, by its id."
    )
    licence: Text | None = Field(
        None, description="On which terms open data may be used: CC-BY-4.0. Default: not said."
    )
    contact: Text | None = Field(
        None, description="Whom people ask about open data: an address or a telephone number."
    )
    schedule: Annotated[tuple[ScheduleEntry, ...], AfterValidator(_apart)] = Field(
        (), description="Reports that are filed by themselves. Default: none."
    )
    seal: SealEntry | None = Field(
        None, description="What seals the PDF of reports (report --sign). Default: nothing."
    )
