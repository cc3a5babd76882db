"""What a server says is heard within bounds."""

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.reader import LARGEST_DIALOGUE, Reader
from tests.streams import Saying


@pytest.mark.parametrize(("keys", "largest"), [({}, LARGEST_DIALOGUE), ({"largest": 10}, 10)])
async def test_a_server_is_heard_up_to_a_bound(keys, largest):
    """As many bytes as a protocol needs are taken from a server, and no more."""
    server = Saying(b"x" * largest, b"yz")
    reader = Reader(server, "test", **keys)

    assert await reader.exactly(largest) == b"x" * largest
    with pytest.raises(NetError, match=f"over {largest} bytes and no end") as raised:
        await reader.exactly(1)
    assert raised.value.failure.kind is Kind.PROTOCOL
