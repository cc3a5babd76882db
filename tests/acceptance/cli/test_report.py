"""`pantau report` over a real database: every form says what `pantau availability` says."""

import csv
import hashlib
import json
import subprocess
from fractions import Fraction

import jsonschema
import openpyxl
import pikepdf
import pytest

from monitor.domain.observation import Outcome
from monitor.ports import Change
from monitor.reports.form import schema
from monitor.reports.forms import FORMS
from monitor.store.ledgerreader import open_ledger
from monitor.store.sql import open_store
from tests.acceptance.cli.commands import pantau
from tests.acceptance.cli.test_availability import (
    BY_ISP,
    CHECKS,
    CUT,
    FAILING,
    REFUSED,
    SEEN,
    planned,
    put_down,
    sample,
)
from tests.peers import peer

DAY = ("--from", "2025-06-02", "--to", "2025-06-03")
NAME = "laporan-2025-06-02--2025-06-02"
SHARES = ("availability", "lower", "upper", "gross", "coverage")


@pytest.fixture
async def city(tmp_path):
    """A city of one check whose day of 1,381 samples is in the database, with work at night."""
    (tmp_path / "checks.yaml").write_text(CHECKS)
    (tmp_path / "data").mkdir(mode=0o700)
    seen = tuple(sample(t, REFUSED if t in FAILING else Outcome()) for t in SEEN)
    async with open_store(tmp_path / "data", vantage="utama") as store:
        await store.restore()
        await store.commit(Change(observations=seen))
    await put_down(tmp_path, planned())
    return tmp_path


def reported(city, *arguments):
    return pantau(city, "report", *DAY, "--out", "laporan", *arguments)


def sheet_of(city, title, head):
    """Return the rows below the head, which begins with `head`, each by its columns."""
    book = openpyxl.load_workbook(city / "laporan" / f"{NAME}.id.xlsx")
    rows = list(book[title].iter_rows(values_only=True))
    first = next(n for n, row in enumerate(rows) if row[0] == head)
    return [dict(zip(rows[first], row, strict=True)) for row in rows[first + 1 :]]


def test_every_form_says_what_the_command_says(city):
    """The figures of JSON, CSV and XLSX are those of `pantau availability`, to the last digit."""
    told = pantau(city, "availability", *DAY, "--output", "json", "--lang", "id")
    [expected] = json.loads(told.stdout)["services"]

    assert reported(city).returncode == 0

    whole = json.loads((city / "laporan" / f"{NAME}.json").read_text())
    [service] = whole["services"]
    figures, [day] = service["figures"]["around_the_clock"], service["days"]
    with (city / "laporan" / f"{NAME}.csv").open(newline="") as file:
        [line] = csv.DictReader(file)
    [summed] = sheet_of(city, "Ringkasan", "Layanan")
    [daily] = sheet_of(city, "Harian", "Layanan")
    page = (city / "laporan" / f"{NAME}.id.html").read_text()
    headings = ("Ketersediaan", "Batas bawah", "Batas atas", "Kotor", "Cakupan")
    for name, heading in zip(SHARES, headings, strict=True):
        exact, text = expected[name]["exact"], expected[name]["text"]
        digits = text.removesuffix(" %").replace(",", ".")
        for told_of in (figures, day["around_the_clock"]):
            assert (told_of[name]["exact"], told_of[name]["id"]) == (exact, text)
        assert (line[f"{name}_exact"], line[f"{name}_percent"]) == (exact, digits)
        assert text in page
        for row in (summed, daily):
            assert row[f"{heading}, tepat"] == exact
            assert row[f"{heading} (%)"] == float(digits)
    assert Fraction(figures["availability"]["exact"]) == Fraction(113, 115)
    assert figures["microseconds"] == expected["microseconds"]
    assert (summed["Waktu henti (detik)"], line["down_microseconds"]) == (1_380, "1380000000")
    assert (summed["Sampel diharapkan"], summed["Sampel diterima"]) == (1_440, 1_381)
    assert figures["mtbf_seconds"] == expected["mtbf_seconds"]["exact"]
    assert service["target"]["verdict"] == expected["verdict"] == "met"
    assert summed["Putusan"] == "memenuhi"
    jsonschema.Draft202012Validator(schema()).validate(whole)


