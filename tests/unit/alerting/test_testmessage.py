"""`pantau notify test` sends one message and tells what became of it."""

import base64

from monitor.alerting import testmessage
from tests.fakes import NOON, FakeClock, RecordingNotifier, refusal


async def test_delivered():
    """A test message goes out at once, and its result shows what was sent."""
    notifier = RecordingNotifier()

    result = await testmessage.send_test(notifier, "oncall", FakeClock())

    assert (result.delivered, result.detail, result.started_at) == (True, "", NOON)
    assert [one.body for one in notifier.delivered] == [result.body]
    assert base64.b32decode(result.id + "======")


async def test_two_tests_are_two_messages():
    """Each test has an id of its own, so that no receiver takes it for a repetition."""
    clock, notifier = FakeClock(), RecordingNotifier()
    first = await testmessage.send_test(notifier, "oncall", clock)
    clock.advance(0.001)
    second = await testmessage.send_test(notifier, "oncall", clock)

    assert first.id != second.id


async def test_failure_is_shown():
    """What the receiver answered is the result, not an exception."""
    result = await testmessage.send_test(RecordingNotifier(refusal()), "oncall", FakeClock())

    assert (result.delivered, result.detail) == (False, "status 503")


async def test_bug_is_shown():
    """A bug of ours is a result too."""
    result = await testmessage.send_test(RecordingNotifier(KeyError()), "oncall", FakeClock())

    assert result.detail == "our fault: KeyError"
