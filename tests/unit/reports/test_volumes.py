"""A report on more services than one PDF holds: a main volume, and one for each owner."""

import io
import re
import subprocess
from dataclasses import replace
from hashlib import sha256

import pikepdf
import pytest

from monitor.domain.check import CheckId
from monitor.locales import Language
from monitor.reports.bound import main_volume, volume_document
from monitor.reports.daily import daily
from monitor.reports.document import Blank, Document, Section, Signatures
from monitor.reports.forms import files
from monitor.reports.papers import SUMS
from monitor.reports.report import Retired
from monitor.reports.sections.binding import Bound
from monitor.reports.source import source_of
from monitor.reports.typesetting import Order, Unset, typeset_apart
from monitor.reports.volumes import MOST_WHOLE, volumes
from tests.peers import peer
from tests.unit.reports.builders import AT, JUNE, city, scope

CITY = city(MOST_WHOLE + 5, scope(*JUNE))
HASH = "0f" * 32
MAIN = "laporan.id.pdf"


@pytest.fixture(scope="module")
def source():
    return source_of(CITY, Language.ID)


@pytest.fixture(scope="module")
def made(source):
    """Return the files of a city's report on paper, by name."""
    return {name: b"".join(pieces()) for name, pieces in files(source, ["pdf"], "laporan").items()}


def owned(report, owner):
    """Return a report in which one owner has all services."""
    accounts = [
        replace(each, service=replace(each.service, owner=owner)) for each in report.accounts
    ]
    return replace(report, accounts=accounts)


def bound(report):
    return [
        Bound(volume=one, name=one.name("laporan", Language.ID), digest=HASH)
        for one in volumes(report)
    ]


def text_of(paper: bytes, *options: str) -> str:
    command = [peer("pdftotext"), *options, "-", "-"]
    said = subprocess.run(command, input=paper, check=True, capture_output=True).stdout.decode()
    return " ".join(said.split())


