"""What this process may use of its machine."""

import resource

import structlog

log = structlog.get_logger()

# For the store, the listeners and their clients, the outbox, standard streams.
_RESERVED_DESCRIPTORS = 96
_FEWEST_PROBES = 8


def probes_at_once(wanted: int) -> int:
    """Return how many probes may run at once: `wanted`, or what file descriptors allow.

    The soft limit is raised to the hard one first, as far as that helps.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _RESERVED_DESCRIPTORS
    if soft < needed and (hard == resource.RLIM_INFINITY or soft < hard):
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    size = fitting(wanted, soft)
    if size < wanted:
        log.warning("limits.descriptors", wanted=wanted, probes=size, descriptors=soft)
    return size


def fitting(wanted: int, descriptors: int) -> int:
    """Return how many of `wanted` probes fit in `descriptors`, one for each."""
    if descriptors == resource.RLIM_INFINITY:
        return wanted
    return min(wanted, max(_FEWEST_PROBES, descriptors - _RESERVED_DESCRIPTORS))
