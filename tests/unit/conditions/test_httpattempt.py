"""One fetch, judged: what is measured, told and kept quiet about."""

from datetime import UTC, datetime

import pytest

from monitor.conditions.cel import Cel
from monitor.conditions.http import BodyRule, Condition, HeaderRule, HttpConditions
from monitor.conditions.httpattempt import attempt
from monitor.domain.observation import FailureKind, OutcomeStatus, series
from monitor.fields.patterns import Pattern
from monitor.net.errors import NetError
from monitor.net.fetch import Reply, make_request
from monitor.net.http1 import Http1Response
from monitor.net.redirects import RedirectRules, location
from monitor.net.urls import parse_target

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
REGEX, CEL = series("probe_failed_due_to_regex"), series("probe_failed_due_to_cel")
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc"


class Replying:
    """A network that has one answer: the bytes of a response, or an error."""

    def __init__(self, answer):
        self.answer = answer

    async def fetch(self, request, *, deadline, trace, pinned=None):
        if isinstance(self.answer, NetError):
            raise self.answer
        response = Http1Response(method=request.method)
        response.feed(self.answer)
        response.end()
        leads_to = location(response)
        if leads_to is None:
            return Reply(response, request.target, 0)
        return Reply(response, parse_target(leads_to, request.target), 1)


def ok(body=b'{"status": "up"}', *headers):
    head = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


async def attempted(answer, marked=(), *, url="http://portal.test/", **conditions):
    return await attempt(
        Replying(answer),
        make_request(parse_target(url), redirects=RedirectRules()),
        HttpConditions(**conditions),
        deadline=0,
        now=NOW,
        marked=marked,
    )


HEADER = {"headers": (HeaderRule("age", Pattern("."), matches=True),)}
BODY = {"body": (BodyRule(Pattern("x"), matches=True),)}
UP = {"cel_matches": Cel("body.status == 'up'")}
DOWN = {"cel_not_matches": Cel("body.status == 'up'")}


@pytest.mark.parametrize(
    ("answer", "conditions", "regex", "cel"),
    [
        (ok(), {}, 0, None),
        (ok(), HEADER, 1, None),
        (ok(), BODY, 1, None),
        (ok(), UP, 0, 0),
        (ok(), DOWN, 0, 1),
        (ok(b"<html>"), UP, 0, 1),
        (ok(), UP | BODY, 1, 0),
        (CUT, {}, 0, None),
        (CUT, BODY, 1, None),
        (CUT, UP, 0, 1),
        (CUT, UP | BODY, 1, 0),
        (ok(), {"statuses": ((404, 404),)} | BODY | UP, 0, 0),
        (NetError(FailureKind.CONNECT_REFUSED, "no"), BODY | UP, 0, 0),
    ],
)
async def test_what_failed_due_to_a_rule(answer, conditions, regex, cel):
    """The two series of rules are as blackbox_exporter has them: the one of CEL only with CEL."""
    measured = (await attempted(answer, **conditions)).outcome.measurements

    assert measured[REGEX] == regex
    assert measured.get(CEL) == cel


async def test_secrets_are_veiled_in_every_failure():
    """What a page or an error repeats of a secret is told to nobody."""
    page = await attempted(ok(b"token s3cr3t-t0ken"), ["s3cr3t-t0ken"], **BODY)
    error = await attempted(NetError(FailureKind.PROXY, "no s3cr3t-t0ken"), ["s3cr3t-t0ken"])

    assert "begins 'token ***'" in page.outcome.failure.detail
    assert error.outcome.failure.detail == "no ***"


async def test_secrets_of_the_request_are_veiled():
    """What the request itself says is secret need not be marked, also where a redirect shows it."""
    url = "http://portal.test/?token=s3cr3t-t0ken"
    page = await attempted(ok(b"token s3cr3t-t0ken"), url=url, **BODY)
    led = await attempted(
        b"HTTP/1.1 302 F\r\nLocation: /in/s3cr3t-t0ken/home\r\nContent-Length: 0\r\n\r\n",
        url=url,
        statuses=((302, 302),),
    )

    assert "begins 'token ***'" in page.outcome.failure.detail
    assert led.outcome.facts["final_url"] == "http://portal.test/in/***/home"


async def test_secrets_are_veiled_in_all_that_is_told():
    """Where a redirect repeats a secret and the page behind it fails, both are told without it."""
    led = await attempted(
        b"HTTP/1.1 302 F\r\nLocation: /s3cr3t-t0ken\r\nX-Seen: s3cr3t-t0ken\r\n\r\n",
        (one for one in ["s3cr3t-t0ken"]),
        statuses=((302, 302),),
        headers=(HeaderRule("x-seen", Pattern("^$"), matches=True),),
    )

    assert led.outcome.facts["final_url"] == "http://portal.test/***"
    assert led.outcome.failure.detail.startswith("header x-seen: '***'")


async def test_without_a_response():
    """A network error is the outcome; there is no reply and no condition."""
    refused = await attempted(NetError(FailureKind.CONNECT_REFUSED, "no"))

    assert refused.outcome.status is OutcomeStatus.FAILED
    assert (refused.reply, refused.broken) == (None, None)
    assert refused.outcome.measurements[series("probe_http_status_code")] == 0


async def test_what_is_broken_comes_along():
    """Who shares the attempt sees which condition it was, and the reply."""
    failed = await attempted(ok(), **HEADER)

    assert failed.broken.condition is Condition.HEADERS
    assert failed.reply.response.status == 200
    assert failed.outcome.facts["status"] == 200


async def test_age_goes_by_last_modified():
    """The age is that of the resource, in days before now; its date is measured and shown."""
    old = ok(b"", b"Last-Modified: Sun, 22 Nov 2026 08:00:00 GMT")

    young, stale = [await attempted(old, max_age_seconds=days * 86_400.0) for days in (3, 1)]

    assert young.outcome.status is OutcomeStatus.OK
    assert stale.outcome.failure.detail == "last modified: 2d ago, expected at most 1d ago"
    modified = datetime(2026, 11, 22, 8, tzinfo=UTC).timestamp()
    assert stale.outcome.facts["last_modified"] == modified
    measured = stale.outcome.measurements
    assert measured[series("probe_http_last_modified_timestamp_seconds")] == modified