def test_the_fingerprint_is_that_of_the_file(city):
    """What is shown as sidik data is the SHA-256 of laporan.json, whatever the language."""
    told = json.loads(reported(city, "--format", "json", "--output", "json").stdout)
    english = json.loads(reported(city, "--lang", "en", "--output", "json").stdout)

    written = (city / "laporan" / f"{NAME}.json").read_bytes()
    assert told["sidik_data"] == hashlib.sha256(written).hexdigest() == english["sidik_data"]
    assert {each["path"]: each["new"] for each in english["files"]} == {
        f"laporan/{NAME}.en.pdf": True,
        f"laporan/{NAME}.en.html": True,
        f"laporan/{NAME}.csv": True,
        f"laporan/{NAME}.json": False,
        f"laporan/{NAME}.en.xlsx": True,
    }


async def test_no_report_takes_the_place_of_another(city):
    """The same data gives the same bytes; other data is refused, and all files stay as they are."""
    assert reported(city).returncode == 0
    before = {path.name: path.read_bytes() for path in (city / "laporan").iterdir()}
    again = reported(city)
    assert again.returncode == 0
    assert again.stdout.count("is the same") == len(FORMS)

    async with open_store(city / "data", vantage="utama") as store:
        await store.restore()
        await store.commit(Change(observations=(sample(12_000),)))
    refused = reported(city)

    assert refused.returncode == 1
    assert f"laporan/{NAME}.id.pdf is another report: nothing was written" in refused.stderr
    assert {path.name: path.read_bytes() for path in (city / "laporan").iterdir()} == before
    assert reported(city, "--replace").returncode == 0
    assert (city / "laporan" / f"{NAME}.json").read_bytes() != before[f"{NAME}.json"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "json,docx"), "there is no format 'docx'"),
        (("--service", "portel"), "there is no service 'portel'; did you mean 'portal'?"),
        (("--owner", "diskomenfo"), "no service has the owner 'diskomenfo'"),
        (("--month", "2025-06"), "give one of --month YYYY-MM, --quarter YYYY-Qn"),
    ],
)
def test_what_can_not_be_reported_is_a_usage_error(city, arguments, said):
    """What is no form, no service, no owner or no period ends with 2, and says what would be."""
    refused = reported(city, *arguments)

    assert refused.returncode == 2
    assert said in refused.stderr
    assert not (city / "laporan").exists()


def test_a_correction_makes_another_version(city):
    """A filed report stays; corrected, it is the next version, and says what changed by what."""
    arguments = ("report", "file", *DAY, "--format", "html", "--output", "json")
    first = json.loads(pantau(city, *arguments).stdout)
    same = json.loads(pantau(city, *arguments).stdout)
    folder = city / "data" / "reports" / "2025-06-02--2025-06-02"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    made = pantau(city, *CUT, "--to", "2025-06-02 10:20", "--status", "unknown", *BY_ISP)
    second = json.loads(pantau(city, *arguments).stdout)

    assert made.returncode == 0
    assert [(each["version"], each["new"]) for each in (first, same, second)] == [
        (1, True),
        (1, False),
        (2, True),
    ]
    assert {path.name: path.read_bytes() for path in folder.iterdir()}.items() >= before.items()
    whole = json.loads((folder / f"{NAME}-v2.json").read_text())
    [correction] = [each["id"] for each in whole["services"][0]["corrections"]]
    [down] = [each for each in whole["differences"] if each["figure"] == "down"]
    assert whole["replaces"] == first["sidik_data"]
    assert (int(down["before"]["exact"]), down["corrections"]) == (1_380_000_000, [correction])
    assert int(down["after"]["exact"]) < 1_380_000_000
    assert correction in (folder / f"{NAME}-v2.id.html").read_text()


def entries_of(city):
    """Return the entries of filed reports in the ledger, in order."""
    with open_ledger(city / "data") as reader:
        return list(reader.entered())


def test_a_filed_report_is_entered_into_the_ledger(city):
    """Who filed what is an entry, with the hash of each file, also where no daemon runs; a second run
    enters nothing, unless files were added.
    """
    arguments = ("report", "file", *DAY, "--by", "Rina")
    pantau(city, *arguments, "--format", "csv")
    pantau(city, *arguments, "--format", "csv")
    added = pantau(city, *arguments, "--format", "csv,html", "--lang", "en")

    folder = city / "data" / "reports" / "2025-06-02--2025-06-02"
    first, second = entries_of(city)
    names = [f"{NAME}-v1.csv", f"{NAME}-v1.json", f"{NAME}-v1.en.html"]
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    assert (
        added.stdout.splitlines()[-2]
        == "version 1 was there, says the same, and has more files now"
    )
    assert [each["files"] for each in (first, second)] == [
        {name: digests[name] for name in names[:2]},
        digests,
    ]
    assert (first["name"], first["by"]) == (f"2025-06-02--2025-06-02/{NAME}-v1", "Rina")


