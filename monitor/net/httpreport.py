"""What a fetch says, as the measurements of blackbox_exporter's http prober and as facts."""

from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from monitor.domain import blackbox
from monitor.domain.observation import Series, series
from monitor.net.fetch import Reply
from monitor.net.response import Response
from monitor.net.trace import Phase, Trace

_DURATIONS = {phase: series("probe_http_duration_seconds", phase=phase.value) for phase in Phase}
_STATUS = series("probe_http_status_code")
_CONTENT_LENGTH = series("probe_http_content_length")
_BODY_LENGTH = series("probe_http_uncompressed_body_length")
_REDIRECTS = series("probe_http_redirects")
_SSL = series("probe_http_ssl")
_VERSION = series("probe_http_version")
LAST_MODIFIED = series("probe_http_last_modified_timestamp_seconds")
FAILED_DUE_TO_REGEX = series(blackbox.FAILED_DUE_TO_REGEX[0])
FAILED_DUE_TO_CEL = series(blackbox.FAILED_DUE_TO_CEL[0])


def fetch_numbers(trace: Trace) -> dict[Series, float]:
    """Return the numbers of any fetch, as blackbox_exporter has them: 0 for what did not come."""
    # Without an address nothing but resolving has begun.
    begun = Phase if trace.address is not None else (Phase.RESOLVE,)
    return {
        **{_DURATIONS[phase]: trace.phases.get(phase, 0.0) for phase in begun},
        _STATUS: float(trace.status),
        _CONTENT_LENGTH: 0.0,
        _BODY_LENGTH: 0.0,
        _REDIRECTS: float(trace.redirects),
        _SSL: 0.0,
        _VERSION: 0.0,
    }


def reply_numbers(reply: Reply) -> dict[Series, float]:
    """Return the numbers that take the place of zeros once there is a reply."""
    response = reply.response
    found = {
        _CONTENT_LENGTH: float(response.content_length),
        _BODY_LENGTH: float(response.body_size),
        _SSL: float(reply.target.origin.scheme == "https"),
        _VERSION: float(response.version),
    }
    modified = _last_modified(response)
    if modified is not None:
        found[LAST_MODIFIED] = modified
    return found


def _last_modified(response: Response) -> float | None:
    values = response.values(b"last-modified")
    return _http_date(values[0][:64]) if values else None


@lru_cache(maxsize=1024)
def _http_date(value: bytes) -> float | None:
    try:
        at = parsedate_to_datetime(value.decode("ascii"))
        return at.replace(tzinfo=at.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def reply_facts(reply: Reply) -> dict[str, Any]:
    """Return what people want to know of a reply, as JSON values."""
    response = reply.response
    seen: dict[str, Any] = {"status": response.status, "http_version": response.version}
    if reply.redirects:
        seen |= {"redirects": reply.redirects, "final_url": reply.target.shown()}
    return seen | {"body_bytes": response.body_size}
