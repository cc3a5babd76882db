import pytest
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def logs():
    """Keep what is logged, as dictionaries: a traceback drawn with its variables takes minutes."""
    with capture_logs() as events:
        yield events
