"""The seam for receiver kinds: what one is made of.

To add a kind, add a module to `monitor.notifiers` (or name one under the entry-point group
`monitor.notifiers`) that defines RECEIVER_TYPE. Its name is the kind's name in alerts.yaml.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from monitor.domain.acklink import LASTS
from monitor.ports import Notifier

if TYPE_CHECKING:
    from monitor.net.network import Network


class ReceiverSpec(BaseModel):
    """Base of every kind's own fields in alerts.yaml. An unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def warnings(self) -> tuple[str, ...]:
        """Return what `pantau validate` should warn about."""
        return ()


def _uncounted(reason: str) -> None:
    """Count nothing: the command that sends a test has no metrics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverContext:
    """All that a receiver may use of the world, and how its messages are to be worded.

    `name` is the receiver's own. `external_url` is where people reach our pages, without a
    final slash. `language` is `id` or `en`; `zone` is the IANA name of the people's zone.
    `link_key` signs links, None where messages are to have none that act; they hold for
    `link_lasts`.
    `missed` counts, under a bounded reason, a message that not all got whom the receiver names.
    """

    network: "Network"
    external_url: str
    language: str
    zone: str
    name: str = ""
    link_key: bytes | None = field(default=None, repr=False)
    link_lasts: timedelta = LASTS
    missed: Callable[[str], None] = _uncounted


SpecT = TypeVar("SpecT", bound=ReceiverSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverType(Generic[SpecT]):
    """The parts of a receiver kind: its fields, and how a notifier is made from them.

    `is_certain` is False for a kind that may stop working at any time, through nobody's fault
    here: it should not be the only way to tell somebody.
    """

    spec: type[SpecT]
    connect: Callable[[SpecT, ReceiverContext], Notifier]
    is_certain: bool = True
