"""What an operating system's error says about a target, or about us."""

import errno

import pytest

from monitor.domain.observation import FailureKind, UnknownCause
from monitor.net.faults import OURS, THEIRS, refused_by_them, refused_by_us

LOCAL, OFFLINE = UnknownCause.LOCAL, UnknownCause.SELF_OFFLINE


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("EMFILE", LOCAL),
        ("ENFILE", LOCAL),
        ("ENOBUFS", LOCAL),
        ("ENOMEM", LOCAL),
        ("EADDRNOTAVAIL", LOCAL),
        ("EADDRINUSE", LOCAL),
        ("EAGAIN", LOCAL),
        ("EPERM", LOCAL),
        ("EACCES", LOCAL),
        ("EINVAL", LOCAL),
        ("EAFNOSUPPORT", LOCAL),
        ("EPROTONOSUPPORT", LOCAL),
        ("ENETDOWN", OFFLINE),
        ("ENETUNREACH", OFFLINE),
    ],
)
def test_a_refusal_of_our_own_kernel_is_never_the_targets(code, cause):
    """An error that a call of ours gives, before anything left the machine, is unknown."""
    error = refused_by_us(OSError(getattr(errno, code), "text"), "connect to 192.0.2.1:80")

    assert error.cause is cause
    assert error.failure.detail == f"connect to 192.0.2.1:80: text ({code})"
    assert not error.answered


def test_the_table_of_our_own_errors_is_tested_row_by_row():
    """A new row in the table of our own errors needs a case above."""
    assert len(OURS) == 14


@pytest.mark.parametrize(
    ("code", "kind", "answered"),
    [
        ("ECONNREFUSED", FailureKind.CONNECT_REFUSED, True),
        ("ETIMEDOUT", FailureKind.CONNECT_TIMEOUT, False),
        ("EHOSTUNREACH", FailureKind.CONNECT_UNREACHABLE, False),
        ("EHOSTDOWN", FailureKind.CONNECT_UNREACHABLE, False),
        ("ENETUNREACH", FailureKind.CONNECT_UNREACHABLE, False),
        ("EACCES", FailureKind.CONNECT_UNREACHABLE, False),
        ("ECONNRESET", FailureKind.CONNECT_RESET, True),
        ("ECONNABORTED", FailureKind.CONNECT_RESET, True),
        ("EPIPE", FailureKind.CONNECT_RESET, True),
        ("ENOTCONN", FailureKind.CONNECT_RESET, True),
    ],
)
def test_what_the_network_answers_is_a_failure_of_its_kind(code, kind, answered):
    """An error that comes later than the call was sent by the target, or by a router."""
    error = refused_by_them(OSError(getattr(errno, code), "text"), "connect")

    assert (error.failure.kind, error.cause, error.answered) == (kind, None, answered)


def test_the_table_of_their_errors_is_tested_row_by_row():
    """A new row in the table of the network's errors needs a case above."""
    assert len(THEIRS) == 10


@pytest.mark.parametrize("code", ["EMFILE", "ENOBUFS", "ENOMEM", "EPERM", "ENETDOWN"])
def test_some_errors_are_ours_whenever_they_come(code):
    """Out of memory on an open connection still is no fault of the target."""
    error = refused_by_them(OSError(getattr(errno, code), "text"), "send", connected=True)

    assert error.cause in {LOCAL, OFFLINE}


def test_an_error_that_nobody_foresaw_is_ours():
    """An unknown error number never marks a target as down."""
    assert refused_by_them(OSError(errno.EUCLEAN, "text"), "read").cause is LOCAL
    assert refused_by_us(OSError(errno.EUCLEAN, "text"), "read").cause is LOCAL


def test_a_target_that_refuses_at_once_is_down():
    """A refusal that the connect call itself reports, as on loopback, is the target's."""
    error = refused_by_us(OSError(errno.ECONNREFUSED, "text"), "connect")

    assert (error.failure.kind, error.cause) == (FailureKind.CONNECT_REFUSED, None)
