"""What the pipeline needs to know of the configuration."""

from monitor.configuration.config import Config
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
    )
