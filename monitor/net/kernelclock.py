"""Whether the kernel's clock follows a time server, as adjtimex(2) tells."""

import ctypes
import sys
import time

_STA_UNSYNC = 0x0040
_TIMEX_BYTES = 512  # more than the structure has on any machine
_STATUS_OFFSET = 40  # of the int `status`, where a long has eight bytes


def up_seconds() -> float:
    """Return how long ago the machine was started, the time that it slept included."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def in_step() -> bool | None:
    """Return whether the clock is kept in step, None where that can't be told. Nothing is set."""
    if not sys.platform.startswith("linux") or ctypes.sizeof(ctypes.c_long) != 8:
        return None
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    except (OSError, AttributeError):
        return None
    if answer < 0:
        return None
    status = int.from_bytes(timex.raw[_STATUS_OFFSET : _STATUS_OFFSET + 4], sys.byteorder)
    return not status & _STA_UNSYNC
