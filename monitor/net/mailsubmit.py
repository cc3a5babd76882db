"""Hand a message to a mail server (RFC 5321). Receivers do that; checks never do.

What a server accepts and what it refuses are values; only a dialogue that breaks off raises.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from monitor.net.errors import NetError
from monitor.net.mail import Heard, Login, go_over, introduce
from monitor.net.mailsmtp import Reply, Smtp
from monitor.net.network import Network
from monitor.net.reader import Reader
from monitor.net.resolver import Family
from monitor.net.trace import Trace
from monitor.net.visit import Visit, connected

HANGS_UP = 421
_GO_ON = 354

_ANY_LINE_END = re.compile(rb"\r\n|\r|\n")
_DOT_AT_THE_START = re.compile(rb"^\.", re.MULTILINE)
_SIZE = re.compile(r"SIZE ([0-9]{1,18})\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who a message is from and for whom, as SMTP has it: addresses alone, in ASCII."""

    sender: str
    recipients: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """How far a message came.

    `question` is what was asked last, `reply` its answer; the server has the message if that is
    the one to `message`, and accepts. `recipients` are its answers for those who were named, none
    where it hung up before all were.
    """

    question: str
    reply: Reply
    recipients: Mapping[str, Reply] = field(default_factory=dict)

    @property
    def taken(self) -> bool:
        """Whether the server answers for the message from now on."""
        return self.question == "message" and self.reply.accepts


class Submission(Smtp):
    """A client of SMTP that sends."""

    async def hand_over(self, envelope: Envelope, message: bytes, limit: int | None) -> Handover:
        """Offer `message` and return how far it came. `limit` is the largest that is taken.

        It is 7-bit text, so that every server can take it. Raises NetError.
        """
        octets = stuffed(message)
        if limit is not None and len(octets) > limit:
            told = f"{len(octets)} bytes are over the server's SIZE {limit}"
            return Handover(question="SIZE", reply=Reply(552, told))
        size = "" if limit is None else f" SIZE={len(octets)}"
        reply = await self._command(f"MAIL FROM:<{envelope.sender}>{size}")
        if not reply.accepts:
            return Handover(question="MAIL FROM", reply=reply)
        recipients = await self._recipients(envelope.recipients)
        reply = list(recipients.values())[-1]
        if reply.code == HANGS_UP:
            return Handover(question="RCPT TO", reply=reply)
        if not any(each.accepts for each in recipients.values()):
            return Handover(question="RCPT TO", reply=reply, recipients=recipients)
        reply = await self._command("DATA")
        if reply.code != _GO_ON:
            return Handover(question="DATA", reply=reply, recipients=recipients)
        await self.reader.send(octets)
        return Handover(question="message", reply=await self._reply(), recipients=recipients)

    async def _recipients(self, addresses: Sequence[str]) -> Mapping[str, Reply]:
        replies: dict[str, Reply] = {}
        for address in addresses:
            reply = replies[address] = await self._command(f"RCPT TO:<{address}>")
            if reply.code == HANGS_UP:
                break
        return replies

    async def hang_up(self) -> None:
        """Say good-bye and await no answer.

        Nothing depends on it, and a server that is slow with it must not make a message that
        it has look like one that it has not.
        """
        await self.reader.send(b"QUIT\r\n")


def stuffed(message: bytes) -> bytes:
    """Return a message as DATA sends it, with the dot that ends it (RFC 5321, 4.5.2).

    Every line ends in CR LF, since servers disagree on what a lone one of these means, and
    another message could hide behind that.
    """
    text = _ANY_LINE_END.sub(b"\r\n", message)
    if not text.endswith(b"\r\n"):
        text += b"\r\n"
    return _DOT_AT_THE_START.sub(b"..", text) + b".\r\n"


def largest_message(offers: Sequence[str]) -> int | None:
    """Return the SIZE that a server offers: None without one, and where 0 stands for no limit."""
    sizes = (match for match in map(_SIZE.match, offers) if match)
    return next((int(match[1]) for match in sizes), 0) or None


async def submit(
    network: Network,
    visit: Visit,
    envelope: Envelope,
    message: bytes,
    *,
    hello: str,
    login: Login | None,
    deadline: float,
) -> Handover:
    """Visit a server, log in, hand it a message and return how far that came.

    `deadline` is a reading of `time.monotonic`. Raises NetError.
    """
    heard = Heard()
    async with connected(
        network, visit, deadline=deadline, trace=Trace(), family=Family.ANY
    ) as stream:
        session = Submission(Reader(stream, visit.protocol), hello)
        await introduce(session, heard, visit.security)
        await go_over(session, heard, network, visit)
        offers = heard.offers or ()
        if login is not None:
            await session.log_in(login, offers)
        handover = await session.hand_over(envelope, message, largest_message(offers))
        if handover.reply.code != HANGS_UP:
            with suppress(NetError):
                await session.hang_up()
        return handover
