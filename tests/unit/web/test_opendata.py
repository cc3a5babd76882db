"""Open data over HTTP."""

import json
from datetime import date

import pytest

from monitor.ports import StoreError
from monitor.web.app import create_public_app
from monitor.web.context import NotPublished, TooLong
from tests.unit.web.asking import FakeOpenData, a_context, ask

DAYS = "/api/v1/public/ketersediaan.csv"


async def asked(path=DAYS, query="", headers=(), *, data=None, method="GET"):
    app = create_public_app(a_context(open_data=data or FakeOpenData()))
    return await ask(app, method, path, headers, query)


async def test_a_table(tmp_path):
    """A table comes as the file that was made, for anybody's pages to read, and is known again."""
    data = FakeOpenData(tmp_path)
    answer = await asked(query="month=2026-09", data=data)

    assert (answer.status, answer.body) == (200, data.body)
    assert data.asked == [("ketersediaan.csv", date(2026, 9, 1), date(2026, 9, 30))]
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["last-modified"] == "Sun, 01 Nov 2026 12:00:00 GMT"
    assert (
        answer.headers["content-disposition"]
        == 'attachment; filename="ketersediaan-2026-09-01--2026-09-30.csv"'
    )


async def test_packed_for_whoever_takes_it(tmp_path):
    """Who takes gzip gets the packed file under a tag of its own; the answer says that it varies."""
    data = FakeOpenData(tmp_path)
    plain = await asked(data=data)
    data.body = b"packed"
    packed = await asked(data=data, headers=[("Accept-Encoding", "gzip, br")])
    refused = await asked(data=data, headers=[("Accept-Encoding", "gzip;q=0")])

    assert [name for name, _, _ in data.asked] == [
        "ketersediaan.csv",
        "ketersediaan.csv.gz",
        "ketersediaan.csv",
    ]
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in refused.headers
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


async def test_head_says_how_long_it_is(tmp_path):
    """HEAD has the headers of GET, and no body."""
    data = FakeOpenData(tmp_path)
    head, get = [await asked(data=data, method=method) for method in ("HEAD", "GET")]

    assert head.headers["content-length"] == str(len(data.body))
    assert (head.headers, head.body) == (get.headers, b"")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (("If-None-Match", "TAG"), 304),
        (("If-None-Match", '"x", W/TAG'), 304),
        (("If-None-Match", "*"), 304),
        (("If-None-Match", '"x"'), 200),
        (("If-Modified-Since", "Sun, 01 Nov 2026 12:00:00 GMT"), 304),
        (("If-Modified-Since", "Sun, 01 Nov 2026 11:59:59 GMT"), 200),
        (("If-Modified-Since", "kemarin"), 200),
        (("If-Modified-Since", "Sun, 01 Nov 2026 12:00:00 -0000"), 200),
    ],
)
async def test_who_has_it_already(tmp_path, header, status):
    """Who names its tag, or its time, is told that it is still so; nothing is sent again."""
    data = FakeOpenData(tmp_path)
    tag = (await asked(data=data)).headers["etag"]
    answer = await asked(data=data, headers=[(header[0], header[1].replace("TAG", tag))])

    assert (answer.status, bool(answer.body)) == (status, status == 200)
    assert answer.headers["etag"] == tag
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_tag_counts_for_more_than_a_time(tmp_path):
    """Where a client says both, its tag is what counts."""
    headers = [("If-None-Match", '"x"'), ("If-Modified-Since", "Sun, 01 Nov 2026 12:00:00 GMT")]
    answer = await asked(data=FakeOpenData(tmp_path), headers=headers)

    assert answer.status == 200


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("", date(2026, 10, 1), date(2026, 10, 31)),
        ("month=2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("year=2026&lang=en", date(2026, 1, 1), date(2026, 10, 31)),
        ("year=2025", date(2025, 12, 1), date(2025, 12, 31)),
        ("from=2026-07&to=2026-09", date(2026, 7, 1), date(2026, 9, 30)),
        ("from=2026-09&to=2027-03", date(2026, 9, 1), date(2026, 10, 31)),
    ],
)
async def test_which_days(tmp_path, query, first, last):
    """Whole months are given, of those that there are; without a question the newest."""
    data = FakeOpenData(tmp_path)
    await asked(query=query, data=data)

    assert data.asked == [("ketersediaan.csv", first, last)]


