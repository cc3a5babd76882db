"""What the values mean that are no amounts: their words and colours."""

from collections.abc import Mapping

from monitor.domain.counting import Counted
from monitor.domain.status import Status
from monitor.locales import Language
from monitor.metrics.rows import STATUS_CODES
from tests.dashboards.parts import Codes, Text
from tests.dashboards.sdk import dashboard

STATUS_WORDS = {
    Status.DOWN: (Text("Gangguan", "Down"), "red"),
    Status.UP: (Text("Normal", "Up"), "green"),
    Status.DEGRADED: (Text("Menurun", "Degraded"), "yellow"),
    Status.UNKNOWN: (Text("Tidak diketahui", "Unknown"), "#8e8e8e"),
}
_YES, _NO = Text("Ya", "Yes"), Text("Tidak", "No")

_COUNTED = {
    Counted.SLA: Text("Target (jam layanan)", "Target (service hours)"),
    Counted.OFF_HOURS: Text("Di luar jam layanan", "Outside service hours"),
    Counted.MAINTENANCE: Text("Pemeliharaan", "Maintenance"),
}

WORDS: Mapping[Codes, Mapping[int | str, tuple[Text, str]]] = {
    Codes.STATUS_NAME: {status.value: words for status, words in STATUS_WORDS.items()},
    Codes.COUNTED: {kind.value: (text, "text") for kind, text in _COUNTED.items()},
    Codes.STATUS: {STATUS_CODES[status]: words for status, words in STATUS_WORDS.items()},
    Codes.YES_IS_GOOD: {0: (_NO, "red"), 1: (_YES, "green")},
    Codes.YES_IS_BAD: {0: (_NO, "green"), 1: (_YES, "red")},
}


def mappings(codes: Codes, language: Language) -> list[dashboard.ValueMap]:
    """Return what has Grafana show a word in its colour instead of each number."""
    results = {
        str(code): dashboard.ValueMappingResult(
            text=in_language(text, language), color=colour, index=index
        )
        for index, (code, (text, colour)) in enumerate(WORDS[codes].items())
    }
    return [dashboard.ValueMap(options=results)]


def in_language(text: Text | str, language: Language) -> str:
    if isinstance(text, str):
        return text
    return text.id if language is Language.ID else text.en
