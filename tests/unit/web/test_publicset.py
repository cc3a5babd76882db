"""What everybody can fetch, from whichever address: nothing of a service that is not public, and
text of others stays text.
"""

import csv
import io
import json
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.incident import AffectedCheck, Incident
from monitor.domain.maintenance import MaintenanceWindow, Occurrence
from monitor.domain.visibility import public_services
from monitor.domain.windowrecord import Source, WindowRecord
from monitor.locales import Language
from monitor.ports import Story
from monitor.reports.opendata import Terms, open_data
from monitor.web.app import create_app, create_public_app, health_routes, public_routes
from monitor.web.credentials import Authenticator
from monitor.web.opendatapage import OpenDataPage
from monitor.web.pages import StatusPage
from monitor.web.public import public_view
from tests.payloads import MORSELS, PAYLOADS
from tests.unit.metrics.board import NOON, FakeBoard, a_check, a_service, watch
from tests.unit.reports.reports import START, a_report
from tests.unit.web.asking import FakeArchive, FakeOpenData, FakePlanner, a_context, ask
from tests.unit.web.test_routes import HASH

SECRET = ("intelijen", "Ruang Sandi", "bidang-rahasia", "10.66.0.9", "Kunci diganti", "sandi-http")
WORDS = "Portal"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
UNSEEN = " \t\r\n\xa0\u200b\u200c\u200d\u2060\ufeff"
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
REPORT = a_report()


def hidden_city():
    """Return a context in which a service is down, worked on and corrected that is not public."""
    hidden = a_service(id=SECRET[0], name=SECRET[1], owner=SECRET[2], public=False)
    check = a_check(id=SECRET[5], service=hidden.id, target=SECRET[3])
    incident = Incident(
        id="RAHASIA",
        service=hidden.id,
        started_at=NOON,
        checks=(AffectedCheck(id=check.id, since=NOON),),
    )
    planner = FakePlanner()
    window = MaintenanceWindow(
        id="w",
        when=Occurrence(NOON, NOON.replace(hour=18)),
        reason=SECRET[4],
        public_reason=SECRET[4],
        approved_by="x",
        services=frozenset({hidden.id}),
    )
    planner.kept["w"] = WindowRecord(window=window, source=Source.FILE, added_at=NOON)
    board = FakeBoard(
        watched=[watch(a_check()), watch(check)],
        listed=[a_service(), hidden],
        incidents={hidden.id: incident},
    )
    archive = FakeArchive({"RAHASIA": Story(incident=incident, notes=(), deliveries=())})
    return board, planner, archive


def addresses(context):
    routes = [*health_routes(), *public_routes(context)]
    return [route.path.replace("{incident}", "RAHASIA").replace("{token}", "x") for route in routes]


@pytest.mark.parametrize("is_public_listener", [True, False])
async def test_a_service_that_is_not_public_is_nowhere(tmp_path, is_public_listener):
    """No address that is open to everybody says anything of a service that is not public."""
    board, planner, archive = hidden_city()
    made = _open_data_with_hidden()
    data = _Files(tmp_path, files=made)
    context = a_context(board=board, planner=planner, archive=archive, open_data=data)
    app = (
        create_public_app(context)
        if is_public_listener
        else create_app(context, Authenticator({"ops": HASH}))
    )

    for path in addresses(context):
        for query in ("", "lang=en"):
            answer = await ask(app, "GET", path, query=query)
            told = answer.text + str(answer.headers)
            assert not [each for each in SECRET if each in told], path
    assert "portal" in (await ask(app, "GET", "/api/v1/public/ketersediaan.csv")).text


class _Files(FakeOpenData):
    def __init__(self, folder, *, files):
        super().__init__(folder)
        self._files = files

    async def file(self, name, first, last):
        self.body = self._files[name]
        return await super().file(name, first, last)