def printed_by(program: str, *arguments: object) -> str:
    command = [peer(program), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_a_hundred_services_are_one_paper():
    """A report that one PDF can hold has no volumes."""
    assert volumes(city(MOST_WHOLE, scope(*JUNE))) == []


def test_every_service_is_in_one_volume():
    """Volumes have all services between them, in order, and each is of one owner."""
    found = volumes(CITY)

    assert [each for one in found for each in one.accounts] == list(CITY.accounts)
    assert all({each.service.owner for each in one.accounts} == {one.owner} for one in found)
    assert [one.number for one in found] == list(range(1, len(found) + 1))


def test_many_services_of_an_owner_are_in_several_volumes():
    """No volume is so long that it can't be set in the memory there is."""
    found = volumes(owned(city(240, scope(*JUNE)), "diskominfo"))

    assert [len(one.accounts) for one in found] == [48] * 5
    assert [(one.part, one.parts) for one in found] == [(n, 5) for n in range(1, 6)]


def test_incidents_are_told_with_their_service():
    """What happened to a service is in its volume, and in no other."""
    told = [each.incident.id for one in volumes(CITY) for each in one.of(CITY).incidents]

    assert sorted(told) == sorted(each.incident.id for each in CITY.incidents)


def test_volumes_are_made_before_what_names_them(source):
    """The main volume is the last file, since it says what the others are; asked alone, it says
    the same.
    """
    found = files(source, ["pdf"], "laporan")
    alone = files(source, ["pdf"], "laporan")

    assert list(found)[-1] == MAIN
    assert next(iter(found)) == "laporan-jilid-01-bapenda.id.pdf"
    for pieces in list(found.values())[:-1]:
        pieces()
    assert b"".join(found[MAIN]()) == b"".join(alone[MAIN]())


def test_the_main_volume_names_what_every_other_is(made):
    """It has the SHA-256 of each other file, on paper and in an attachment for sha256sum."""
    sums = {name: sha256(body).hexdigest() for name, body in made.items() if name != MAIN}
    with pikepdf.open(io.BytesIO(made[MAIN])) as main:
        listed = main.attachments[SUMS].get_file().read_bytes().decode()
    said = re.sub(r"\s", "", text_of(made[MAIN]))

    assert listed == "".join(f"{digest}  {name}\n" for name, digest in sums.items())
    assert [digest for digest in sums.values() if digest not in said] == []


def test_page_one_says_why_there_are_several_files(made):
    """Who opens any of them reads on the first page what it is a part of."""
    main, *_ = [text_of(body, "-l", "1") for name, body in made.items() if name == MAIN]
    first = text_of(next(iter(made.values())), "-l", "1")

    assert "terlalu banyak untuk satu berkas" in main
    assert "Ini jilid 1 dari 5" in first


def test_data_goes_with_the_volumes(made, source):
    """The main volume carries all data, and each other the days of its services: together as many."""
    attached = {}
    for name, body in made.items():
        with pikepdf.open(io.BytesIO(body)) as paper:
            attached[name] = {
                each: spec.get_file().read_bytes() for each, spec in paper.attachments.items()
            }
    main = attached.pop(MAIN)
    lines = [line for each in attached.values() for line in each["data.csv"].splitlines()[1:]]

    assert main["laporan.json"] == source.whole.body
    assert main["data.csv"] == "".join(daily(CITY)).encode()
    assert lines == main["data.csv"].splitlines()[1:]


def test_every_volume_is_made_to_the_profiles(made):
    """Each is PDF/A-3a and PDF/UA-1, has its language, tags, and words for each drawing."""
    for body in made.values():
        with pikepdf.open(io.BytesIO(body)) as paper, paper.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
            assert metadata["pdfuaid:part"] == "1"
            assert (paper.Root.Lang, bool(paper.Root.MarkInfo.Marked)) == ("id", True)
            figures = [
                each
                for each in paper.objects
                if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/Figure"
            ]
            assert all(str(each.get("/Alt", "")).strip() for each in figures)


def test_other_programs_find_no_fault_in_any_volume(made, tmp_path):
    """Each is sound by another program's judgement, and has its fonts with it."""
    for name, body in made.items():
        path = tmp_path / name
        path.write_bytes(body)
        fonts = printed_by("pdffonts", path).splitlines()[2:]
        assert "No syntax or stream encoding errors" in printed_by("qpdf", "--check", path)
        assert {line.split()[-5] for line in fonts} == {"yes"}


def test_the_same_report_gives_the_same_volumes(made, source):
    """Made again, in other processes, each has the same bytes."""
    again = files(source, ["pdf"], "laporan")

    assert {name: b"".join(pieces()) for name, pieces in again.items()} == made


def blocks(sections):
    for each in sections:
        yield from each.blocks
        yield from blocks(each.parts)


def parts(sections) -> list[Section]:
    return [part for each in sections for part in (each, *parts(each.parts))]


def is_filled(document: Document) -> bool:
    """Say whether people write in it."""
    return any(isinstance(each, Blank | Signatures) for each in blocks(document.sections))


@pytest.mark.parametrize("language", list(Language))
def test_people_write_in_the_main_volume_alone(language):
    """What is to be filled in and signed stands in one place, and is not asked for in each volume."""
    main = main_volume(CITY, language, HASH, bound(CITY))
    others = [volume_document(CITY, language, HASH, one) for one in volumes(CITY)]

    assert is_filled(main)
    assert main.is_signed
    assert not any(is_filled(each) or each.is_signed for each in others)


def shape(document: Document) -> list:
    return [
        (each.id, [(type(block), len(getattr(block, "rows", ()))) for block in each.blocks])
        for each in parts(document.sections)
    ]


def test_volumes_say_the_same_in_both_languages():
    """Block by block, each volume is the same in Indonesian and in English."""
    found = bound(CITY)
    mains = [shape(main_volume(CITY, language, HASH, found)) for language in Language]
    others = [
        [shape(volume_document(CITY, language, HASH, one)) for one in volumes(CITY)]
        for language in Language
    ]

    assert mains[0] == mains[1]
    assert others[0] == others[1]


def test_every_service_has_a_line_in_the_main_volume():
    """Who reads the main volume alone sees how each service was."""
    main = main_volume(CITY, Language.ID, HASH, bound(CITY))
    [results] = [each for each in main.sections if each.id == "results"]

    named = [row[0] for row in results.blocks[0].rows]
    assert named == [each.service.name for each in CITY.accounts]


def test_checks_that_are_gone_stand_in_the_main_volume():
    """What is not watched any more belongs to no volume, and the main one tells of it."""
    gone = Retired(check=CheckId("situs-lama-http"), last=AT)
    main = main_volume(replace(CITY, retired=(gone,)), Language.ID, HASH, bound(CITY))
    [coverage] = [each for each in main.sections if each.id == "scope"]

    rows = [row for each in coverage.blocks for row in getattr(each, "rows", ())]
    assert "situs-lama-http" in [row[0] for row in rows]


def cells(document: Document) -> int:
    """Return in how many cells of tables a document is laid out."""
    return sum(len(row) for each in blocks(document.sections) for row in getattr(each, "rows", ()))


def test_a_city_takes_little_memory():
    """Typst takes some 20 KB a cell: the main volume has seven cells a service at most, and no other
    has more than those of fifty services, however large the city is.
    """
    small, large = (city(services, scope(*JUNE)) for services in (600, 800))
    mains = [cells(main_volume(each, Language.ID, HASH, bound(each))) for each in (small, large)]
    longest = [
        max(cells(volume_document(each, Language.ID, HASH, one)) for one in volumes(each))
        for each in (owned(small, "diskominfo"), owned(large, "diskominfo"))
    ]

    assert mains[1] - mains[0] <= 7 * 200
    assert longest[1] <= longest[0] * 1.1


def test_a_paper_that_can_not_be_set_says_why():
    """A process that fails is an error with its words, and no paper of nothing."""
    with pytest.raises(Unset, match=r"ended with 1: .*failed to parse JSON"):
        typeset_apart(Order(template="report.typ", told="{", at=0))
