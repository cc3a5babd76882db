"""Whether a client has what it asks for already (RFC 9110, section 13)."""

from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.datastructures import Headers


def validators(digest: str, changed_at: datetime) -> dict[str, str]:
    """Return the headers by which an answer is known again. Times are UTC, in whole seconds."""
    return {
        "ETag": f'"{digest}"',
        "Last-Modified": format_datetime(changed_at, usegmt=True),
    }


def is_known(headers: Headers, digest: str, changed_at: datetime | None = None) -> bool:
    """Say whether the client has it. A tag counts for more than a date; None for no date."""
    tags = headers.getlist("if-none-match")
    if tags:
        named = {tag.strip().removeprefix("W/") for tag in ",".join(tags).split(",")}
        return f'"{digest}"' in named or "*" in named
    since = headers.get("if-modified-since")
    return since is not None and changed_at is not None and _is_since(since, changed_at)


def _is_since(written: str, changed_at: datetime) -> bool:
    try:
        return changed_at <= parsedate_to_datetime(written)
    except (ValueError, TypeError):
        return False
