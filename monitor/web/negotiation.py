"""Which format and which coding a client prefers (RFC 9110, section 12.5)."""

from collections.abc import Iterator

from starlette.requests import Request

from monitor.locales import Language

OPENMETRICS = "application/openmetrics-text"
_OPENMETRICS_VERSIONS = ("", "0.0.1", "1.0.0")
_TEXT = ("text/plain", "text/*", "*/*")


def language_of(request: Request, default: Language) -> Language:
    """Return the language that is asked for by `lang`, or `default`."""
    try:
        return Language(request.query_params.get("lang", default))
    except ValueError:
        return default


def wants_openmetrics(accept: str) -> bool:
    """Say whether OpenMetrics is asked for at least as much as the older text format."""
    openmetrics = text = 0.0
    for name, parameters, weight in preferences(accept):
        if name == OPENMETRICS and parameters.get("version", "") in _OPENMETRICS_VERSIONS:
            openmetrics = max(openmetrics, weight)
        elif name in _TEXT:
            text = max(text, weight)
    return openmetrics > 0 and openmetrics >= text


def wants_gzip(accept_encoding: str) -> bool:
    """Say whether gzip may be sent, by its name or by the star."""
    weights = {name: weight for name, _, weight in preferences(accept_encoding)}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def preferences(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """Yield name, parameters and weight of each element. A weight that is no number is 0."""
    for element in header.split(","):
        name, *rest = (part.strip() for part in element.lower().split(";"))
        if not name:
            continue
        pairs = (part.partition("=") for part in rest)
        parameters = {key.strip(): value.strip().strip('"') for key, _, value in pairs}
        yield name, parameters, _weight(parameters.pop("q", "1"))


def _weight(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
