"""The types that fields of checks.yaml and config/ share, as pydantic understands them.

Each turns what is written in YAML into a value, says in a ValueError what would be right, and
describes itself in the JSON Schema.
"""

from monitor.fields.addresses import Endpoint, Host, Port, Url
from monitor.fields.context import Context
from monitor.fields.durations import Duration, DurationOrZero, format_duration, parse_duration
from monitor.fields.files import File
from monitor.fields.numbers import Percentage, WrittenFloat
from monitor.fields.patterns import Pattern
from monitor.fields.secrets import Secret
from monitor.fields.shown import shown
from monitor.fields.sizes import Size, format_size, parse_size

__all__ = [
    "Context",
    "Duration",
    "DurationOrZero",
    "Endpoint",
    "File",
    "Host",
    "Pattern",
    "Percentage",
    "Port",
    "Secret",
    "Size",
    "Url",
    "WrittenFloat",
    "format_duration",
    "format_size",
    "parse_duration",
    "parse_size",
    "shown",
]
