"""The HTTP prober: one request, judged in blackbox_exporter's order."""

from typing import NoReturn

from monitor.blackbox.certificate import certificate_numbers
from monitor.blackbox.httpmodule import HeaderMatch, HttpModule
from monitor.blackbox.httprequest import MOST_REDIRECTS, oauth2_of, parse_asked, prepare
from monitor.blackbox.log import shown_target, told
from monitor.blackbox.run import Chosen, Run, choose_address
from monitor.conditions.http import BodyRule, Condition, HeaderRule, HttpConditions
from monitor.conditions.httpattempt import Attempt, attempt, rule_numbers
from monitor.domain.blackbox import ADDRESS, CERTIFICATE
from monitor.domain.observation import Failure, FailureKind, series
from monitor.net.errors import NetError
from monitor.net.fetch import Request
from monitor.net.httpreport import FAILED_DUE_TO_CEL, FAILED_DUE_TO_REGEX, fetch_numbers
from monitor.net.redirects import location
from monitor.net.response import Response
from monitor.net.trace import Phase, Trace

_VERSIONS = {"HTTP/1.0": "1.0", "HTTP/1.1": "1.1", "HTTP/2.0": "2", "HTTP/3.0": "3"}
_DURATION = "probe_http_duration_seconds"
_RESOLVE = series(_DURATION, phase="resolve")
_TRANSFER = series(_DURATION, phase="transfer")
_BODY_LENGTH = series("probe_http_uncompressed_body_length")
_STATUS = series("probe_http_status_code")
_OURS = {name for name, _, _ in (*ADDRESS, *CERTIFICATE)}  # taken down by the prober itself
_TLS_KINDS = {kind for kind in FailureKind if kind.name.startswith("TLS_")}


async def probe_http(
    module: HttpModule, target: str, run: Run, hostname: str | None
) -> Failure | None:
    """Fetch the target; return what is wrong with the answer. Raises NetError without one."""
    conditions = http_conditions(module)
    zeros = fetch_numbers(Trace()).items()
    run.numbers |= {key: zero for key, zero in zeros if key[0] != _DURATION}
    run.numbers |= rule_numbers(conditions, None)
    try:
        asked = parse_asked(target, http3=module.enable_http3)
    except ValueError as error:
        run.steps.error("Could not parse target URL", err=str(error))
        return Failure(FailureKind.PROTOCOL, f"{shown_target(target)}: {error}")
    chosen = await _resolve(module, asked.target.origin.host, run)
    run.numbers |= {series(_DURATION, phase=phase): 0.0 for phase in Phase if phase != "resolve"}
    prepared = await prepare(
        module,
        asked,
        run,
        hostname=hostname,
        address=None if chosen is None else chosen.address,
        keep_body=conditions.read_the_body,
    )
    run.steps.info("Making HTTP request", url=asked.target.shown(), host=_host(prepared.request))
    trace = Trace()
    network = run.context.network
    tried = await attempt(
        network,
        prepared.request,
        conditions,
        deadline=run.context.deadline,
        now=run.context.now,
        trace=trace,
        pinned=network.resolver.pinned_class(asked.target.origin.host),
        marked=prepared.marked,
    )
    if prepared.token is not None and _is_refused(tried):
        # Revoked before its time: blackbox_exporter, which keeps none, would ask for another one.
        network.tokens.forget(oauth2_of(module), prepared.token)
    _take_down(tried, trace, run, chosen)
    if tried.reply is None:
        return _without_reply(tried, run)
    return _judged(module, conditions, tried, trace, run)


def _is_refused(tried: Attempt) -> bool:
    return tried.reply is not None and tried.reply.response.status == 401


async def _resolve(module: HttpModule, host: str, run: Run) -> Chosen | None:
    """Return the address to dial; None where a proxy finds it. Raises NetError."""
    if module.skip_resolve_phase_with_proxy and module.proxy_url:
        return None
    chosen: Chosen | None = None
    try:
        chosen = await choose_address(
            run, host, module.preferred_ip_protocol, fallback=module.ip_protocol_fallback
        )
    finally:
        run.numbers[_RESOLVE] = run.numbers[series(ADDRESS[0][0])]
    return chosen


def http_conditions(module: HttpModule) -> HttpConditions:
    """Return the rules of a module as conditions."""
    codes = tuple((code, code) for code in module.valid_status_codes)
    matching, missing = module.fail_if_body_matches_regexp, module.fail_if_body_not_matches_regexp
    tls = False if module.fail_if_ssl else None
    return HttpConditions(
        statuses=codes or ((200, 299),),
        versions=tuple(_VERSIONS.get(name, f"{name!r}") for name in module.valid_http_versions),
        headers=(
            *(_header_rule(rule, matches=False) for rule in module.fail_if_header_matches),
            *(_header_rule(rule, matches=True) for rule in module.fail_if_header_not_matches),
        ),
        body=(
            *(BodyRule(pattern, matches=False) for pattern in matching),
            *(BodyRule(pattern, matches=True) for pattern in missing),
        ),
        cel_not_matches=module.fail_if_body_json_matches_cel,
        cel_matches=module.fail_if_body_json_not_matches_cel,
        tls=True if module.fail_if_not_ssl and tls is None else tls,
    )


