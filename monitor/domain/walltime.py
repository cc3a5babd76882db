"""From what a clock on the wall shows to the instant that it is."""

from datetime import UTC, datetime, timedelta, tzinfo

_DAY = timedelta(days=1)


def instants(wall: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """Return the instants (UTC) at which clocks in `zone` show `wall`: none, one or two."""
    early = wall.replace(tzinfo=zone, fold=0)
    late = early.replace(fold=1)
    if early.utcoffset() == late.utcoffset():
        return (early.astimezone(UTC),)
    if _is_skipped(early, zone):
        return ()
    return early.astimezone(UTC), late.astimezone(UTC)


def end_of_gap(wall: datetime, zone: tzinfo) -> datetime:
    """Return when clocks in `zone` were put forward past `wall`, which they never showed."""
    high = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    low = high - 2 * _DAY  # no gap is longer than a day
    new = high.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == new:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


def instant_of(wall: datetime, zone: tzinfo) -> datetime:
    """Return the first instant (UTC) at which clocks in `zone` show `wall`, or have passed it."""
    found = instants(wall, zone)
    return found[0] if found else end_of_gap(wall, zone)


def _is_skipped(wall: datetime, zone: tzinfo) -> bool:
    # The date counts as well: where a whole day was skipped the time of day comes back the same.
    back = wall.astimezone(UTC).astimezone(zone)
    return back.replace(tzinfo=None) != wall.replace(tzinfo=None)
