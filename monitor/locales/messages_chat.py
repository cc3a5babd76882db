"""What messages say in chats: the summary, and where the page of the incident is."""

import re
from collections.abc import Mapping

from monitor.domain.alert import Alert
from monitor.domain.text import cut_at, inert
from monitor.locales import Language
from monitor.locales.messages import summary
from monitor.locales.messages_native import Wording
from monitor.locales.messages_signs import ack_link

_PAGE = {Language.ID: "Halaman gangguan", Language.EN: "Incident"}


def chat_text(
    alert: Alert,
    wording: Wording,
    *,
    marks: re.Pattern[str],
    instead: Mapping[str, str],
    limit: int,
) -> str:
    """Return what `alert` says, in lines of which the first says it all and the last are links.

    No text of others has one of `marks` any more, on which the chat would act. `limit` is in
    code units of UTF-16; where it does not suffice, the end of the summary is cut.
    """
    text = inert(summary(alert, wording.language, wording.zone), marks, instead)
    if alert.incident is None:
        return cut_at(text, limit)
    page = (_PAGE[wording.language], wording.incident_url(alert.incident.id))
    ack = ack_link(alert, wording)
    lines = [inert(f"\n{label}: {url}", marks, instead) for label, url in filter(None, (page, ack))]
    # An address of ours may be so long that there is room for one alone.
    shown = "".join(lines)
    if 2 * _units(shown) > limit:
        shown = lines[0]
    return cut_at(text, limit - _units(shown)) + shown


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