def test_a_filed_report_is_verified(city):
    """It is verified by its manifest: any file that is another is named, and so is a manifest that
    the ledger does not know.
    """
    pantau(city, "report", "file", *DAY, "--by", "Rina", "--format", "csv")
    folder = city / "data" / "reports" / "2025-06-02--2025-06-02"
    manifest, table = folder / f"{NAME}-v1.manifest.json", folder / f"{NAME}-v1.csv"

    good = pantau(city, "report", "verify", str(manifest))
    table.write_bytes(table.read_bytes() + b" ")
    changed = pantau(city, "report", "verify", str(manifest))
    said = json.loads(manifest.read_text())
    said["files"][table.name] = hashlib.sha256(table.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(said))
    forged = pantau(city, "report", "verify", str(manifest))

    assert (good.returncode, changed.returncode, forged.returncode) == (0, 1, 1)
    assert "verified: version 1, 2 files as they were filed" in good.stdout
    assert f"{table}: its SHA-256 is not" in changed.stderr
    assert "the ledger does not say that it was filed so" in forged.stderr


def test_only_what_is_over_is_filed(city):
    """A period that goes on is refused: its report would never be final."""
    refused = pantau(city, "report", "file", "--from", "2025-06-02", "--to", "2200-01-01")

    assert refused.returncode == 2
    assert "the period is not over" in refused.stderr
    assert not (city / "data" / "reports").exists()


@pytest.mark.parametrize("language", ["id", "en"])
def test_paper_says_what_the_command_says(city, language):
    """The text of the PDF has every figure of `pantau availability`, in each language."""
    told = pantau(city, "availability", *DAY, "--output", "json", "--lang", language)
    [expected] = json.loads(told.stdout)["services"]
    assert reported(city, "--format", "pdf,json", "--lang", language).returncode == 0

    text = read_by("pdftotext", city / "laporan" / f"{NAME}.{language}.pdf", "-")
    words = " ".join(text.split())
    whole = json.loads((city / "laporan" / f"{NAME}.json").read_text())
    figures = whole["services"][0]["figures"]["around_the_clock"]
    shares = [expected[name]["text"] for name in SHARES]
    means = [figures[name][language] for name in ("mtbf", "mttr")]
    assert [each for each in (*shares, *means) if each not in words] == []
    assert [figures[name][language] for name in SHARES] == shares
    assert whole["services"][0]["target"]["verdict_text"][language] in words
    lines = text.splitlines()
    places = [
        next(n for n, line in enumerate(lines) if line.startswith(f"{number}. "))
        for number in (1, 5, 9, 14)
    ]
    assert places == sorted(places)


def test_paper_by_other_programs(city):
    """Other programs find the PDF sound, made to PDF/A-3a and PDF/UA-1, tagged, with every font in
    it and words for every drawing; what is attached is what was written beside it.
    """
    assert reported(city, "--format", "pdf,json,csv").returncode == 0
    path = city / "laporan" / f"{NAME}.id.pdf"

    assert "No syntax or stream encoding errors" in read_by("qpdf", "--check", path)
    fonts = read_by("pdffonts", path).splitlines()[2:]
    assert {line.split()[-5] for line in fonts} == {"yes"}
    with pikepdf.open(path) as made:
        with made.open_metadata() as said:
            profile = ("pdfaid:part", "pdfaid:conformance", "pdfuaid:part")
            assert [said[name] for name in profile] == ["3", "A", "1"]
        assert len(made.Root.OutputIntents) == 1
        assert made.Root.MarkInfo.Marked
        assert made.Root.Lang == "id"
        drawings = [
            each
            for each in made.objects
            if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/Figure"
        ]
        assert drawings
        assert all(str(each.get("/Alt", "")).strip() for each in drawings)
        attached = {name: each.get_file().read_bytes() for name, each in made.attachments.items()}
    assert attached == {
        "laporan.json": (city / "laporan" / f"{NAME}.json").read_bytes(),
        "data.csv": (city / "laporan" / f"{NAME}.csv").read_bytes(),
    }


def test_paper_without_a_seal_shows_nothing_alone(city):
    """Of a PDF without a seal it is said that nothing shows whether it is as it was."""
    assert reported(city, "--format", "pdf").returncode == 0
    refused = pantau(city, "report", "verify", city / "laporan" / f"{NAME}.id.pdf")
    assert refused.returncode == 1
    assert "it has no signature" in refused.stderr


def read_by(program, *arguments):
    command = [peer(program), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
