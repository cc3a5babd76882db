"""What this process may use of its machine."""

import resource

import structlog

log = structlog.get_logger()

# For the store, the listeners and their clients, the outbox, standard streams.
_RESERVED_DESCRIPTORS = 96
_FEWEST_PROBES = 8


def probes_at_once(wanted: int, reserved: int = 0) -> int:
    """Return how many probes may run at once: `wanted`, or what file descriptors allow.

    The soft limit is raised to the hard one first, as far as that helps. `reserved` descriptors
    are for others.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reserved += _RESERVED_DESCRIPTORS
    needed = wanted + reserved
    if soft < needed and (hard == resource.RLIM_INFINITY or soft < hard):
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    size = fitting(wanted, soft, reserved)
    if size < wanted:
        log.warning("limits.descriptors", wanted=wanted, probes=size, descriptors=soft)
    return size


def fitting(wanted: int, descriptors: int, reserved: int = _RESERVED_DESCRIPTORS) -> int:
    """Return how many of `wanted` probes fit in `descriptors`, one for each, but for `reserved`."""
    if descriptors == resource.RLIM_INFINITY:
        return wanted
    return min(wanted, max(_FEWEST_PROBES, descriptors - reserved))
