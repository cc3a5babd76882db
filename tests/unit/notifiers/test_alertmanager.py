"""What Alertmanager is posted: which alerts, until when, and what its configuration may say."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.domain.alert import AlertType
from monitor.domain.status import Status
from monitor.locales import Language
from monitor.locales.messages_alertmanager import alertmanager_alerts, alertmanager_body
from monitor.locales.messages_native import Wording
from monitor.notifiers.alertmanager import (
    Alertmanager,
    AlertmanagerSpec,
    lasting,
    most_hopeful,
    stated,
)
from monitor.ports import StandingNotifier, Undelivered
from tests.fakes import LINK_KEY, NOON, an_alert
from tests.goldenfiles import assert_golden
from tests.unit.alerting.samples import SAMPLES, TLS_BACK

URL = "https://am.example"
LIFE = timedelta(minutes=4)
MINUTE = timedelta(minutes=1)


def wording(language: Language = Language.ID) -> Wording:
    return Wording(
        receiver="am",
        external_url="https://pantau.makassarkota.go.id",
        language=language,
        zone=ZoneInfo("Asia/Makassar"),
        link_key=LINK_KEY,
    )


def notifier(language: Language = Language.ID) -> Alertmanager:
    return Alertmanager(AlertmanagerSpec(urls=(URL,)), wording(language), None)


def time_of(entry, key: str) -> datetime:
    return datetime.fromisoformat(entry[key])


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", SAMPLES)
def test_body(name, language):
    """Every message has one body in each language, byte for byte."""
    body = notifier(language).payload("ROW1", SAMPLES[name])

    assert body == notifier(language).payload("ROW1", SAMPLES[name])
    pretty = json.dumps(json.loads(body), ensure_ascii=False, indent=1)
    assert_golden(f"alertmanager/{name}.{language}.json", pretty + "\n")


@pytest.mark.parametrize("name", SAMPLES)
def test_labels_are_those_of_the_webhooks(name):
    """Alertmanager and the webhooks in its format know an alert by the same labels."""
    webhook = json.loads(alertmanager_body(SAMPLES[name], wording()))

    ours = alertmanager_alerts([SAMPLES[name]], wording())
    assert [each["labels"] for each in ours] == [each["labels"] for each in webhook["alerts"]]


def test_what_goes_on_ends_in_four_minutes():
    """What goes on holds for four minutes from each attempt, whenever it was worded."""
    entries = json.loads(notifier().payload("R", an_alert()))["alerts"]

    for at in (NOON, NOON + timedelta(hours=2)):
        [entry] = lasting(entries, at, LIFE)
        assert time_of(entry, "endsAt") == at + LIFE
        assert time_of(entry, "startsAt") == NOON


def test_what_ended_keeps_its_end():
    """The end of an outage is told as it was, at each attempt."""
    entries = json.loads(notifier().payload("R", an_alert(AlertType.RESOLVED)))["alerts"]

    [entry] = lasting(entries, NOON + timedelta(hours=9), LIFE)
    assert time_of(entry, "endsAt") == NOON + timedelta(minutes=90)


def test_clock_that_was_set_back():
    """An alert never ends before its beginning: Alertmanager would refuse it."""
    entries = json.loads(notifier().payload("R", an_alert()))["alerts"]

    [entry] = lasting(entries, NOON - timedelta(hours=1), LIFE)
    assert entry["endsAt"] == entry["startsAt"]


def test_maintenance_ends_as_planned():
    """Planned work stands until the window closes."""
    [entry] = json.loads(notifier().payload("R", SAMPLES["maintenance-started"]))["alerts"]

    assert time_of(entry, "endsAt") == NOON + timedelta(hours=4)


def test_new_outage_outlives_the_end_of_an_old_one():
    """Where a check is down again, the end of its last outage is posted no more."""
    old = an_alert(AlertType.RESOLVED, incident="OLD")
    later = NOON + timedelta(minutes=95)
    [check] = an_alert().checks
    new = an_alert(incident="NEW", checks=(replace(check, since=later),))

    for order in ((old, new), (new, old)):
        [entry] = stated(order, wording(), later)
        assert (time_of(entry, "startsAt"), "endsAt" in entry) == (later, False)


def test_of_two_ends_the_later_one_counts():
    """Of two outages of a check that both have ended, the end of the later one is posted."""
    old = an_alert(AlertType.RESOLVED, incident="OLD")
    assert old.incident
    ended = NOON + timedelta(minutes=99)
    [check] = old.checks
    new = replace(
        old,
        occurred_at=ended,
        incident=replace(old.incident, id="NEW", ended_at=ended),
        checks=(replace(check, since=ended),),
    )

    for order in ((old, new), (new, old)):
        [entry] = stated(order, wording(), ended)
        assert time_of(entry, "endsAt") == ended


@pytest.mark.parametrize(("minutes", "count"), [(35, 2), (36, 1)])
def test_check_that_left_an_outage(minutes, count):
    """A check that came back while others are down is posted for a quarter of an hour."""
    alert = an_alert(checks=(*an_alert().checks, TLS_BACK))  # it came back after 20 minutes

    assert len(stated([alert], wording(), NOON + minutes * MINUTE)) == count


def test_it_is_told_again_and_again():
    """The daemon restates to this kind."""
    assert isinstance(notifier(), StandingNotifier)


@given(st.text(max_size=3000), st.text(max_size=3000), st.sampled_from(sorted(SAMPLES)))
def test_text_of_others_is_data(name, detail, sample):
    """Whatever a target or an operator writes: labels stay, texts are bounded and visible."""
    alert = SAMPLES[sample]
    checks = tuple(
        replace(each, failure_kind="status", failure_detail=detail, target=name, status=Status.DOWN)
        for each in alert.checks
    )
    service = alert.service and replace(alert.service, name=name)
    changed = replace(alert, checks=checks, service=service, detail=detail)

    entries = json.loads(notifier().payload("R", changed).decode())["alerts"]

    for entry in entries:
        assert set(entry["labels"]) <= {"alertname", "service", "check", "owner", "criticality"}
        for text in entry["annotations"].values():
            assert len(text.encode()) <= 1024
            assert not any(ord(each) < 32 and each != "\n" for each in text)


def test_error_of_all():
    """All errors are told. It is for good only if each instance refused for good."""
    bad = Undelivered("a: status 400", reason="status_4xx", permanent=True)
    away = Undelivered("b: no answer", reason="timeout")

    assert most_hopeful([bad, bad]).permanent
    assert not most_hopeful([bad, away]).permanent
    assert most_hopeful([bad, away]).reason == "timeout"
    assert str(most_hopeful([bad, away])) == "a: status 400; b: no answer"


def test_waiting_as_asked():
    """All instances have to ask for patience, and then the most impatient one is tried."""
    busy = [Undelivered("x", reason="status_5xx", retry_after=each) for each in (60.0, 30.0)]

    assert most_hopeful(busy).retry_after == 30.0
    assert most_hopeful([*busy, Undelivered("y", reason="timeout")]).retry_after is None


@pytest.mark.parametrize(
    ("urls", "said"),
    [
        ([], "at least 1 item"),
        ([URL, URL + "/"], "named twice"),
        (["http://am.example"], "write https"),
        ([URL + "/api/v2/alerts"], "leave out /api/v2/alerts"),
        ([URL + "/?a=b"], "no query"),
        ([f"https://am{n}.example" for n in range(9)], "at most 8 items"),
    ],
)
def test_mistake_in_urls(urls, said):
    """A mistake in the addresses is told in words that say what would be right."""
    with pytest.raises(ValidationError, match=said):
        AlertmanagerSpec.model_validate({"urls": urls})


def test_path_of_a_proxy():
    """An instance may stand behind a path."""
    assert AlertmanagerSpec(urls=(URL + "/alertmanager/",)).urls == (URL + "/alertmanager",)


def test_unencrypted_is_warned_of():
    """Messages that cross a private network in the clear are warned of."""
    spec = AlertmanagerSpec(urls=("http://10.0.0.8:9093", "http://127.0.0.1:9093"))

    assert spec.warnings() == (
        "urls: http://10.0.0.8:9093: messages cross the network unencrypted; https is better",
    )
