"""What messages say of a receiver that does not get its messages."""

from collections.abc import Callable
from datetime import datetime, tzinfo

from monitor.domain.alert import AlertType, LostNotice, UndeliveredNotice
from monitor.domain.incident import Concern
from monitor.domain.text import visible_text
from monitor.locales import Language
from monitor.locales.dates import moment_text, short_date_text, time_text, zone_text
from monitor.locales.numbers import decimal

_NAME_BYTES = 60
_WHY_BYTES = 160

_WORDS = {
    Language.ID: {
        "unnamed": "ada penerima yang",
        "why": "Sebab: {why}",
        "failing": "Sebab: {why}; gagal sejak {since}, dan masih dicoba",
        "lost": "Tidak dikirim lagi",
        "waiting": "Belum terkirim",
        "more": "dan {count} pesan lain",
    },
    Language.EN: {
        "unnamed": "a receiver",
        "why": "Why: {why}",
        "failing": "Why: {why}; failing since {since}, and still tried",
        "lost": "Not sent any more",
        "waiting": "Not yet sent",
        "more": "and {count} other messages",
    },
}

_Word = Callable[[AlertType, Concern, Language], str]


def receiver_text(undelivered: UndeliveredNotice | None, language: Language) -> str:
    """Return which receiver it is; what an earlier release wrote down has it in a note."""
    if undelivered is None:
        return _WORDS[language]["unnamed"]
    return visible_text(undelivered.receiver, _NAME_BYTES)


def undelivered_lines(
    undelivered: UndeliveredNotice, word: _Word, language: Language, zone: tzinfo
) -> list[str]:
    """Return why messages don't arrive, and which ones; `word` is what a kind is called."""
    words, since = _WORDS[language], undelivered.failing_since
    why = words["why" if since is None else "failing"].format(
        why=visible_text(undelivered.why, _WHY_BYTES),
        since="" if since is None else moment_text(since, zone, language),
    )
    named = [_named(each, word, language, zone) for each in undelivered.messages]
    if undelivered.more:
        named.append(words["more"].format(count=decimal(undelivered.more, language)))
    return [why, f"{words['lost' if since is None else 'waiting']}: {'; '.join(named)}"]


def _named(lost: LostNotice, word: _Word, language: Language, zone: tzinfo) -> str:
    service = f" {visible_text(lost.service, _NAME_BYTES)}" if lost.service else ""
    kind = word(lost.type, lost.concern, language)
    return f"{kind}{service} ({_moment(lost.at, zone, language)})"


def _moment(at: datetime, zone: tzinfo, language: Language) -> str:
    day = short_date_text(at.astimezone(zone).date(), language)
    return f"{day}, {time_text(at, zone, language)} {zone_text(at, zone)}"