async def test_a_month_that_goes_on(tmp_path):
    """Of a month that is not over, the days are given that are."""
    data = FakeOpenData(tmp_path, days=(date(2026, 10, 5), date(2026, 11, 3)))
    await asked(query="month=2026-11", data=data)

    assert data.asked == [("ketersediaan.csv", date(2026, 11, 1), date(2026, 11, 3))]


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        (
            "moth=2026-10",
            400,
            "'moth': parameter ini tidak dikenal; yang ada: month, year, from, to, lang",
        ),
        ("month=2026-10&month=2026-09", 400, "month: parameter ini ditulis lebih dari sekali"),
        ("month=2026-13", 400, "month: '2026-13' bukan bulan; tulis seperti 2026-10"),
        ("month=%D9%A2026-10", 400, "month: '٢026-10' bukan bulan; tulis seperti 2026-10"),
        ("month=0000-10", 400, "month: '0000-10' bukan bulan; tulis seperti 2026-10"),
        ("year=26", 400, "year: '26' bukan tahun; tulis seperti 2026"),
        ("year=9999", 400, "year: '9999' bukan tahun; tulis seperti 2026"),
        (
            "month=2026-10&year=2026",
            400,
            "tulis salah satu saja: month, year, atau from bersama to",
        ),
        (
            "from=2026-10",
            400,
            "to: parameter ini belum ada; from dan to adalah bulan pertama dan terakhir",
        ),
        (
            "to=2026-10",
            400,
            "from: parameter ini belum ada; from dan to adalah bulan pertama dan terakhir",
        ),
        (
            "from=2026-10&to=2026-09",
            400,
            "to: bulan terakhir tidak boleh sebelum bulan pertama (from)",
        ),
        ("lang=jw", 400, "lang: tulis id atau en"),
        ("month=2025-11", 404, "data dimulai pada 2025-12"),
        (
            "month=2026-11",
            404,
            "belum ada hari yang selesai dalam periode ini; data ada sampai 2026-10-31",
        ),
        (
            "month=2026-11&lang=en",
            404,
            "no day of this period is over yet; there is data up to 2026-10-31",
        ),
        ("month=x&lang=en", 400, "month: 'x' is no month; write it as 2026-10"),
        ("month=%1b%5b31m%e2%80%ae", 400, "month: '�[31m�' bukan bulan; tulis seperti 2026-10"),
    ],
)
async def test_what_cannot_be_asked(tmp_path, query, status, detail):
    """What is wrong with a question is said in our own words, in the language of who asks."""
    data = FakeOpenData(tmp_path)
    answer = await asked(query=query, data=data)

    assert (answer.status, json.loads(answer.text)) == (status, {"detail": detail})
    assert data.asked == []
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("error", "status", "beginning"),
    [
        (TooLong(3), 400, "periode ini terlalu panjang: paling banyak 3 bulan"),
        (None, 503, "data sedang disiapkan"),
        (NotPublished("/var/lib/pantau: disk full"), 503, "data sedang tidak dapat disiapkan"),
        (StoreError("/var/lib/pantau: damaged"), 503, "data sedang tidak dapat disiapkan"),
    ],
)
async def test_what_cannot_be_given_now(error, status, beginning):
    """What can't be given now is said without a word of why inside us, and when to come back."""
    answer = await asked(data=FakeOpenData(error=error))

    assert answer.status == status
    assert json.loads(answer.text)["detail"].startswith(beginning)
    assert answer.headers.get("retry-after") == ("30" if status == 503 else None)
    assert "/var" not in answer.text


async def test_no_data_yet():
    """Before the first day is over there is nothing, and the answer says when there will be."""
    answer = await asked(data=FakeOpenData(days=None))

    assert answer.status == 404
    assert "sesudah hari itu selesai" in answer.text


async def test_the_catalogue():
    """The catalogue has what Satu Data asks for of each data set, and where its files are."""
    answer = await asked("/api/v1/public/katalog.json")
    found = json.loads(answer.text)
    sets = found["kumpulan_data"]

    assert [one["berkas"][0] for one in sets] == [
        f"/api/v1/public/{name}.csv"
        for name in ("ketersediaan", "gangguan", "pemeliharaan", "koreksi")
    ]
    for one in sets:
        assert one["produsen_data"] == "Diskominfo"
        assert one["kontak"] == "data@example.go.id"
        assert one["periode"] == {"dari": "2025-12-20", "sampai": "2026-10-31"}
        assert all(one["standar"][key] for key in ("konsep", "definisi", "ukuran", "satuan"))
        assert all(one[key] for key in ("judul", "title", "deskripsi", "description", "metode"))
        assert (one["lisensi"], one["frekuensi"]) == ("CC-BY-4.0", "harian")
        assert all(each["keterangan"] and each["description"] for each in one["variabel"])


async def test_the_dictionary():
    """The dictionary explains each column of each table, as CSV and as JSON, and is known again."""
    listed = json.loads((await asked("/api/v1/public/kamus-data.json")).text)
    answer = await asked("/api/v1/public/kamus-data.csv")
    again = await asked(
        "/api/v1/public/kamus-data.csv", headers=[("If-None-Match", answer.headers["etag"])]
    )

    assert len(answer.text.splitlines()) == len(listed) + 1
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", ("<h1>Data terbuka</h1>", "Waktu tersedia", "Oktober 2026")),
        ("lang=en", ("<h1>Open data</h1>", "Time up", "October 2026")),
    ],
)
async def test_a_page_for_citizens(query, words):
    """A page leads to the files of each month and says what each column means, in both languages,
    and asks for nothing but our style.
    """
    answer = await asked("/data-terbuka", query)

    assert answer.status == 200
    assert all(each in answer.text for each in words)
    assert 'href="/api/v1/public/ketersediaan.csv?month=2026-10&amp;lang=' in answer.text
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((date(2026, 10, 5), date(2026, 11, 3)), "November 2026, sampai tanggal 3:"),
        ((date(2026, 10, 5), date(2026, 10, 31)), "<li>Oktober 2026: <span"),
        (None, "Belum ada data"),
    ],
)
async def test_the_page_says_how_far_data_goes(days, words):
    """The month that goes on says up to which day it is known; where there is no data, the page
    says so, and still explains the columns.
    """
    answer = await asked("/data-terbuka", data=FakeOpenData(days=days))

    assert words in answer.text
    assert "ketersediaan_persen" in answer.text


async def test_the_status_page_leads_to_it():
    """The public page leads to open data."""
    answer = await asked("/", "lang=en")

    assert '<a href="/data-terbuka?lang=en">Open data</a>' in answer.text
