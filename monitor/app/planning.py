"""What the pipeline needs to know of the configuration."""

from collections.abc import Iterator

from monitor.configuration.config import Config
from monitor.domain.mailing import Mailing
from monitor.engine.pipeline import Plan


def plan_of(config: Config) -> Plan:
    """Return what the pipeline needs to know of `config`."""
    return Plan(
        services=tuple(config.services.values()),
        checks=tuple(configured.check for configured in config.checks),
        routes=config.routes,
        receivers=tuple(config.receivers),
        grouping=config.grouping,
        flapping=config.flapping,
        remind_every=config.remind_every,
        stages=config.stages,
        escalations=config.escalations,
        windows=config.windows,
        calendars=config.calendars,
        mailings=tuple(mailings_of(config)),
    )


def mailings_of(config: Config) -> Iterator[Mailing]:
    """Yield who gets which reports by mail."""
    for entry in config.report.schedule:
        if entry.mail is None:
            continue
        languages = entry.languages or (config.monitor.language,)
        yield Mailing(
            every=entry.period,
            owners=tuple(sorted(entry.owner or ())),
            services=tuple(sorted(entry.service or ())),
            through=entry.mail.through,
            readers=entry.mail.to,
            language=entry.mail.language or languages[0],
            forms=entry.mail.attach,
            largest=entry.mail.largest,
            sealed=entry.sign,
            place=entry.mail.place,
        )
