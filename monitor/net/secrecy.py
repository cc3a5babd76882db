"""What of a request is told to its target alone."""

from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl

from monitor.domain.secrecy import hidden, is_telling
from monitor.net.request import Fields, Request

_TOKEN = 8  # characters: a shorter cookie is a number or a word that messages need


def secrets_of(request: Request, marked: Iterable[str] = ()) -> tuple[str, ...]:
    """Return what must never be told of a request, in every form that it may come back in.

    `marked` is what the configuration says is secret. Besides, the query is, and so is whatever
    stands under a name that says so, in the query or a header field, also one for the proxy.
    """
    return hidden((*marked, *_of_query(request), *_of_fields(request)))


def _of_query(request: Request) -> Iterator[str]:
    query = request.target.path.partition("?")[2]
    yield query
    yield from (value for name, value in parse_qsl(query) if is_telling(name))


def _of_fields(request: Request) -> Iterator[str]:
    for name, value in (*request.fields, *_for_proxy(request)):
        if is_telling(name):
            yield value
            yield from _of_pairs(value)


def _for_proxy(request: Request) -> Fields:
    proxy = request.proxy
    return () if proxy is None else (*proxy.authorization, *proxy.connect_headers)


def _of_pairs(value: str) -> Iterator[str]:
    """Yield the values of a Cookie field; nothing of what is none."""
    for pair in value.split(";"):
        name, equals, cookie = pair.strip().partition("=")
        if equals and name and len(cookie) >= _TOKEN:
            yield cookie
