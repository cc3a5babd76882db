"""How a check of type tcp is made: one connection, and what was said on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.checktype import ProbeContext
from monitor.conditions.dialogue import Conversation, Mismatch, Miss, Step
from monitor.conditions.expansion import expand
from monitor.domain.blackbox import FAILED_DUE_TO_BYTES, FAILED_DUE_TO_REGEX
from monitor.domain.observation import Failure, FailureKind, Outcome, Series, series
from monitor.domain.secrecy import hidden
from monitor.domain.text import veiled, visible_text
from monitor.fields.patterns import Groups, Pattern
from monitor.net.connection import Stream
from monitor.net.errors import NetError
from monitor.net.report import days_left, facts, failed, judged, measurements
from monitor.net.resolver import Family
from monitor.net.trace import Phase, Trace
from monitor.probes.tcp.spec import TcpSpec, TcpStep

LARGEST_ANSWER = 16_384
_SHOWN_GROUPS = 20
_SHOWN_BYTES = 256

_FAILED_DUE_TO_REGEX = series(FAILED_DUE_TO_REGEX[0])
_FAILED_DUE_TO_BYTES = series(FAILED_DUE_TO_BYTES[0])


@dataclass(slots=True)
class Said:
    """What the target said: the `answer`, in a dialogue its last line, and the groups' contents.

    `failure` is what it broke of a dialogue, `miss` how; `step` (from 1) is the last that began.
    """

    answer: bytearray = field(default_factory=bytearray)
    captures: dict[str, str] = field(default_factory=dict)
    failure: Failure | None = None
    miss: Miss | None = None
    step: int = 0


async def attempt(spec: TcpSpec, context: ProbeContext, family: Family) -> Outcome:
    """Return how one connection went."""
    trace, said = Trace(), Said()
    secrets = {name: secret.reveal() for name, secret in spec.secrets.items()}
    error = None
    try:
        await _converse(spec, context, family, trace, said, secrets)
    except NetError as raised:
        error = raised
    trace.leave()
    verdict = _verdict(spec, said, trace, error, context.now.timestamp())
    veil = hidden(secrets.values())
    told = None if verdict is None else Failure(verdict.kind, veiled(verdict.detail, veil))
    measured = measurements(trace) | _numbers(said, verdict)
    seen = facts(trace, insecure=spec.insecure) | _seen(said, veil)
    if error is not None and told is not None and told.kind is error.failure.kind:
        return replace(failed(error, measured, seen), failure=told)
    degraded = told is not None and told.kind is FailureKind.EXPIRES_SOON
    return judged(told, measured, seen, degraded=degraded)


def _verdict(
    spec: TcpSpec, said: Said, trace: Trace, error: NetError | None, now: float
) -> Failure | None:
    failure = None if error is None else error.failure
    if spec.dialogue:
        failure = judge_dialogue(spec, said, failure) or _too_slow(spec, trace.seconds)
    else:
        failure = judge(spec, bytes(said.answer), trace.seconds, failure)
    return failure or _ends_soon(spec, days_left(trace, now))


def _numbers(said: Said, verdict: Failure | None) -> dict[Series, float]:
    no_match = said.miss is Miss.NO_LINE or (
        said.miss is None and verdict is not None and verdict.kind is FailureKind.BANNER
    )
    return {
        _FAILED_DUE_TO_REGEX: float(no_match),
        _FAILED_DUE_TO_BYTES: float(said.miss is Miss.OTHER_BYTES),
    }


def _seen(said: Said, veil: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if said.answer:
        found["received"] = veiled(visible_text(bytes(said.answer)), veil)
    if said.captures:
        found["captures"] = {name: veiled(text, veil) for name, text in said.captures.items()}
    return found


async def _converse(  # noqa: PLR0917 - each is what it is called
    spec: TcpSpec,
    context: ProbeContext,
    family: Family,
    trace: Trace,
    said: Said,
    secrets: Mapping[str, str],
) -> None:
    """Connect and talk; what is heard goes to `said`. Raises NetError."""
    stream = await context.network.connect(
        spec.host,
        spec.port,
        deadline=context.deadline,
        trace=trace,
        family=family,
        tls=spec.tls_settings if spec.tls else None,
    )
    try:
        if spec.dialogue:
            await _step_by_step(stream, _Leader(spec, context, said, secrets))
            return
        if spec.send is not None:
            trace.enter(Phase.PROCESSING)
            await stream.send(spec.send.encode())
        if spec.expect.receive_matches is not None:
            trace.enter(Phase.PROCESSING)
            await _receive(stream, spec.expect.receive_matches, said.answer)
    finally:
        stream.finish()


async def _receive(stream: Stream, pattern: Pattern, answer: bytearray) -> None:
    """Collect in `answer` what comes, until it matches, ends, or is too much."""
    while len(answer) < LARGEST_ANSWER and not pattern.search(bytes(answer)):
        octets = await stream.receive(LARGEST_ANSWER - len(answer))
        if not octets:
            return
        answer += octets


async def _step_by_step(stream: Stream, leader: "_Leader") -> None:
    steps = [
        Step(expect=step.expect, expect_bytes=step.octets, starttls=step.starttls)
        for step in leader.spec.dialogue
    ]
    conversation = Conversation(stream, steps, leader)
    try:
        await conversation.run()
    finally:
        leader.said.answer += conversation.latest


class _Leader:
    """Leads a dialogue as the check has it, and keeps what the target said."""

    def __init__(
        self, spec: TcpSpec, context: ProbeContext, said: Said, secrets: Mapping[str, str]
    ) -> None:
        self.spec = spec
        self.said = said
        self._context = context
        self._known: dict[int | str, bytes] = {
            name: text.encode() for name, text in secrets.items()
        }

    @property
    def _step(self) -> TcpStep:
        return self.spec.dialogue[self.said.step - 1]

    def begins(self, number: int) -> None:
        self.said.step = number + 1

    def heard(self, groups: Groups) -> None:
        if self._step.expect is None:
            return
        lasting = ((name, text) for name, text in self._known.items() if isinstance(name, str))
        self._known = {**dict(lasting), **groups}
        captures = self.said.captures
        for name, octets in telling(groups).items():
            if len(captures) < _SHOWN_GROUPS or name in captures:
                captures[name] = visible_text(octets, _SHOWN_BYTES)

    def missed(self, mismatch: Mismatch) -> None:
        self.said.failure, self.said.miss = mismatch.failure, mismatch.miss

    def words(self) -> bytes:
        step = self._step
        if step.send_hex is not None:
            return bytes.fromhex(step.send_hex)
        return expand(step.send or "", self._known)

    async def start_tls(self, stream: Stream, unread: int) -> None:
        if unread:
            detail = (
                f"the target sent {unread} more bytes in the clear after agreeing to TLS; "
                "somebody may have slipped them in"
            )
            raise NetError(FailureKind.STARTTLS, detail, answered=True)
        settings = self.spec.tls_settings
        context = self._context.network.contexts.get(settings)
        await stream.start_tls(context, settings, self.spec.server_name or self.spec.host)


def telling(groups: Groups) -> dict[str, bytes]:
    """Return the groups that are worth showing: those with names if there are any, else all."""
    named = {name: text for name, text in groups.items() if isinstance(name, str)}
    return named or {str(name): text for name, text in groups.items() if name != 0}


def judge_dialogue(spec: TcpSpec, said: Said, failure: Failure | None) -> Failure | None:
    """Return why a dialogue fails, with its step, or None. `failure` is the network's.

    Lines that came but do not match say more than that time was up.
    """
    broken = said.failure or failure
    if broken is None or not said.step:
        return broken
    step = spec.dialogue[said.step - 1]
    kind, detail = broken.kind, broken.detail
    if kind is FailureKind.TIMEOUT and said.answer and step.expect is not None:
        got = visible_text(bytes(said.answer), 200)
        kind = FailureKind.BANNER
        detail = f"received {got!r} last, expected a line to match {step.expect.text!r}; {detail}"
    if kind is FailureKind.BANNER and step.starttls:
        kind = FailureKind.STARTTLS
    return Failure(kind, f"step {said.step}: {detail}")


def judge(spec: TcpSpec, answer: bytes, seconds: float, failure: Failure | None) -> Failure | None:
    """Return why a check without a dialogue fails, or None. `failure` is the network's.

    An answer that came in part but does not match says more than that time was up.
    """
    pattern = spec.expect.receive_matches
    if failure is not None and not (answer and failure.kind is FailureKind.TIMEOUT):
        return failure
    if pattern is not None and not pattern.search(answer):
        got = repr(visible_text(answer, 200)) if answer else "nothing"
        return Failure(FailureKind.BANNER, f"received {got}, expected to match {pattern.text!r}")
    return _too_slow(spec, seconds) or failure


def _too_slow(spec: TcpSpec, seconds: float) -> Failure | None:
    longest = spec.expect.max_duration
    if longest is None or seconds <= longest.total_seconds():
        return None
    detail = f"took {seconds:.3f} s, expected at most {longest.total_seconds():g} s"
    return Failure(FailureKind.SLOW, detail)


def _ends_soon(spec: TcpSpec, left: float | None) -> Failure | None:
    """Return that the certificate ends soon, which only degrades. `left` is in days."""
    least = spec.expect.min_days
    if least is None or left is None or left >= least:
        return None
    detail = f"certificate expires in {left:.1f} days, expected at least {least}"
    return Failure(FailureKind.EXPIRES_SOON, detail)