def _header_rule(rule: HeaderMatch, *, matches: bool) -> HeaderRule:
    return HeaderRule(rule.header, rule.regexp, matches, rule.allow_missing)


def _host(request: Request) -> str:
    return next((value for name, value in request.sent if name.lower() == "host"), "")


def _take_down(tried: Attempt, trace: Trace, run: Run, chosen: Chosen | None) -> None:
    """Note the numbers, the facts and the steps of an attempt."""
    outcome, steps = tried.outcome, run.steps
    durations = {series(_DURATION, phase=phase): trace.phases.get(phase, 0.0) for phase in Phase}
    run.numbers |= {key: n for key, n in outcome.measurements.items() if key[0] not in _OURS}
    run.numbers |= durations
    if chosen is not None:
        run.numbers[_RESOLVE] += chosen.seconds
    elif not trace.redirects:
        del run.numbers[_RESOLVE]  # nothing but the proxy's own name was looked up
    if _tells_of_tls(tried):
        run.numbers |= certificate_numbers(trace, cipher=True)
    run.facts |= {key: value for key, value in outcome.facts.items() if key != "address"}
    run.answered = outcome.answered
    if trace.redirects:
        steps.info("Received redirect", count=trace.redirects)
    if tried.reply is not None:
        steps.info("Received HTTP response", status_code=tried.reply.response.status)
    steps.info("Response timings", **{str(phase): value for phase, value in trace.phases.items()})


def _tells_of_tls(tried: Attempt) -> bool:
    """Say whether the last handshake is that of the last response, or the reason there is none."""
    if tried.reply is not None:
        return tried.reply.target.origin.scheme == "https"
    return tried.outcome.failure is not None and tried.outcome.failure.kind in _TLS_KINDS


def _without_reply(tried: Attempt, run: Run) -> NoReturn:
    """Take back what hops before the one that failed have left, and raise what it failed by."""
    outcome, failure = tried.outcome, tried.outcome.failure
    assert failure is not None, "no response came, for a reason"  # noqa: S101
    run.numbers |= {_STATUS: 0.0, _TRANSFER: 0.0}
    run.steps.error("Error for HTTP request", err=failure.detail)
    raise NetError(failure.kind, failure.detail, cause=outcome.cause, answered=outcome.answered)


def _judged(
    module: HttpModule, conditions: HttpConditions, tried: Attempt, trace: Trace, run: Run
) -> Failure | None:
    """Return what is wrong with a response, its numbers set right where the body was not read."""
    assert tried.reply is not None, "somebody answered"  # noqa: S101
    response, failure = tried.reply.response, tried.outcome.failure
    if location(response) is not None:
        run.numbers[_BODY_LENGTH] = 0.0
    elif response.failure is not None:
        _set_right(module, response, response.failure.failure.kind, run)
    if failure is None:
        failure = _beyond_conditions(module, conditions, response, run)
    if failure is not None and trace.redirects > MOST_REDIRECTS:
        failure = Failure(
            FailureKind.REDIRECT_LOOP, f"over {MOST_REDIRECTS} redirects; {failure.detail}"
        )
    if failure is not None:
        run.steps.error(_message(module, tried), err=told(failure))
    return failure


def _set_right(module: HttpModule, response: Response, kind: FailureKind, run: Run) -> None:
    """Set the numbers right of a body that broke off."""
    if kind is FailureKind.TOO_LARGE and module.body_size_limit:
        run.numbers[_BODY_LENGTH] = float(module.body_size_limit)
    elif kind is FailureKind.PROTOCOL and module.compression == "gzip" and not response.body_size:
        run.numbers[FAILED_DUE_TO_REGEX] = 0.0  # what is no gzip at all meets no rule


def _beyond_conditions(
    module: HttpModule, conditions: HttpConditions, response: Response, run: Run
) -> Failure | None:
    if location(response) is not None and conditions.read_the_body:
        run.numbers[FAILED_DUE_TO_REGEX if conditions.body else FAILED_DUE_TO_CEL] = 1.0
        return Failure(FailureKind.BODY, "the body of a redirect is not read: no rule can pass")
    if module.fail_if_ssl and module.fail_if_not_ssl:
        return Failure(
            FailureKind.TLS_PROTOCOL, "fail_if_ssl and fail_if_not_ssl: nothing can pass"
        )
    return None


def _message(module: HttpModule, tried: Attempt) -> str:
    if tried.broken is not None and tried.broken.condition is Condition.TLS:
        return f"Final request was {'' if module.fail_if_ssl else 'not '}over SSL"
    broken = "" if tried.broken is None else _MESSAGES.get(tried.broken.condition)
    return broken or "The response breaks a rule"


_MESSAGES = {
    Condition.STATUS: "Invalid HTTP response status code",
    Condition.HEADERS: "A header breaks a rule",
    Condition.WHOLE_BODY: "Failed to read HTTP response body",
    Condition.BODY: "The body breaks a rule",
    Condition.CEL: "The body breaks a CEL rule",
    Condition.VERSION: "Invalid HTTP version number",
}
