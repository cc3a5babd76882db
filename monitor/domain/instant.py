"""Instants as whole microseconds since the Unix epoch, and back. UTC throughout."""

from datetime import UTC, datetime, timedelta

_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Return `at` (aware) as microseconds since the Unix epoch."""
    return (at - _ORIGIN) // _MICROSECOND


def instant(at: int) -> datetime:
    """Return the time (UTC) that lies `at` microseconds after the Unix epoch."""
    return _ORIGIN + timedelta(microseconds=at)


def span_microseconds(span: timedelta) -> int:
    """Return `span` in whole microseconds."""
    return span // _MICROSECOND
