"""A module's `query_response`: what it says, and what its log and its numbers tell of it."""

from collections.abc import Awaitable, Callable

from monitor.blackbox.modules import QueryResponse
from monitor.blackbox.run import Run
from monitor.conditions.dialogue import Conversation, Mismatch, Miss, Step
from monitor.conditions.expansion import expand
from monitor.domain.observation import Failure, Series, series
from monitor.domain.text import visible_text
from monitor.fields.patterns import Groups
from monitor.net.connection import Stream

FAILED_DUE_TO_REGEX = series("probe_failed_due_to_regex")
FAILED_DUE_TO_BYTES = series("probe_failed_due_to_bytes")


async def converse(
    stream: Stream,
    steps: tuple[QueryResponse, ...],
    run: Run,
    start_tls: Callable[[Stream], Awaitable[None]],
) -> Failure | None:
    """Go through the steps; return why the target broke one, or None. Raises NetError.

    `start_tls` makes the handshake.
    """
    plain = [
        Step(
            expect=step.expect,
            expect_bytes=step.expect_bytes.encode(),
            starttls=step.starttls,
        )
        for step in steps
    ]
    mismatch = await Conversation(stream, plain, _Module(steps, run, start_tls)).run()
    return None if mismatch is None else mismatch.failure


class _Module:
    """Leads a conversation as blackbox_exporter does."""

    def __init__(
        self,
        steps: tuple[QueryResponse, ...],
        run: Run,
        start_tls: Callable[[Stream], Awaitable[None]],
    ) -> None:
        self._steps = steps
        self._run = run
        self._start_tls = start_tls
        self._number = 0
        self._groups: Groups = {}

    @property
    def _step(self) -> QueryResponse:
        return self._steps[self._number]

    def begins(self, number: int) -> None:
        self._number, self._groups = number, {}
        self._run.steps.info("Processing query response entry", entry_number=number)

    def heard(self, groups: Groups) -> None:
        step, self._groups = self._step, groups
        if step.expect is None:
            self._run.steps.info("Bytes matched", bytes=len(step.expect_bytes.encode()))
            return
        self._run.steps.info("Regexp matched", regexp=step.expect.text)
        if step.labels:
            self._run.numbers[_information(step, groups)] = 1.0

    def missed(self, mismatch: Mismatch) -> None:
        steps, step = self._run.steps, self._step
        match mismatch.miss:
            case Miss.NO_LINE:
                pattern = "" if step.expect is None else step.expect.text
                steps.error("Regexp did not match", regexp=pattern)
                self._run.numbers[FAILED_DUE_TO_REGEX] = 1.0
            case Miss.FEWER_BYTES:
                expected = len(step.expect_bytes.encode())
                count = mismatch.count
                steps.error("Read less data than expected", expected=expected, bytes=count)
            case Miss.OTHER_BYTES:
                steps.error("Bytes did not match")
                self._run.numbers[FAILED_DUE_TO_BYTES] = 1.0

    def words(self) -> bytes:
        """Return the line to send. Only after `expect` it is a template."""
        step = self._step
        if not step.send:
            return b""
        self._run.steps.debug("Sending line", entry_number=self._number)
        text = step.send.encode() if step.expect is None else expand(step.send, self._groups)
        return text + b"\n"

    async def start_tls(self, stream: Stream, unread: int) -> None:
        if unread:
            self._run.steps.info("Left out what came in the clear", bytes=unread)
        await self._start_tls(stream)


def _information(step: QueryResponse, groups: Groups) -> Series:
    texts = {label.name: expand(label.value, groups) for label in step.labels}
    return series("probe_expect_info", **{name: visible_text(text) for name, text in texts.items()})
