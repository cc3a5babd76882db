"""What readers of reports are told by mail: the verdict in words, and where the files are."""

from monitor.domain.alert import AttachedFile, ReportNotice
from monitor.domain.text import visible_text
from monitor.locales import Language
from monitor.locales.messages_mail import page_of
from monitor.locales.numbers import decimal

_LINE_BYTES = 2048
_KIB, _MIB = 1 << 10, 1 << 20

_WORDS = {
    Language.ID: {
        "subject": "Laporan Ketersediaan Layanan: {subject}",
        "corrected_subject": "Laporan Ketersediaan Layanan: {subject} (versi {version}, koreksi)",
        "filed": "Laporan Ketersediaan Layanan untuk {subject} sudah terbit.",
        "corrected": "Laporan Ketersediaan Layanan untuk {subject} sudah dikoreksi. Versi "
        "{version} ini menggantikan versi sebelumnya, yang tetap disimpan.",
        "summary": "Ringkasan",
        "differences": "Yang berubah dari versi sebelumnya",
        "more": "dan {count} perubahan lain",
        "no_differences": "Isi angka tidak berubah.",
        "number": "Nomor laporan",
        "version": "Versi",
        "fingerprint": "Sidik data (SHA-256)",
        "place": "Tempat berkas",
        "attached": "Terlampir",
        "left_out": "Tidak dilampirkan karena terlalu besar untuk surel; ambil di {place}",
        "file": "{name} ({size}), SHA-256 {sha256}",
        "sent": "Pesan otomatis dari Pantau.",
    },
    Language.EN: {
        "subject": "Report on availability: {subject}",
        "corrected_subject": "Report on availability: {subject} (version {version}, corrected)",
        "filed": "The report on the availability of services for {subject} has been filed.",
        "corrected": "The report on the availability of services for {subject} was corrected. "
        "This version {version} replaces the one before, which is kept.",
        "summary": "Summary",
        "differences": "What changed since the version before",
        "more": "and {count} other changes",
        "no_differences": "No figure changed.",
        "number": "Number of the report",
        "version": "Version",
        "fingerprint": "SHA-256 of the data (sidik data)",
        "place": "Where the files are",
        "attached": "Attached",
        "left_out": "Not attached, since it is too large for mail; get it from {place}",
        "file": "{name} ({size}), SHA-256 {sha256}",
        "sent": "Sent by Pantau on its own.",
    },
}

Part = tuple[str, list[str]]
"""A heading, "" for none, and the lines below it."""


def report_subject(notice: ReportNotice) -> str:
    """Return the subject of a letter: the period, and whether it is a correction."""
    key = "corrected_subject" if notice.is_correction else "subject"
    return _shown(_filled(notice, key))


def report_text(notice: ReportNotice) -> str:
    """Return a letter as plain text."""
    first, *others = _parts(notice)
    paragraphs = ["\n\n".join(first[1])]
    for heading, lines in others:
        listed = "\n".join(f"- {line}" for line in lines) if heading else "\n".join(lines)
        paragraphs.append(f"{heading}:\n{listed}" if heading else listed)
    return "\n\n".join([*paragraphs, _words(notice)["sent"]]) + "\n"


def report_page(notice: ReportNotice) -> str:
    """Return a letter as HTML. Whatever others wrote is text in it and nothing more."""
    return page_of(
        Language(notice.language), report_subject(notice), _parts(notice), _words(notice)["sent"]
    )


def _parts(notice: ReportNotice) -> list[Part]:
    words, gist = _words(notice), notice.gist
    opening = _filled(notice, "corrected" if notice.is_correction else "filed")
    parts: list[Part] = [("", [_shown(opening), _shown(gist.statement)])]
    parts.append((words["summary"], [_shown(each) for each in gist.points]))
    if notice.is_correction:
        parts.append((words["differences"], _differences(notice)))
    parts.append(("", _identity(notice)))
    parts.append((words["attached"], [_file(each, notice) for each in notice.attached]))
    left_out = words["left_out"].format(place=_shown(notice.place))
    parts.append((left_out, [_file(each, notice) for each in notice.left_out]))
    return [part for part in parts if part[1]]


def _differences(notice: ReportNotice) -> list[str]:
    words, gist = _words(notice), notice.gist
    found = [_shown(each) for each in gist.differences] or [words["no_differences"]]
    if gist.more:
        count = decimal(gist.more, Language(notice.language))
        found.append(words["more"].format(count=count))
    return found


def _identity(notice: ReportNotice) -> list[str]:
    words = _words(notice)
    values = {
        "number": notice.number,
        "version": str(notice.version),
        "fingerprint": notice.fingerprint,
        "place": notice.place,
    }
    return [f"{words[key]}: {_shown(value)}" for key, value in values.items() if value]


def _file(one: AttachedFile, notice: ReportNotice) -> str:
    size = _size(one.size, Language(notice.language))
    return _words(notice)["file"].format(name=_shown(one.name), size=size, sha256=one.sha256)


def _size(size: int, language: Language) -> str:
    if size < _MIB:
        return f"{decimal(-(-size // _KIB), language)} KiB"
    whole, tenth = divmod(size * 10 // _MIB, 10)
    point = "," if language is Language.ID else "."
    return f"{decimal(whole, language)}{point}{tenth} MiB"


def _filled(notice: ReportNotice, key: str) -> str:
    return _words(notice)[key].format(subject=notice.gist.subject, version=notice.version)


def _words(notice: ReportNotice) -> dict[str, str]:
    return _WORDS[Language(notice.language)]


def _shown(text: str) -> str:
    return visible_text(text, _LINE_BYTES)
