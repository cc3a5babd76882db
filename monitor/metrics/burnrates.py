"""Rules of Prometheus that follow from promises: how fast the downtime they allow is being used.

Names and labels are those that sloth gives, so that its dashboards show them. Windows and
thresholds are those of `pantau availability` (Site Reliability Workbook, chapter 5). Seconds that
count for the target are what is added up: unknown time is in no rate, neither above nor below the
line, and planned work and other hours are counted apart. A rate that needs somebody woken needs the
service to be down now, confirmed, too: a single failed sample is no outage.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Context, Decimal
from fractions import Fraction

from monitor.domain.budget import PAIRS, Pair
from monitor.domain.service import Service, Sla
from monitor.domain.text import visible_text
from monitor.metrics import catalogue
from monitor.metrics.rulefile import Group, Rule, promql_string, template_text

RUNBOOKS = "https://pantau.example/docs/runbooks.md"
NOTICE = """Error budgets, made by `pantau export rules` from each `sla` in the configuration.
Make this file anew when one of them changes; what is changed here is lost then."""
PERIOD_DAYS = 30

FAST, SLOW = "PantauErrorBudgetBurningFast", "PantauErrorBudgetBurningSlowly"
_WINDOWS = ("5m", "30m", "1h", "2h", "6h")
_LONG_WINDOWS = ("1d", "3d", "30d")
# Long windows read many samples: seldom, but before the last result is stale (5 minutes).
_LONG_INTERVAL = "4m"
_DOWN = 0
_UNITS = (("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000))
_EXACT = Context(prec=60)
_ON = "on (sloth_id, sloth_slo, sloth_service) group_left"


def groups(services: Iterable[Service], runbooks: str = RUNBOOKS) -> Iterator[Group]:
    """Yield the groups of each service that has a promise, in order of its id.

    A promise of 100 % allows nothing that could be used: it has no burn rates and no alerts.
    """
    for service in sorted(services, key=lambda one: one.id):
        if service.sla is not None:
            yield from _of_service(service, service.sla, runbooks)


def _of_service(service: Service, sla: Sla, runbooks: str) -> Iterator[Group]:
    # What tells them apart stands before the id, which could end in it: no two may share a name.
    budget = 1 - sla.target
    yield Group(
        name=f"pantau-slo-rates-{service.id}",
        rules=(
            *(_error_ratio(service, window) for window in _WINDOWS),
            *_promise(service, sla.target),
            *((_burn(service, "current", "5m"),) if budget else ()),
        ),
    )
    yield Group(
        name=f"pantau-slo-long-rates-{service.id}",
        interval=_LONG_INTERVAL,
        rules=(
            *(_error_ratio(service, window) for window in _LONG_WINDOWS),
            *((_burn(service, "period", "30d"), _remaining(service)) if budget else ()),
        ),
    )
    if budget:
        name = f"pantau-slo-alerts-{service.id}"
        yield Group(name=name, rules=tuple(_alerts(service, budget, runbooks)))


def _error_ratio(service: Service, window: str) -> Rule:
    down, known = (_seconds(service, match, window) for match in ('="down"', '!="unknown"'))
    expr = f"{down}\n/\n({known} > 0)"
    labels = {**_labels(service), "sloth_window": window}
    return Rule(kind="record", name=_sli(window), expr=expr, labels=labels)


def _seconds(service: Service, match: str, window: str) -> str:
    name = catalogue.SERVICE_STATUS_SECONDS.name
    which = f'service={promql_string(service.id)},counted="sla",status{match}'
    # A crash may take the last second back: rate() would add all that was ever counted once more.
    return f"sum(delta({name}{{{which}}}[{window}]))"


def _promise(service: Service, target: Fraction) -> Iterator[Rule]:
    labels = _labels(service)
    for name, value in (
        ("slo:objective:ratio", _decimal(target)),
        ("slo:error_budget:ratio", _decimal(1 - target)),
        ("slo:time_period:days", str(PERIOD_DAYS)),
    ):
        yield Rule(kind="record", name=name, expr=f"vector({value})", labels=labels)
    origin = {"sloth_mode": "pantau", "sloth_objective": _decimal(100 * target)}
    yield Rule(kind="record", name="sloth_slo_info", expr="vector(1)", labels=labels | origin)


def _burn(service: Service, which: str, window: str) -> Rule:
    mine = _selector(service)
    return Rule(
        kind="record",
        name=f"slo:{which}_burn_rate:ratio",
        expr=f"{_sli(window)}{mine}\n/ {_ON}\nslo:error_budget:ratio{mine}",
        labels=_labels(service),
    )


def _remaining(service: Service) -> Rule:
    return Rule(
        kind="record",
        name="slo:period_error_budget_remaining:ratio",
        expr=f"1 - slo:period_burn_rate:ratio{_selector(service)}",
        labels=_labels(service),
    )


def _alerts(service: Service, budget: Fraction, runbooks: str) -> Iterator[Rule]:
    fast, slow = (_any_of(service, budget, severity) for severity in ("page", "ticket"))
    page, name = f"{fast}\n{_down_now(service)}", template_text(visible_text(service.name))
    for alert, expr, labels in (
        (FAST, page, {"severity": "critical", "sloth_severity": "page"}),
        (SLOW, slow, {"severity": "warning", "sloth_severity": "ticket"}),
    ):
        notes = {**_texts(alert, name), "runbook_url": f"{runbooks}#{alert.lower()}"}
        yield Rule(kind="alert", name=alert, expr=expr, labels=labels, annotations=notes)


def _any_of(service: Service, budget: Fraction, severity: str) -> str:
    pairs = (_both(service, budget, pair) for pair in PAIRS if pair.severity == severity)
    return "(\n" + "\nor\n".join(pairs) + "\n)"


def _both(service: Service, budget: Fraction, pair: Pair) -> str:
    limit, mine = _decimal(pair.threshold * budget), _selector(service)
    short, long = (
        f"max without (sloth_window) ({_sli(_window(length))}{mine}) >= {limit}"
        for length in (pair.short, pair.long)
    )
    return f"  ({short} and {long})"


def _down_now(service: Service) -> str:
    """Return what holds a page back unless the service is down, and by no known cause."""
    mine = f"{{service={promql_string(service.id)}}}"
    status, planned = catalogue.SERVICE_STATUS.name, catalogue.CHECK_MAINTENANCE.name
    needs = (
        f"unless on () {status}{{service={promql_string(each)}}} == {_DOWN}"
        for each in service.depends_on
    )
    return "\n".join(
        (
            f"and on (service) {status}{mine} == {_DOWN}",
            f"unless on (service) min by (service) ({planned}{mine}) == 1",
            *needs,
        )
    )


def _texts(alert: str, name: str) -> Mapping[str, str]:
    if alert == FAST:
        return {
            "summary": f"{name} terganggu dan cepat menghabiskan jatah waktu henti",
            "description": "Dengan laju ini, jatah waktu henti SLA untuk 30 hari habis dalam dua "
            "sampai lima hari.",
            "summary_en": f"{name} is down, and uses up its error budget fast",
            "description_en": "At this rate the downtime that its SLA allows in 30 days is used up "
            "within two to five days.",
        }
    return {
        "summary": f"{name} pelan-pelan menghabiskan jatah waktu henti",
        "description": "Dengan laju ini, jatah waktu henti SLA untuk 30 hari habis lebih cepat.",
        "summary_en": f"{name} slowly uses up its error budget",
        "description_en": "At this rate the downtime that its SLA allows in 30 days is used up "
        "sooner than that.",
    }


def _labels(service: Service) -> dict[str, str]:
    return {
        "sloth_id": f"{service.id}-availability",
        "sloth_service": service.id,
        "sloth_slo": "availability",
        "service": service.id,
        "owner": visible_text(service.owner),
    }


def _selector(service: Service) -> str:
    wanted = ("sloth_id", "sloth_service", "sloth_slo")
    labels = _labels(service)
    return "{" + ",".join(f"{each}={promql_string(labels[each])}" for each in wanted) + "}"


def _sli(window: str) -> str:
    return f"slo:sli_error:ratio_rate{window}"


def _window(microseconds: int) -> str:
    """Return a length as Prometheus writes it, in the largest unit that is whole."""
    unit, size = next((u, size) for u, size in _UNITS if microseconds % size == 0)
    return f"{microseconds // size}{unit}"


def _decimal(value: Fraction) -> str:
    """Return a share that was written as a decimal, digit by digit."""
    exact = _EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{exact.normalize(_EXACT):f}"
