"""What messages say in chats."""

import re
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.acklink import read_token
from monitor.locales import Language
from monitor.locales.messages import summary
from monitor.locales.messages_chat import chat_text
from monitor.locales.messages_native import Wording
from tests.fakes import LINK_KEY
from tests.unit.alerting.samples import SAMPLES

WITA = ZoneInfo("Asia/Makassar")
PAGE = "https://pantau.example/incidents/INC1"
CALLING = {
    *("firing", "firing-group", "firing-dependency", "updated", "reminder", "escalated"),
    *("degraded", "degraded-group", "degraded-reminder", "unstable", "unstable-group"),
    *("expiring", "expiring-domain", "expiring-group", "expiring-stage"),
}


def said(name: str, limit: int = 4096) -> str:
    wording = Wording(
        receiver="piket",
        external_url="https://pantau.example",
        language=Language.EN,
        zone=WITA,
        link_key=LINK_KEY,
    )
    return chat_text(
        SAMPLES[name], wording, marks=re.compile("@"), instead={"@": "(at)"}, limit=limit
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_summary_and_link(name):
    """A chat is told the summary, where the incident's page is if there is an incident, and where
    one says that one takes care while it goes on.
    """
    text = summary(SAMPLES[name], Language.EN, WITA)
    page = f"\nIncident: {PAGE}" if SAMPLES[name].incident else ""
    told, acknowledges, token = said(name).partition("https://pantau.example/ack/INC1/")

    if name in CALLING:
        label = "I take care of " + ("Portal Resmi Kota Makassar" if "group" in name else "it")
        assert told == f"{text}{page}\n{label}: "
        assert read_token(LINK_KEY, "INC1", token).receiver == "piket"
    else:
        assert (told, acknowledges) == (text + page, "")


@pytest.mark.parametrize("name", ["firing", "self-undelivered"])
def test_the_end_of_the_summary_is_cut(name):
    """Where a chat takes less, the end of the summary is cut and the page's link stays."""
    text = said(name, limit=100)

    assert len(text) == 100
    assert "…" in text
    assert text.endswith(PAGE if name == "firing" else "…")
