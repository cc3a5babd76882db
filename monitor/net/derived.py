"""What is derived from an object that is compared by identity, kept while that object lives.

A cache that keeps its keys would keep alive whatever targets made up, long after it was forgotten
elsewhere.
"""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

_Source = TypeVar("_Source")
_Found = TypeVar("_Found")


def derived_once(derive: Callable[[_Source], _Found]) -> Callable[[_Source], _Found]:
    """Return `derive`, called once for each object; what it returns must not refer to that."""
    known: WeakKeyDictionary[_Source, _Found] = WeakKeyDictionary()

    @wraps(derive)
    def remembered(source: _Source) -> _Found:
        try:
            return known[source]
        except KeyError:
            found = known[source] = derive(source)
            return found

    return remembered
