"""What a report is made from, by the configuration."""

from importlib.metadata import version

from monitor.configuration.config import Config
from monitor.configuration.reports import ReportFile
from monitor.reports.making import Watched
from monitor.reports.report import FollowUp, Signatory, Wording


def watched(config: Config, period: str = "") -> Watched:
    """Return what is watched, and what people write in reports on `period`: 2026-10."""
    return Watched(
        services=tuple(config.services.values()),
        checks=tuple(configured.check for configured in config.checks),
        calendars=config.calendars,
        vantage=config.monitor.vantage,
        configuration=config.hash,
        software=version("pantau"),
        wording=wording_of(config.report, period),
    )


def wording_of(written: ReportFile, period: str) -> Wording:
    """Return what config/report.yaml says for a report on `period`."""
    return Wording(
        publisher=written.publisher,
        number=written.numbers.get(period),
        information_class=written.information_class,
        legal_basis=written.legal_basis,
        signatories=tuple(
            Signatory(role=each.role, name=each.name, number=each.number, position=each.position)
            for each in written.signatories
        ),
        follow_ups=tuple(
            FollowUp(
                recommendation=each.recommendation,
                owner=each.owner,
                due=each.due,
                state=each.state,
            )
            for each in written.follow_ups
        ),
        causes=written.causes,
        remarks=written.remarks,
    )
