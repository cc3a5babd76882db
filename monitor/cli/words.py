"""Statuses, kinds of failure and causes in plain words."""

from monitor.domain.observation import FailureKind, UnknownCause
from monitor.domain.status import Status

GLYPHS = {Status.UP: "✓", Status.DEGRADED: "!", Status.DOWN: "✗", Status.UNKNOWN: "?"}

COLOURS = {
    Status.UP: "green",
    Status.DEGRADED: "yellow",
    Status.DOWN: "red",
    Status.UNKNOWN: "magenta",
}

KINDS = {
    FailureKind.RESOLVE_NXDOMAIN: "the name does not exist",
    FailureKind.RESOLVE_SERVFAIL: "the name servers failed to answer for the name",
    FailureKind.RESOLVE_TIMEOUT: "no name server answered in time",
    FailureKind.RESOLVE_REFUSED: "the name server refused to answer",
    FailureKind.RESOLVE_NODATA: "the name has no record of this type",
    FailureKind.CONNECT_REFUSED: "nothing listens on that port",
    FailureKind.CONNECT_TIMEOUT: "no connection came about in time",
    FailureKind.CONNECT_UNREACHABLE: "the host cannot be reached",
    FailureKind.CONNECT_RESET: "the connection was cut",
    FailureKind.TLS_EXPIRED: "the certificate has expired",
    FailureKind.TLS_NOT_YET_VALID: "the certificate is not valid yet",
    FailureKind.TLS_HOSTNAME: "the certificate is for another name",
    FailureKind.TLS_UNTRUSTED: "the certificate is from an issuer that is not trusted",
    FailureKind.TLS_SELF_SIGNED: "the certificate vouches for itself",
    FailureKind.TLS_REVOKED: "the certificate was revoked",
    FailureKind.TLS_PROTOCOL: "no TLS session came about",
    FailureKind.TLS_OTHER: "TLS failed",
    FailureKind.PROXY: "the proxy failed",
    FailureKind.TIMEOUT: "it took too long",
    FailureKind.PROTOCOL: "the answer breaks the protocol",
    FailureKind.TRUNCATED: "the answer broke off",
    FailureKind.TOO_LARGE: "the answer is too large",
    FailureKind.REDIRECT_LOOP: "it redirects without end",
    FailureKind.REDIRECT_REFUSED: "it redirects to where no check follows",
    FailureKind.STATUS: "it answered with another status than expected",
    FailureKind.HEADER: "a header is not as expected",
    FailureKind.BODY: "the page is not as expected",
    FailureKind.JSON: "the JSON is not as expected",
    FailureKind.ANSWER: "the answer is not as expected",
    FailureKind.DNSSEC: "the DNSSEC signatures don't hold",
    FailureKind.STARTTLS: "it would not switch to TLS",
    FailureKind.BANNER: "it greets otherwise than expected",
    FailureKind.SLOW: "it is slow",
    FailureKind.EXPIRES_SOON: "something expires soon",
    FailureKind.CHANGED: "something has changed",
    FailureKind.LATE: "a sign of life is late",
    FailureKind.LOST: "packets were lost",
    FailureKind.STEP: "a step failed",
    FailureKind.REFUSED_BY_POLICY: "the address policy forbids it",
    FailureKind.INTERNAL: "Pantau itself made a mistake",
}

CAUSES = {
    UnknownCause.MONITOR_STOPPED: "Pantau was not running",
    UnknownCause.SELF_OFFLINE: "our own network is down",
    UnknownCause.RESOLVER: "our own name resolution is down",
    UnknownCause.OVERLOADED: "this machine was overloaded",
    UnknownCause.CLOCK_STEP: "the clock was set",
    UnknownCause.TOO_FEW_VANTAGES: "too few places could look",
    UnknownCause.LOCAL: "this machine could not probe",
    UnknownCause.INTERNAL: "Pantau itself made a mistake",
    UnknownCause.NO_DATA: "there is nothing yet to judge it by",
}
