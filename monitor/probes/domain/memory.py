"""What is known of a domain from run to run, and when its registry is to be asked again.

Pure: what was known, what the registry said and the time go in, what is known now comes out. All
of it are JSON values, kept over restarts; times are Unix seconds.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from monitor.domain.text import visible_text

if TYPE_CHECKING:
    from monitor.net.rdap import Answer, Registration

# After answers that are of no use the registry is asked again soon, then less and less often.
_AGAIN_SECONDS = (600.0, 3_600.0, 21_600.0)
_BUSY_SECONDS = 3_600.0  # where a busy registry does not say when to come back
_SAID_BYTES = 300
_LEAST_BUSY, _MOST_BUSY = 60.0, 7 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a domain.

    `about` is what was asked, and where. `wait` is for how many seconds after `asked_at` nothing
    is asked, None for the check's `refresh`. `said` is why the last question brought nothing, and
    `tries` how many in a row did not. `learned_at` is when the registry last told something:
    `registration`, or that there is no such domain, which leaves that None.
    """

    about: str
    asked_at: float
    wait: float | None = None
    tries: int = 0
    said: str = ""
    learned_at: float | None = None
    registration: "Registration | None" = None


def is_due(known: Known | None, now: float, refresh: float) -> bool:
    """Say whether the registry is to be asked: also when the clock was set back."""
    if known is None or now < known.asked_at:
        return True
    return now >= known.asked_at + (refresh if known.wait is None else known.wait)


def informed(
    known: Known | None, answer: "Answer", about: str, now: float, refresh: float
) -> Known:
    """Return what is known after an answer.

    That a domain is gone which was there is believed when it is said a second time.
    """
    from monitor.net.rdap import Reading

    if answer.reading is Reading.KNOWN:
        return Known(about=about, asked_at=now, learned_at=now, registration=answer.registration)
    tried = _tried(known, answer.detail, about, now, refresh)
    if answer.reading is Reading.BUSY:
        seconds = _BUSY_SECONDS if answer.retry_seconds is None else answer.retry_seconds
        return replace(tried, wait=min(max(seconds, _LEAST_BUSY), _MOST_BUSY))
    if answer.reading is Reading.ABSENT and not _is_first_denial(known, answer.detail):
        return replace(tried, learned_at=now, registration=None)
    return tried


def _is_first_denial(known: Known | None, detail: str) -> bool:
    return (
        known is not None
        and known.registration is not None
        and known.said != visible_text(detail, _SAID_BYTES)
    )


def unheard(known: Known | None, why: str, about: str, now: float, refresh: float) -> Known:
    """Return what is known after a question to which nothing came back."""
    return _tried(known, why, about, now, refresh)


def _tried(known: Known | None, why: str, about: str, now: float, refresh: float) -> Known:
    before = known or Known(about=about, asked_at=now)
    seconds = _AGAIN_SECONDS[min(before.tries, len(_AGAIN_SECONDS) - 1)]
    return replace(
        before,
        asked_at=now,
        wait=min(seconds, refresh),
        tries=before.tries + 1,
        said=visible_text(why, _SAID_BYTES),
    )


def to_json(known: Known) -> dict[str, Any]:
    """Return what is known as JSON values, without what is not there."""
    values = asdict(known)
    told = values.pop("registration")
    kept = {key: value for key, value in values.items() if value not in (None, "", 0)}
    if told is not None:
        kept["registration"] = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in told.items()
            if value is not None
        }
    return kept


def from_json(memory: Mapping[str, Any], about: str) -> Known | None:
    """Return what `to_json` gave, or None where it is about another question or of another form."""
    from monitor.net.rdap import Registration

    if memory.get("about") != about:
        return None
    values = dict(memory)
    told = values.pop("registration", None)
    try:
        registration = None if told is None else Registration(**_with_tuples(told))
        return Known(**values, registration=registration)
    except (AttributeError, TypeError):
        return None  # another version's


def _with_tuples(told: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(each) if isinstance(each, list) else each for key, each in told.items()}