def _open_data_with_hidden():
    """Return open data of a report that knows of a service that is not public."""
    portal, tax = REPORT.accounts[-1], REPORT.accounts[0]
    assert portal.service.id == "portal"
    hidden = a_service(id=SECRET[0], name=SECRET[1], owner=SECRET[2], public=False)
    accounts = [
        replace(portal, service=hidden),
        replace(tax, service=replace(tax.service, id="portal", public=True)),
    ]
    incidents = [
        replace(told, incident=replace(told.incident, service=hidden.id))
        for told in REPORT.incidents
    ]
    return dict(open_data(replace(REPORT, accounts=accounts, incidents=incidents), Terms()))


def test_public_is_what_is_marked_so():
    """A service is public where its mark says so, and nowhere else."""
    services = [a_service(id="a", public=True), a_service(id="b", public=False)]

    assert [each.id for each in public_services(services)] == ["a"]


class Shape(HTMLParser):
    """The elements of a page with their attributes, but for the texts of these."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, sorted(name for name, _ in attrs)))

    def handle_comment(self, data):
        self.elements.append("comment")


def writable(texts):
    """Return the texts that the configuration takes for a name: one line, and not a long one."""
    return [each for each in texts if len(each) <= 200 and each.isprintable() and each.strip()]


def test_a_name_stays_a_name_on_the_status_page():
    """Whatever a service and its owner are called, the page is built as of any other."""
    page, expected = StatusPage(ZoneInfo("Asia/Makassar"), "/data-terbuka"), set()

    for text in (WORDS, *writable(PAYLOADS)):
        board = FakeBoard(watched=[watch(a_check())], listed=[a_service(name=text, owner=text)])
        shape = Shape(page.html(public_view(board, NOON), Language.ID)).elements
        expected = expected or shape
        assert shape == expected, text


def test_a_producer_stays_a_producer_on_the_page_of_open_data():
    """Whatever stands in the configuration of who gives the data, the page is built as ever."""
    page, expected = OpenDataPage("/api/v1/public"), set()

    for text in (WORDS, *writable(MORSELS)):
        publication = FakeOpenData(publisher=text).publication(*FakeOpenData().days)
        shape = Shape(page.html(publication, Language.EN)).elements
        expected = expected or shape
        assert shape == expected, text


@pytest.mark.parametrize("at", range(0, len(PAYLOADS), 400))
def test_a_name_stays_a_name_in_open_data(at):
    """Whatever a service is called, its row has its columns, no cell is a formula, nothing turns
    the direction of text, letters are composed, and JSON says the same.
    """
    for text in PAYLOADS[at : at + 400]:
        files = dict(open_data(_report_named(text), Terms(licence=text, contact=text)))
        body = files["ketersediaan.csv"].decode()
        rows = list(csv.reader(io.StringIO(body, newline="")))
        told = json.loads(files["ketersediaan.json"])["data"]

        assert {len(row) for row in rows} == {len(rows[0])}, text
        for row, one in zip(rows[1:], told, strict=True):
            name = row[1]
            assert not name.lstrip(UNSEEN).startswith(FORMULA), text
            assert not set(name) & set(TURNING), text
            assert "\n" not in name
            assert unicodedata.is_normalized("NFC", name), text
            assert name.removeprefix("'") == one["nama_layanan"].removeprefix("'")


def _report_named(text):
    account = REPORT.accounts[0]
    service = replace(account.service, name=text, owner=text, public=True)
    return replace(
        REPORT, accounts=[replace(account, service=service, days=account.days[:1])], incidents=[]
    )


async def test_public_words_of_work_stay_words():
    """What the public is told of planned work is text as well, in the table as on the page."""
    portal = REPORT.accounts[-1]
    work = [
        replace(
            each,
            record=replace(
                each.record, window=replace(each.record.window, public_reason="=1+1\u202e<b>")
            ),
        )
        for each in portal.work
    ]
    account = replace(portal, service=replace(portal.service, public=True), work=work)
    files = dict(open_data(replace(REPORT, accounts=[account], incidents=[]), Terms()))
    cells = {row["keterangan"] for row in csv.DictReader(io.StringIO(_text(files)))}

    assert cells == {"'=1+1\ufffd<b>"}
    assert START.isoformat()[:10] in _text(files)


def _text(files):
    return files["pemeliharaan.csv"].decode()
