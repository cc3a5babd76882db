"""YAML into a Config: everything that is wrong is told at once, each with its place."""

from monitor.configuration.config import Config, ConfiguredCheck, ConfiguredReceiver
from monitor.configuration.loader import load
from monitor.configuration.problem import ConfigError, Problem
from monitor.configuration.settings import MonitorSettings

__all__ = [
    "Config",
    "ConfigError",
    "ConfiguredCheck",
    "ConfiguredReceiver",
    "MonitorSettings",
    "Problem",
    "load",
]
