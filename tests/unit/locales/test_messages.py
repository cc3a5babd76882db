"""What messages say, in words that somebody understands at three in the morning."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.alert import AlertType, Companion
from monitor.domain.observation import FailureKind, UnknownCause
from monitor.locales import Language, messages_advice, messages_reasons
from monitor.locales.messages import LARGEST_BYTES, summary
from monitor.locales.messages_reasons import CAUSES, FAILURES, cause_text, failure_text
from tests.fakes import an_alert, an_own_alert
from tests.goldenfiles import assert_golden
from tests.unit.alerting.samples import SAMPLES

WITA = ZoneInfo("Asia/Makassar")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", SAMPLES)
def test_wording(name, language):
    """Every message says the same thing every time, in both languages."""
    text = summary(SAMPLES[name], language, WITA)

    assert_golden(f"webhook/{name}.{language}.txt", text + "\n")


def test_undelivered_of_an_earlier_release():
    """What an earlier release wrote down of messages that did not arrive is told in its words."""
    text = summary(an_own_alert(AlertType.SELF_UNDELIVERED, "oncall: gave up"), Language.ID, WITA)

    assert "ada penerima yang tidak menerima pesan" in text
    assert text.endswith("Keterangan: oncall: gave up")


def test_every_type_has_a_sample():
    """No type of message goes out unread."""
    assert {alert.type for alert in SAMPLES.values()} == set(AlertType)


@pytest.mark.parametrize("language", Language)
def test_every_reason_has_words(language):
    """Every failure kind and every unknown cause has plain words of its own in both languages."""
    for words, members in ((FAILURES, FailureKind), (CAUSES, UnknownCause)):
        assert set(words[language]) == set(members)
        assert len(set(words[language].values())) == len(members)
    assert cause_text(UnknownCause.RESOLVER, language) == CAUSES[language][UnknownCause.RESOLVER]


@pytest.mark.parametrize("language", Language)
def test_every_reason_has_a_first_step(language):
    """For every failure kind and unknown cause there is a sentence on what to do first."""
    for steps, members in (
        (messages_advice.FAILURES, FailureKind),
        (messages_advice.CAUSES, UnknownCause),
    ):
        assert set(steps[language]) == set(members)
        assert all(text[0].isupper() and text.endswith(".") for text in steps[language].values())


def test_services_are_counted_once():
    """A message about several outages of a service counts it once, and names it once."""
    back = SAMPLES["resolved-group"]
    assert back.incident is not None
    assert back.service is not None
    again = Companion(incident=replace(back.incident, id="INC2"), service=back.service)
    twice = replace(back, companions=(again, *back.companions, *back.companions))

    assert summary(twice, Language.EN, WITA) == summary(back, Language.EN, WITA)
    alone = replace(back, companions=(again,))
    assert "services" not in summary(alone, Language.EN, WITA)


@pytest.mark.parametrize("language", Language)
def test_long_names_leave_the_headline_whole(language):
    """However long the names in a message, it is at most 1 KB, and its first line is whole."""
    group, long = SAMPLES["firing-group"], "ж" * 500
    named = [
        replace(each, service=replace(each.service, id=f"s{n}", name=long, owner=long))
        for n, each in enumerate(group.companions * 50)
    ]
    victims = SAMPLES["firing-dependency"].victims
    text = summary(replace(group, companions=tuple(named), victims=victims), language, WITA)

    assert len(text.encode()) <= LARGEST_BYTES
    assert text.splitlines()[0].endswith(".")


def test_first_step_gives_way_to_a_runbook():
    """What to do first is told where a check has no runbook of its own, and for no other."""
    step = messages_advice.FAILURES[Language.ID][FailureKind.STATUS]
    with_runbook = an_alert()
    without = replace(with_runbook, checks=(replace(with_runbook.checks[0], runbook=None),))

    assert step not in summary(with_runbook, Language.ID, WITA)
    assert summary(without, Language.ID, WITA).endswith(f"\nLangkah pertama: {step}")


def test_first_step_names_its_check_where_several_fail():
    """Of several failing checks, each first step names the one that it is for."""
    alert = an_alert()
    ours = replace(alert.checks[0], runbook=None)
    theirs = replace(ours, id="portal-tcp", failure_kind=FailureKind.CONNECT_REFUSED)
    steps = messages_advice.FAILURES[Language.EN]

    lines = summary(replace(alert, checks=(ours, theirs)), Language.EN, WITA).splitlines()

    assert lines[-2:] == [
        f"First step ({ours.id}): {steps[FailureKind.STATUS]}",
        f"First step (portal-tcp): {steps[FailureKind.CONNECT_REFUSED]}",
    ]


@pytest.mark.parametrize("check_type", ["heartbeat", "external"])
@pytest.mark.parametrize("language", Language)
def test_reported_failure_is_no_server_s_answer(language, check_type):
    """What a job or a program reported is told as its report, and not as a server's answer."""
    alert = an_alert()
    told = replace(alert.checks[0], type=check_type, failure_detail="exit 3", runbook=None)

    text = summary(replace(alert, checks=(told,)), language, WITA)

    assert f": {messages_reasons.REPORTED[language][check_type]} ({told.id}: exit 3)" in text
    assert text.endswith(f": {messages_advice.REPORTED[language][check_type]}")


def test_unknown_kind_is_shown_as_it_is():
    """A failure kind of another release is shown, not hidden."""
    assert failure_text("quantum", Language.ID) == "quantum"
    assert failure_text(None, Language.ID) == "sebab belum diketahui"
    assert messages_advice.failure_advice("quantum", Language.ID) is None
    assert messages_advice.failure_advice(None, Language.ID) is None


def test_first_line_says_it_all():
    """The first line of an outage names the service and the time in the city's own zone."""
    first = summary(an_alert(), Language.ID, WITA).splitlines()[0]

    assert first == (
        "GANGGUAN: Portal Resmi Kota Makassar terganggu sejak Senin, 1 Juni 2026, 12.00 WITA."
    )


def test_actual_value_is_told():
    """Why it failed is told with the value that was seen."""
    assert "status: 503, expected 200-299" in summary(an_alert(), Language.ID, WITA)


def test_many_checks_are_counted():
    """Of many failing checks the first are named and the rest is counted."""
    [check] = an_alert().checks
    many = an_alert(checks=tuple(replace(check, id=f"check-{n}") for n in range(12)))

    assert "dan 8 pemeriksaan lain" in summary(many, Language.ID, WITA)


@given(name=st.text(), detail=st.text(max_size=3000))
def test_text_of_others_is_only_text(name, detail):
    """Whatever a target or an operator writes, a message has its lines, fits, and is UTF-8."""
    [check] = an_alert().checks
    service = replace(an_alert().service, name=name)
    alert = an_alert(service=service, checks=(replace(check, failure_detail=detail),))

    text = summary(alert, Language.ID, WITA)

    assert len(text.encode()) <= LARGEST_BYTES
    assert len(text.split("\n")) == len(summary(an_alert(), Language.ID, WITA).split("\n"))
    assert not any(ord(character) < 32 for character in text.replace("\n", ""))


def test_braces_in_a_name_are_text():
    """A name is never taken for a template."""
    service = replace(an_alert().service, name="{since.__class__} %s")

    assert "{since.__class__} %s" in summary(an_alert(service=service), Language.EN, WITA)


def test_other_zone():
    """Times are those of the receiver's zone."""
    assert "11:00 WIB" in summary(an_alert(), Language.EN, ZoneInfo("Asia/Jakarta"))
