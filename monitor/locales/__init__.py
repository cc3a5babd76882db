"""What people read: numbers, dates, lists and texts in Indonesian and in English."""

from collections.abc import Sequence
from enum import StrEnum


class Language(StrEnum):
    """The languages of alerts, pages and reports."""

    ID = "id"
    EN = "en"


_AND = {Language.ID: "dan", Language.EN: "and"}


def listed(items: Sequence[str], language: Language) -> str:
    """Return "a, b, dan c": the comma before the last word stands from three items on."""
    if len(items) < 2:
        return "".join(items)
    comma = "," if len(items) > 2 else ""
    return f"{', '.join(items[:-1])}{comma} {_AND[language]} {items[-1]}"
