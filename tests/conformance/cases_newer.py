"""What blackbox_exporter learned after 0.23, and what only the daemon does."""

from tests.conformance.case import Newer

CASES: tuple[Newer, ...] = ()
