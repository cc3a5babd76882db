"""Whom routes name, found once for all checks in which the routes see no difference."""

from collections.abc import Sequence

from monitor.domain.alert import Route, receivers_of
from monitor.domain.check import Check
from monitor.domain.service import Service
from monitor.domain.status import Status

_Seen = tuple[object, ...]


class Routing:
    """Certain routes, and what was found by them.

    Each look at 10,000 open incidents asks for all of them. What is kept depends on nothing but
    what routes ask of a service and a check, so it holds for as long as the routes do.
    """

    def __init__(self, routes: Sequence[Route] = ()) -> None:
        self.routes = tuple(routes)
        self._services = frozenset().union(*(each.match.services for each in self.routes))
        self._labels = sorted({name for each in self.routes for name in each.match.labels})
        self._found: dict[_Seen, tuple[str, ...]] = {}

    def receivers(
        self, service: Service, check: Check, status: Status | None, *, in_care: bool = False
    ) -> tuple[str, ...]:
        """Return what `receivers_of` does."""
        seen = self._seen(service, check), status, in_care
        found = self._found.get(seen)
        if found is None:
            found = receivers_of(self.routes, service, check, status, in_care=in_care)
            self._found[seen] = found
        return found

    def _seen(self, service: Service, check: Check) -> _Seen:
        """Return all that routes ask of a check: of names that none asks for, nothing."""
        named = service.id if service.id in self._services else None
        labels = tuple(check.labels.get(name) for name in self._labels) if self._labels else None
        return service.owner, named, service.criticality, check.type, labels
