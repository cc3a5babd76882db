"""What a report is made from, by the configuration."""

from importlib.metadata import version

from monitor.configuration.config import Config
from monitor.reports.making import Watched


def watched(config: Config) -> Watched:
    """Return what is watched, as reports know it."""
    return Watched(
        services=tuple(config.services.values()),
        checks=tuple(configured.check for configured in config.checks),
        calendars=config.calendars,
        vantage=config.monitor.vantage,
        configuration=config.hash,
        software=version("pantau"),
    )
