"""Readers of reports: who is told of which version, and with which files."""

from dataclasses import replace

import pytest

from monitor.domain.mailing import Mailing, letters, reader_names
from monitor.domain.reportfiling import Gist, ReportFiling
from monitor.domain.reportplan import Every
from tests.fakes import NOON

NAME = "laporan-2026-10-v1"
FILES = {f"{NAME}.json": "0a" * 32, f"{NAME}.id.pdf": "1b" * 32, f"{NAME}.id.segel.pdf": "2c" * 32}
SIZES = dict.fromkeys((*FILES, f"{NAME}.id.html"), 6)
FILED = ReportFiling(
    id="3d" * 32,
    name=f"2026-10/{NAME}",
    period="2026-10",
    version=1,
    fingerprint="0a" * 32,
    files=FILES,
    by="Pantau",
    at=NOON,
    gist={"id": Gist(subject="Oktober 2026", statement="3 dari 3 layanan memenuhi sasaran.")},
)
MAILING = Mailing(
    every=Every.MONTH,
    through="surel",
    readers=("kadis@makassarkota.test", "apip@makassarkota.test"),
    language="id",
    forms=("pdf",),
    largest=10,
)


def told(filing=FILED, before=(), *mailings):
    found = letters(filing, before, mailings or (MAILING,), SIZES, "/data/reports/2026-10")
    return [(each.receiver, [a.name for a in each.alert.report.attached]) for each in found]


def test_each_reader_is_told_by_a_message_of_their_own():
    """Every reader gets one message, under an id that is the same however often it is decided."""
    first, second = (letters(FILED, (), (MAILING,), SIZES, "/x") for _ in range(2))

    assert [each.receiver for each in first] == list(reader_names((MAILING,)))
    assert {each.id for each in first} == {each.id for each in second}
    assert len({each.id for each in first}) == 2


def test_a_version_is_told_once():
    """What was entered with all that is attached is told no more, even where files came since."""
    grown = replace(FILED, id="4e" * 32, files={**FILES, f"{NAME}.en.pdf": "5f" * 32})

    assert told(grown, (FILED,)) == []


def test_a_version_waits_for_what_is_attached():
    """A version that lacks an attached file is told when that is filed."""
    sparse = replace(FILED, files={f"{NAME}.json": "0a" * 32})

    assert told(sparse) == []
    assert len(told(FILED, (sparse,))) == 2


@pytest.mark.parametrize(
    "other",
    [
        replace(MAILING, every=Every.QUARTER),
        replace(MAILING, owners=("bapenda",)),
        replace(MAILING, services=("portal",)),
    ],
)
def test_other_reports_are_not_for_these_readers(other):
    """Readers are told of the reports of their schedule alone."""
    assert told(FILED, (), other) == []


def test_a_sealed_report_is_attached_with_its_seal():
    """Where the schedule seals, the sealed PDF goes, and not the other."""
    assert told()[0][1] == [f"{NAME}.id.pdf"]
    assert told(FILED, (), replace(MAILING, sealed=True))[0][1] == [f"{NAME}.id.segel.pdf"]


def test_what_is_too_large_is_left_out():
    """Over the bound nothing is attached, and the message says what and where it is."""
    small = replace(MAILING, largest=5, place="https://arsip.test/")
    [first, _] = letters(FILED, (), (small,), SIZES, "/data")

    notice = first.alert.report
    assert (notice.attached, [each.name for each in notice.left_out], notice.place) == (
        (),
        [f"{NAME}.id.pdf"],
        "https://arsip.test/",
    )


def test_a_city_in_volumes_is_sent_as_far_as_it_fits():
    """The main volume comes first, then the others in order, up to the bound; the rest is named."""
    volumes = [f"{NAME}-jilid-0{number}-bapenda.id.pdf" for number in (2, 1)]
    files = {**dict.fromkeys(volumes, "6a" * 32), **FILES}
    city = replace(FILED, files=files)
    [first, _] = letters(
        city, (), (replace(MAILING, largest=12),), SIZES | dict.fromkeys(volumes, 6), "/data"
    )

    notice = first.alert.report
    assert [each.name for each in notice.attached] == [f"{NAME}.id.pdf", volumes[1]]
    assert [each.name for each in notice.left_out] == [volumes[0]]
