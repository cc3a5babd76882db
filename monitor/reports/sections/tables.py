"""Small pieces that sections are made of: columns, drawings, lists that are cut short."""

from collections.abc import Collection, Sequence

from monitor.locales import Language
from monitor.reports.charts import Drawing
from monitor.reports.document import Align, Column, Picture
from monitor.reports.sections.locale import Locale

_OTHERS = {Language.ID: "{count} lainnya", Language.EN: "{count} more"}


def columns(
    titles: Sequence[str], weights: Sequence[int], numbers: Collection[int] = ()
) -> tuple[Column, ...]:
    """Return a column for each title; those at the places `numbers` stand at the end of theirs."""
    return tuple(
        Column(title=title, weight=weight, align=Align.END if n in numbers else Align.START)
        for n, (title, weight) in enumerate(zip(titles, weights, strict=True))
    )


def picture(drawing: Drawing, alt: str) -> Picture:
    """Return a drawing with what it says in words."""
    return Picture(svg=drawing.svg, alt=alt, width=drawing.width, height=drawing.height)


def first_of(items: Sequence[str], most: int, locale: Locale) -> str:
    """Return the first `most` of `items` as a list, and how many more there are."""
    if len(items) <= most:
        return locale.listed(items)
    rest = _OTHERS[locale.language].format(count=locale.number(len(items) - most))
    return locale.listed([*items[:most], rest])
