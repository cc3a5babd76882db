"""Python's garbage collector, kept from stopping the daemon.

A full collection looks at everything that lives: at ten thousand checks it holds the loop for a
third of a second, and without care there is one every few seconds. Almost all that a check leaves
behind is freed without it, by counting references.
"""

import gc

_YOUNG = 5_000
_MIDDLE = 50
_NEVER = 1_000_000_000


def tame_collector() -> None:
    """Collect only what is young; a full collection is left to the scheduler, once an hour.

    What was configured lives as long as the daemon, and is not looked at again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)
