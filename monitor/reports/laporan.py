"""A report as laporan.json: all that it says, exactly. Its SHA-256 is the report's *sidik data*.

Services, incidents and events have a line each, so that a city's year can be read piece by piece.
The same report gives the same bytes.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from monitor.domain.availability import MINIMUM_COVERAGE, Figures, lowest, pooled, verdict
from monitor.domain.check import Check
from monitor.domain.correction import CorrectionRecord, Withdrawal
from monitor.domain.incident import AffectedCheck
from monitor.domain.instant import instant, span_microseconds
from monitor.domain.note import Note
from monitor.domain.service import Rule, Sla, StatusRule
from monitor.domain.timeline import HOLD_FACTOR
from monitor.domain.windowrecord import Cancellation, Occasion
from monitor.domain.windows import Window
from monitor.locales import Language
from monitor.locales.numbers import plain_percent
from monitor.locales.shares import VERDICTS, mtbf_text, mttr_text, resolution_text
from monitor.ports import Mark
from monitor.reports import form
from monitor.reports.exactly import DECIMALS, SHARES, WAYS, exact, in_seconds, instant_text, times
from monitor.reports.report import (
    Account,
    Applied,
    DayAccount,
    Difference,
    FollowUp,
    Provenance,
    Report,
    ResponseTimes,
    Retired,
    Scope,
    Signatory,
    Told,
    Value,
    Wording,
)

Telling = Callable[[Sequence[Account]], Iterable[Account]]
"""Gives the services of a report one by one, and may show how far it is."""


@dataclass(frozen=True, slots=True)
class Whole:
    """laporan.json, in UTF-8."""

    body: bytes

    @property
    def fingerprint(self) -> str:
        """Return the *sidik data*: the SHA-256 of the file in hex."""
        return hashlib.sha256(self.body).hexdigest()


def laporan(report: Report, telling: Telling = iter) -> Whole:
    """Return what laporan.json says."""
    return Whole(b"".join(_pieces(report, telling)))


def _pieces(report: Report, telling: Telling) -> Iterator[bytes]:
    yield b"{\n"
    for name, value in _head(report).items():
        yield _text(name) + b": " + _text(value) + b",\n"
    lists = _lists(report, telling)
    for name, values in lists.items():
        yield _text(name) + b": ["
        yield from _lines(values)
        yield b"]\n" if name == next(reversed(lists)) else b"],\n"
    yield b"}\n"


def _head(report: Report) -> dict[str, Any]:
    return {
        "format": form.FORMAT,
        "version": report.version,
        "replaces": report.replaces,
        "period": _period(report.scope),
        "asked": form.AskedForm(
            owners=list(report.scope.owners), services=list(report.scope.services)
        ),
        "provenance": _provenance(report.provenance),
        "policy": _policy(),
        "wording": _wording(report.wording),
        "group": _group([account.promised for account in report.accounts]),
    }


def _lists(report: Report, telling: Telling) -> dict[str, Iterable[Any]]:
    return {
        "services": map(_service, telling(report.accounts)),
        "incidents": (_incident(each, report.wording) for each in report.incidents),
        "marks": map(_mark, report.marks),
        "configurations": map(_applied, report.applied),
        "retired": map(_retired, report.retired),
        "differences": map(_difference, report.differences),
    }


def _lines(values: Iterable[Any]) -> Iterator[bytes]:
    following = b"\n"
    for value in values:
        yield following + _text(value)
        following = b",\n"
    if following != b"\n":
        yield b"\n"


def _text(value: Any) -> bytes:
    kind: Any = type(value)
    return _adapter(kind).dump_json(value)


@cache
def _adapter(of: Any) -> TypeAdapter[Any]:
    return TypeAdapter(of)


def _period(scope: Scope) -> form.PeriodForm:
    zone = ZoneInfo(scope.zone)
    last = instant(scope.period.end - 1).astimezone(zone).date()
    return form.PeriodForm(
        first_day=instant(scope.period.start).astimezone(zone).date().isoformat(),
        last_day=last.isoformat(),
        zone=scope.zone,
        start=instant_text(scope.period.start),
        end=instant_text(scope.period.end),
        known=instant_text(scope.until),
    )


def _provenance(one: Provenance) -> form.ProvenanceForm:
    ledger = one.ledger
    return form.ProvenanceForm(
        software=one.software,
        configuration=one.configuration,
        vantage=one.vantage,
        ledger=None
        if ledger is None
        else form.LedgerForm(origin=ledger.origin, size=ledger.size, root=ledger.root),
    )


def _policy() -> form.PolicyForm:
    return form.PolicyForm(
        hold_factor=_fraction(HOLD_FACTOR),
        minimum_coverage=_fraction(MINIMUM_COVERAGE),
        decimals=DECIMALS,
        rounding=dict(WAYS),
    )


def _wording(one: Wording) -> form.WordingForm:
    return form.WordingForm(
        publisher=one.publisher,
        number=one.number,
        information_class=one.information_class,
        legal_basis=list(one.legal_basis),
        signatories=[_signatory(each) for each in one.signatories],
        follow_ups=[_follow_up(each) for each in one.follow_ups],
    )


def _signatory(one: Signatory) -> form.SignatoryForm:
    return form.SignatoryForm(
        role=one.role, name=one.name, number=one.number, position=one.position
    )


def _follow_up(one: FollowUp) -> form.FollowUpForm:
    return form.FollowUpForm(
        recommendation=one.recommendation,
        owner=one.owner,
        due=None if one.due is None else one.due.isoformat(),
        state=one.state,
    )


def _group(group: Sequence[Figures]) -> form.GroupForm:
    mean = pooled(group)
    return form.GroupForm(
        lowest=_share("availability", lowest(group) or mean),
        mean_by_time=_share("availability", mean),
    )


def _service(one: Account) -> form.ServiceForm:
    service = one.service
    return form.ServiceForm(
        service=service.id,
        name=service.name,
        owner=service.owner,
        criticality=service.criticality.value,
        rule=_rule(service.status),
        began=None if one.began is None else instant_text(one.began),
        checks=[_check(each) for each in one.checks],
        target=None if service.sla is None else _target(service.sla, one.promised),
        figures=form.BothForm(
            around_the_clock=_whole(one.always),
            in_hours=None if one.in_hours is None else _whole(one.in_hours),
        ),
        as_measured=None
        if one.measured is None
        else form.BothForm(
            around_the_clock=_whole(one.measured),
            in_hours=None if one.measured_in_hours is None else _whole(one.measured_in_hours),
        ),
        response=_response(one.response),
        corrections=[_correction(each) for each in one.corrections],
        maintenance=[_work(each) for each in one.work],
        carved=[_window(each) for each in one.carved],
        open_hours=[_window(each) for each in one.open_hours],
        days=[_day(each) for each in one.days],
    )


def _rule(one: StatusRule) -> str:
    return str(one.quorum) if one.rule is Rule.QUORUM else one.rule.value


def _target(sla: Sla, promised: Figures) -> form.TargetForm:
    found = verdict(promised, sla.target)
    return form.TargetForm(
        exact=_fraction(sla.target),
        id=plain_percent(sla.target, Language.ID),
        en=plain_percent(sla.target, Language.EN),
        basis=sla.basis,
        hours=sla.hours,
        verdict=found.value,
        verdict_text=_both(lambda language: VERDICTS[language][found]),
    )


def _check(one: Check) -> form.CheckForm:
    interval = span_microseconds(one.interval)
    return form.CheckForm(id=one.id, type=one.type, target=one.target, interval=interval)


def _whole(one: Figures) -> form.WholeForm:
    low, high = one.resolution or (None, None)
    return form.WholeForm(
        **_figures(one),
        resolution_low=exact(low),
        resolution_high=exact(high),
        resolution=_both(lambda language: resolution_text(one, language)),
        unknown_by_cause={
            cause.value: length for cause, length in sorted(one.unknown_by_cause.items())
        },
        down_deviation=one.down_deviation,
        interval=one.interval,
        mtbf_seconds=exact(in_seconds(one.mtbf)),
        mtbf=_both(lambda language: mtbf_text(one, language)),
        mttr_seconds=exact(in_seconds(one.mttr)),
        mttr=_both(lambda language: mttr_text(one, language)),
    )


def _figures(one: Figures) -> dict[str, Any]:
    return {
        **{name: _share(name, one) for name in SHARES},
        "microseconds": form.TimesForm(**times(one.parts)),
        "outages": one.outages,
        "expected": one.expected,
        "received": one.received,
    }


def _share(name: str, one: Figures) -> form.ShareForm:
    text = SHARES[name]
    return form.ShareForm(
        exact=exact(getattr(one, name)), id=text(one, Language.ID), en=text(one, Language.EN)
    )


def _day(one: DayAccount) -> form.DayForm:
    return form.DayForm(
        date=one.date.isoformat(),
        around_the_clock=None if one.figures is None else form.FiguresForm(**_figures(one.figures)),
        in_hours=None if one.in_hours is None else form.FiguresForm(**_figures(one.in_hours)),
        response=_response(one.response),
    )


def _response(one: ResponseTimes | None) -> form.ResponseForm | None:
    return None if one is None else form.ResponseForm(p50=one.p50, p95=one.p95, p99=one.p99)


def _correction(one: CorrectionRecord) -> form.CorrectionForm:
    made = one.correction
    return form.CorrectionForm(
        id=made.id,
        service=made.service,
        check=made.check,
        start=_moment(made.start),
        end=_moment(made.end),
        status=made.status.value,
        reason=made.reason,
        evidence=made.evidence,
        by=made.by,
        at=_moment(made.at),
        withdrawn=_act(one.withdrawn),
    )


def _work(one: Occasion) -> form.WorkForm:
    record, window = one.record, one.record.window
    counted = None if one.after_the_fact else one.counted
    return form.WorkForm(
        id=window.id,
        start=_moment(one.occurrence.start),
        end=_moment(one.occurrence.end),
        after_the_fact=one.after_the_fact,
        counted=None if counted is None else _stretch(counted.start, counted.end),
        reason=window.reason,
        approved_by=window.approved_by,
        added_at=_moment(record.added_at),
        added_by=record.added_by,
        source=record.source.value,
        cancelled=_act(record.cancelled),
    )


def _act(one: Cancellation | Withdrawal | None) -> form.ActForm | None:
    return None if one is None else form.ActForm(at=_moment(one.at), by=one.by, reason=one.reason)


def _incident(one: Told, wording: Wording) -> form.IncidentForm:
    incident = one.incident
    return form.IncidentForm(
        id=incident.id,
        service=incident.service,
        affects=incident.affects.value,
        concern=incident.concern.value,
        start=_moment(incident.started_at),
        end=None if incident.ended_at is None else _moment(incident.ended_at),
        checks=[_affected(each) for each in incident.checks],
        notes=[_note(each) for each in one.notes],
        planned=[_stretch(each.start, each.end) for each in one.planned],
        cause=wording.causes.get(incident.id),
        remark=wording.remarks.get(incident.id),
    )


def _affected(one: AffectedCheck) -> form.AffectedForm:
    return form.AffectedForm(
        check=one.id,
        since=_moment(one.since),
        until=None if one.until is None else _moment(one.until),
        failure_kind=None if one.failure is None else one.failure.kind.value,
        failure_detail=None if one.failure is None else one.failure.detail,
    )


def _note(one: Note) -> form.NoteForm:
    via = None if one.via is None else one.via.value
    return form.NoteForm(kind=one.kind.value, by=one.by, at=_moment(one.at), text=one.text, via=via)


def _mark(one: Mark) -> form.MarkForm:
    return form.MarkForm(
        kind=one.kind.value, at=_moment(one.at), epoch=one.epoch, detail=one.detail
    )


def _applied(one: Applied) -> form.AppliedForm:
    return form.AppliedForm(at=_moment(one.at), hash=one.hash, changed=one.changed)


def _retired(one: Retired) -> form.RetiredForm:
    return form.RetiredForm(check=one.check, last=_moment(one.last))


def _difference(one: Difference) -> form.DifferenceForm:
    hours: Any = one.hours
    return form.DifferenceForm(
        service=one.service,
        figure=one.figure,
        hours=hours,
        before=_value(one.before),
        after=_value(one.after),
        corrections=list(one.corrections),
    )


def _value(one: Value | None) -> form.ValueForm | None:
    if one is None:
        return None
    return form.ValueForm(exact=one.exact, id=one.words[Language.ID], en=one.words[Language.EN])


def _both(text: Callable[[Language], str]) -> form.TextForm:
    return form.TextForm(id=text(Language.ID), en=text(Language.EN))


def _window(one: Window) -> form.StretchForm:
    return form.StretchForm(start=instant_text(one.start), end=instant_text(one.end))


def _stretch(start: datetime, end: datetime) -> form.StretchForm:
    return form.StretchForm(start=_moment(start), end=_moment(end))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _fraction(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
