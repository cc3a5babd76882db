"""The receiver kinds: one module each. They are found by name, so nothing lists them."""

import sys
from collections.abc import Mapping
from typing import Any

from monitor.plugins import plugins
from monitor.receivertype import ReceiverType

ENTRY_POINT_GROUP = "monitor.notifiers"


def receiver_types() -> Mapping[str, ReceiverType[Any]]:
    """Return every receiver kind by name, in name order. Ours win over entry points."""
    return plugins(sys.modules[__name__], "RECEIVER_TYPE", ENTRY_POINT_GROUP)
