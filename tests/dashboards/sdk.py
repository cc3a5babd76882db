"""Grafana's own library for its JSON, imported in one place.

It says on import that there is a newer form of dashboards. Grafana reads the classic one from
files in every release, the newer one in none but the newest.
"""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders import (
        bargauge,
        common,
        prometheus,
        stat,
        statetimeline,
        table,
        timeseries,
    )
    from grafana_foundation_sdk.cog.builder import Builder
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models import common as shapes
    from grafana_foundation_sdk.models import dashboard
    from grafana_foundation_sdk.models.prometheus import Dataquery, PromQueryFormat

__all__ = [
    "Builder",
    "Dataquery",
    "JSONEncoder",
    "PromQueryFormat",
    "bargauge",
    "common",
    "dashboard",
    "prometheus",
    "register_default_plugins",
    "shapes",
    "stat",
    "statetimeline",
    "table",
    "timeseries",
]
