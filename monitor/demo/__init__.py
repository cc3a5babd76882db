"""A small simulated city on this machine's loopback, and the real daemon that watches it.

Nothing here is needed to run Pantau. It is shown to those who have no city at hand.
"""

from monitor.demo.show import CannotShow, Show, perform

__all__ = ["CannotShow", "Show", "perform"]
