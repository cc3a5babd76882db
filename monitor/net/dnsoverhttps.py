"""One question to a name server over HTTPS (RFC 8484)."""

from base64 import urlsafe_b64encode

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.dnsclient import (
    DnsAnswer,
    Options,
    QueryTrace,
    Transport,
    decoded,
    with_edns_or_without,
)
from monitor.net.dnsmessage import Question, is_reply
from monitor.net.dnsserver import NameServer
from monitor.net.dnswire import aged
from monitor.net.errors import NetError
from monitor.net.fetch import Reply, Request, make_request
from monitor.net.network import Network
from monitor.net.resolver import Family
from monitor.net.trace import Trace
from monitor.net.urls import Origin, Target

_MEDIA_TYPE = "application/dns-message"
_LARGEST_MESSAGE = 65_535
_LONGEST_AGE = 10  # digits


async def ask_over_https(
    server: NameServer,
    question: Question,
    *,
    network: Network,
    family: Family,
    options: Options,
    deadline: float,
    trace: QueryTrace,
) -> DnsAnswer:
    """Return the server's answer to a question, whatever its response code.

    HTTP/2 is offered, and HTTP/1.1 taken. No redirect is followed. What a cache kept has grown
    older by its `Age`, which its TTLs don't know (RFC 8484, 5.1). Raises NetError: what a fetch
    raises, STATUS or HEADER for an answer that holds no DNS message, or PROTOCOL for one that
    answers something else.
    """

    async def exchange(query: bytes, _: Options) -> DnsAnswer:
        way = Trace()
        request = _request(server, query, family, options)
        try:
            reply = await network.fetch(request, deadline=deadline, trace=way)
        finally:
            trace.add(way)
            if way.address is not None:
                trace.server = NameServer(way.address, server.port)
        wire = _message_in(reply)
        if not is_reply(query, wire):
            detail = f"{request.target.shown()}: the answer is to another question"
            raise NetError(FailureKind.PROTOCOL, detail, answered=True)
        return DnsAnswer(
            message=aged(decoded(wire, request.target.shown()), _age_seconds(reply)),
            server=trace.server or server,
            transport=Transport.HTTPS,
            wire=wire,
            http_version=reply.response.version,
        )

    # The id is 0, so that a cache on the way knows the same question again (RFC 8484, 4.1).
    return await with_edns_or_without(exchange, question, options, query_id=0)


def _request(server: NameServer, query: bytes, family: Family, options: Options) -> Request:
    path = options.path
    if options.get:
        encoded = urlsafe_b64encode(query).decode().rstrip("=")
        path = f"{path}{'&' if '?' in path else '?'}dns={encoded}"
    fields = [("Accept", _MEDIA_TYPE)]
    if not options.get:
        fields.append(("Content-Type", _MEDIA_TYPE))
    return make_request(
        Target(Origin("https", server.host, server.port), path),
        method="GET" if options.get else "POST",
        fields=tuple(fields),
        body=b"" if options.get else query,
        tls=options.tls,
        family=family,
        largest_body=_LARGEST_MESSAGE,
        http2=True,
    )


def _message_in(reply: Reply) -> bytes:
    response = reply.response
    if response.failure is not None:
        raise response.failure
    if not 200 <= response.status <= 299:
        detail = f"status: {response.status}, expected 200-299 ({reply.target.shown()})"
        raise NetError(FailureKind.STATUS, detail, answered=True)
    media_types = [value.decode(errors="replace") for value in response.values(b"content-type")]
    if [one.partition(";")[0].strip().lower() for one in media_types] != [_MEDIA_TYPE]:
        got = visible_text(", ".join(media_types), 80) or "none"
        detail = f"content-type: {got}, expected {_MEDIA_TYPE} ({reply.target.shown()})"
        raise NetError(FailureKind.HEADER, detail, answered=True)
    return bytes(response.body)


def _age_seconds(reply: Reply) -> int:
    """Return how long a cache on the way kept an answer, 0 where none says so readably."""
    ages = reply.response.values(b"age")
    return int(ages[0][:_LONGEST_AGE]) if len(ages) == 1 and ages[0].isdigit() else 0
