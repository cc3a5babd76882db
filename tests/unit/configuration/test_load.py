import gc
import hashlib
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

import pytest

from monitor.configuration import ConfigError
from monitor.domain.alert import Match, Route
from monitor.domain.check import Affects
from monitor.domain.duty import on_duty
from monitor.domain.maintenance import occurrence_at
from monitor.domain.observation import Status
from monitor.domain.service import Criticality, Rule, Sla, StatusRule
from monitor.domain.surroundings import Grouping
from monitor.fields import Endpoint
from tests.unit.configuration.places import A_CHECK, CITY, DATA, HEAD, SMALL, loaded, written


@pytest.fixture(scope="module")
def city():
    return loaded(CITY)


def checks(config):
    return {each.check.id: each.check for each in config.checks}


def warnings(config):
    return [str(each) for each in config.warnings]


def test_checks_of_all_files(city):
    """The checks of checks.yaml come first, then those of config/services/ by file name."""
    assert list(checks(city)) == [
        *("portal-http", "portal-dns", "dns-at-source", "inti-tcp", "pajak-http", "pajak-tcp")
    ]
    assert [each.check.id for each in city.disabled] == ["db-port"]


def test_written_check(city):
    """A check takes what it says itself."""
    check = checks(city)["portal-http"]

    assert (check.interval, check.degraded_over) == (timedelta(seconds=30), timedelta(seconds=3))
    assert check.runbook == "https://wiki.makassarkota.go.id/portal"
    assert check.affects is Affects.AVAILABILITY


def test_defaults_over_files(city):
    """Defaults of a file come before those of checks.yaml; labels add up."""
    check = checks(city)["pajak-http"]

    assert (check.interval, check.timeout) == (timedelta(minutes=2), timedelta(seconds=20))
    assert check.failure_threshold == 3
    assert check.labels == {"gedung": "balaikota", "opd": "bapenda"}


def test_defaults_stay_in_their_file(tmp_path):
    """Defaults of a file in config/services/ hold in that file only."""
    path = written(tmp_path)
    services = tmp_path / "config" / "services"
    services.mkdir(parents=True)
    (services / "a.yaml").write_text("defaults: {interval: 5m}\n")
    (services / "b.yaml").write_text("checks:\n" + A_CHECK.replace("portal-tcp", "b"))

    assert {each.interval for each in checks(loaded(path)).values()} == {timedelta(seconds=60)}


def test_usual_rhythm():
    """Unsaid, a check runs every 60 s with 10 s to answer, and 3 failures or 2 successes decide."""
    [configured] = loaded(DATA / "valid" / "smallest.yaml").checks
    check = configured.check

    assert check.interval == timedelta(seconds=60)
    assert (check.timeout, check.retry_interval) == (timedelta(seconds=10), timedelta(seconds=15))
    assert (check.failure_threshold, check.success_threshold) == (3, 2)


def test_rhythm_of_short_interval(tmp_path):
    """An unsaid timeout or retry_interval is never longer than the interval."""
    path = written(tmp_path, SMALL.replace("port:", "interval: 4s, port:"))

    [configured] = loaded(path).checks

    assert configured.check.timeout == configured.check.retry_interval == timedelta(seconds=4)


def test_target_has_no_query(city):
    """The target of a check is what its type shows of it."""
    assert checks(city)["pajak-http"].target == "https://pajak.example/masuk"


def test_name_of_a_type(city):
    """A type that has a `name` of its own keeps it: a DNS query asks for a name."""
    assert checks(city)["portal-dns"].name == ""
    assert checks(city)["portal-dns"].target == "makassarkota.go.id A"
    assert checks(city)["inti-tcp"].name == "Switch inti"


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("db.localhost", True),
        ("10.0.0.9", False),
        ("localhost.example", False),
        ("notlocalhost", False),
    ],
)
def test_local_target(tmp_path, host, local):
    """A target is local if its host is a loopback address or localhost by its mere form."""
    path = written(tmp_path, SMALL.replace("10.0.0.9", f'"{host}"'))

    [configured] = loaded(path).checks

    assert configured.check.local is local


def test_services(city):
    """Services carry their owner, their rule and exactly the percentage that was promised."""
    portal, pajak = city.services["portal"], city.services["pajak"]

    assert portal.sla == Sla(target=Fraction(999, 1000), basis="SK Kepala Dinas No. 12/2026")
    assert portal.criticality is Criticality.SANGAT_KRITIS
    assert portal.depends_on == ("jaringan-inti",)
    assert pajak.status == StatusRule(rule=Rule.QUORUM, quorum=1)


def test_settings(city):
    """The daemon's settings are read from config/monitor.yaml."""
    assert city.monitor.listen == Endpoint("127.0.0.1", 8780)
    assert city.monitor.resolver.nameservers == (
        Endpoint("10.0.0.53"),
        Endpoint("2001:db8::53", 5353),
    )
    assert city.monitor.self_check.targets == ("10.0.0.1:53", "https://intranet.example/")
    assert city.monitor.external_url == "https://status.makassarkota.go.id"


def test_data_folder_is_beside_checks(city):
    """A relative data_dir begins at the folder of checks.yaml, wherever the daemon is started."""
    assert city.monitor.data_dir == CITY.parent / "data"


def test_usual_settings():
    """Without config/monitor.yaml the daemon listens on loopback only, in the city's zone."""
    settings = loaded(DATA / "valid" / "smallest.yaml").monitor

    assert (settings.listen, settings.public_listen) == (Endpoint("127.0.0.1", 8780), None)
    assert (settings.vantage, settings.zone, settings.language) == ("utama", "Asia/Makassar", "id")
    assert settings.resolver.timeout == timedelta(seconds=2)


def test_routes(city):
    """Routes keep their order; one value needs no brackets; `continue` lets later ones match."""
    first, second = city.routes

    assert first == Route(
        receiver="opd",
        match=Match(
            owners=frozenset({"diskominfo"}),
            criticalities=frozenset({Criticality.KRITIS, Criticality.SANGAT_KRITIS}),
            types=frozenset({"http", "dns"}),
            labels={"gedung": "balaikota"},
        ),
        goes_on=True,
    )
    assert second == Route(receiver="oncall", statuses=frozenset({Status.DOWN}))


def test_no_routes_tell_everybody(tmp_path):
    """Without routes every receiver is told of everything."""
    receivers = "receivers:\n" + "".join(
        f"  - {{name: {name}, type: webhook, url: 'https://{name}.example/'}}\n" for name in "ab"
    )

    config = loaded(written(tmp_path, alerts=receivers))

    assert config.routes == (Route(receiver="a", goes_on=True), Route(receiver="b", goes_on=True))


def test_hash_is_recomputable(city):
    """The hash is that of the `sha256sum` lines of the files read, in their order."""
    lines = "".join(
        f"{hashlib.sha256((CITY.parent / name).read_bytes()).hexdigest()}  {name}\n"
        for name in city.files
    )

    assert city.hash == hashlib.sha256(lines.encode()).hexdigest()
    assert city.files == (
        *("checks.yaml", "config/monitor.yaml", "config/alerts.yaml"),
        "config/services/bapenda.yaml",
    )


def test_commented_out_files(tmp_path):
    """An optional file that holds comments only says nothing."""
    config = loaded(written(tmp_path, monitor="# listen: …\n", alerts=""))

    assert config.receivers == {}


def test_empty_lists(tmp_path):
    """A key with nothing behind it is an empty list."""
    assert loaded(written(tmp_path, "services:\nchecks:\n")).checks == ()


def test_yaml_on_is_text(tmp_path):
    """`on`, `yes` and `1:30` are text, as YAML 1.2 has it."""
    path = written(
        tmp_path, SMALL.replace("name: Portal", "name: on").replace("diskominfo", "1:30")
    )

    service = loaded(path).services["portal"]

    assert (service.name, service.owner) == ("on", "1:30")


def test_aliases_are_read(tmp_path):
    """An alias stands for a value written once."""
    text = HEAD.replace("diskominfo", "&opd diskominfo") + "checks:\n" + A_CHECK
    text = text.replace("checks:", "  - {id: lain, name: Lain, owner: *opd}\nchecks:")

    assert loaded(written(tmp_path, text)).services["lain"].owner == "diskominfo"


def test_missing_folder_and_folder(tmp_path):
    """A missing file and a folder in its place are one line each."""
    with pytest.raises(ConfigError) as missing:
        loaded(tmp_path / "checks.yaml")
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(ConfigError) as folder:
        loaded(tmp_path / "folder.yaml")

    assert str(missing.value) == "checks.yaml:1:1: cannot be read: No such file or directory"
    assert str(folder.value) == "folder.yaml:1:1: this is a folder, not a file"


def test_unreadable_file(tmp_path):
    """What the system says of a file that cannot be opened is passed on."""
    path = written(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "monitor.yaml").symlink_to("monitor.yaml")

    with pytest.raises(ConfigError, match=r"config/monitor\.yaml:1:1: cannot be read: Too many"):
        loaded(path)


def test_file_over_4_megabytes(tmp_path):
    """A file of over 4 MB is refused before it is parsed."""
    path = written(tmp_path, SMALL + "#" * 4 * 2**20)

    with pytest.raises(ConfigError, match=r"checks\.yaml:1:1: over 4 MB"):
        loaded(path)


def test_canary_warning(tmp_path):
    """Whoever names no canary is warned: the monitor may take its own silence for that of others."""
    assert any(
        "config/monitor.yaml:1:1: self_check: no canary" in each
        for each in warnings(loaded(written(tmp_path)))
    )
    assert not any("canary" in each for each in warnings(loaded(CITY)))


def test_insecure_warning(tmp_path):
    """What a check's type doubts is a warning at the check."""
    check = "  - {id: a, service: portal, type: http, url: https://x.example/, insecure: true}\n"

    config = loaded(written(tmp_path, HEAD + "checks:\n" + check))

    assert "checks.yaml:5:5: a: insecure: the certificate is not verified" in warnings(config)


def test_secret_from_environment_warning(tmp_path):
    """A secret in the environment is a warning at the place where it is asked for."""
    check = (
        "  - {id: a, service: portal, type: http, url: https://x.example/, bearer: {env: KEY}}\n"
    )
    path = written(tmp_path, HEAD + "checks:\n" + check)

    config = loaded(path, {"KEY": "hunter2"})

    assert any(
        each.startswith(
            f"checks.yaml:5:{check.index('{env') + 1}: the secret in the environment variable KEY"
        )
        for each in warnings(config)
    )
    assert "hunter2" not in repr(config)


def test_untold_warning(tmp_path):
    """A check that no route takes is a warning, one for its service."""
    alerts = (
        "receivers: [{name: a, type: webhook, url: 'https://a.example/'}]\n"
        "routes: [{match: {type: http}, receiver: a}]\n"
    )

    config = loaded(written(tmp_path, alerts=alerts))

    assert (
        "config/alerts.yaml:2:9: routes: nobody is told when portal is down (no route takes portal-tcp)"
        in warnings(config)
    )


@pytest.mark.parametrize(
    ("routes", "only"),
    [
        ("[{receiver: wa}]", "wa"),
        ("[{receiver: wa, continue: true}, {receiver: wa2}]", "wa, wa2"),
        ("[{receiver: wa, continue: true}, {receiver: a}]", None),
        ("[{match: {type: http}, receiver: wa, continue: true}, {receiver: a}]", None),
    ],
)
def test_uncertain_path_is_never_the_only_one(tmp_path, routes, only):
    """Where all that are told of a service may stop working at any time, that is a warning."""
    alerts = (
        "receivers: [{name: a, type: webhook, url: 'https://a.example/'},"
        " {name: wa, type: gateway, url: 'https://b.example/'},"
        " {name: wa2, type: gateway, url: 'https://b.example/'}]\n"
        f"routes: {routes}\n"
    )

    found = [
        each for each in warnings(loaded(written(tmp_path, alerts=alerts))) if "any time" in each
    ]

    assert len(found) == (only is not None)
    assert all(f"only {only} would be told when portal is down" in each for each in found)


def test_no_receiver_warning(tmp_path):
    """Whoever names no receiver is warned once, however many checks there are."""
    found = [each for each in warnings(loaded(written(tmp_path))) if "told" in each]

    assert found == [
        "config/alerts.yaml:1:1: receivers: there is none: nobody is told when a service is down"
    ]


def test_doubts(tmp_path):
    """Unverified checks, silent services and limits out of reach are warnings."""
    text = SMALL.replace("port:", "verified: false, degraded_over: 10s, affects: none, port:")

    found = "\n".join(warnings(loaded(written(tmp_path, text))))

    assert "portal-tcp: not verified" in found
    assert "degraded_over: 10s is never reached: the timeout is 10s" in found
    assert "portal: no check speaks for this service" in found


@pytest.mark.parametrize(
    ("written_as", "length"),
    [("", 7 * 24), ("links: {valid_for: 1h}", 1), ("links: {valid_for: 30d}", 30 * 24)],
)
def test_how_long_links_hold(tmp_path, written_as, length):
    """Links in messages hold for as long as it is written, seven days by default."""
    path = written(tmp_path, SMALL, alerts=f"version: 1\n{written_as}\n")

    assert loaded(path).link_lasts == timedelta(hours=length)


@pytest.mark.parametrize("length", ["59m", "31d", "0s"])
def test_links_that_hold_too_short_or_too_long(tmp_path, length):
    """A link that would hold for under an hour or over 30 days is refused with what is right."""
    path = written(tmp_path, SMALL, alerts=f"links: {{valid_for: {length}}}\n")

    with pytest.raises(ConfigError, match=r"alerts.yaml:1:20: links.valid_for: .*1h to 30d|0s"):
        loaded(path)


def test_grouping_is_read(tmp_path):
    """How long news wait, and from how many on one message tells all, is as it is written."""
    alerts = (
        "receivers: [{name: a, type: webhook, url: 'https://a.example/'}]\n"
        "grouping: {wait: 0s, storm_limit: 5}\n"
    )

    found = loaded(written(tmp_path, SMALL, alerts=alerts)).grouping

    assert found == Grouping(wait=timedelta(0), storm_limit=5)


WINDOWS = """
windows:
  - {id: patch, services: [portal], start: "2026-11-28 22:00", end: "2026-11-29 02:00", approved_by: Kabid, reason: Patch}
  - {id: backup, owners: [diskominfo], rrule: "FREQ=WEEKLY;BYDAY=SU", start: "01:00", duration: 2h, approved_by: Kabid,
     reason: Cadangan}
"""


def test_maintenance_is_read(tmp_path):
    """Windows are in the zone of the people, whether they come once or again and again."""
    path = written(tmp_path, SMALL)
    (tmp_path / "config").mkdir(exist_ok=True)
    (tmp_path / "config" / "maintenance.yaml").write_text(WINDOWS)

    once, weekly = loaded(path).windows

    assert once.when.start == datetime(2026, 11, 28, 14, tzinfo=UTC)
    assert (once.services, once.approved_by, once.reason) == ({"portal"}, "Kabid", "Patch")
    assert weekly.owners == {"diskominfo"}
    running = occurrence_at(weekly.when, datetime(2026, 11, 28, 18, tzinfo=UTC))
    assert running.start == datetime(2026, 11, 28, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("today", "doubts"),
    [
        (date(2026, 11, 29), []),
        (
            date(2026, 11, 30),
            ["patch: over since 2026-11-29 02:00: it may be deleted, it stays on record"],
        ),
    ],
)
def test_windows_that_are_over_are_doubted(tmp_path, today, doubts):
    """A window that comes once is warned of from the day after its end on, at its place."""
    path = written(tmp_path, SMALL)
    (tmp_path / "config").mkdir(exist_ok=True)
    (tmp_path / "config" / "maintenance.yaml").write_text(WINDOWS)

    warnings = loaded(path, today=today).warnings
    found = [each for each in warnings if each.file == "config/maintenance.yaml"]

    assert [each.message for each in found] == doubts
    assert all(each.line == 3 for each in found)


def test_disabled_check_is_no_doubt(tmp_path):
    """A check that is switched off is not warned of, nor is its service for having no other."""
    text = SMALL.replace("port:", "verified: false, enabled: false, port:")

    assert not any("portal" in each for each in warnings(loaded(written(tmp_path, text))))


def test_unread_file_warning(tmp_path):
    """A file that is not read, perhaps for its name, is a warning with the nearest name."""
    path = written(tmp_path, alert="receivers: []\n")
    (tmp_path / "config" / "services").mkdir()
    (tmp_path / "config" / "services" / "bapenda.yml").write_text("checks: []\n")

    found = warnings(loaded(path))

    assert "config/alert.yaml:1:1: this file is not read; did you mean 'alerts.yaml'?" in found
    assert (
        "config/services/bapenda.yml:1:1: this file is not read: its name must end in .yaml"
        in found
    )


def test_collector_is_back_on():
    """Loading leaves the garbage collector as it was."""
    with pytest.raises(ConfigError):
        loaded(DATA / "nowhere.yaml")

    assert gc.isenabled()


TIMED = """receivers:
  - {name: kantor, type: webhook, url: 'https://a.example/'}
  - {name: andi-wa, type: gateway, url: 'https://b.example/'}
  - {name: budi-hook, type: webhook, url: 'https://b.example/'}
people:
  - {id: andi, name: Andi Saputra, receivers: andi-wa}
  - {id: budi, name: Budi Santoso, receivers: [budi-hook, andi-wa]}
oncall:
  - id: jaga
    members: [budi, andi]
    handover: {day: mon, at: "08:00"}
    first: 2026-11-02
    overrides: [{from: "2026-12-24 08:00", to: "2026-12-26 08:00", member: budi, reason: Cuti}]
"""
IN_OFFICE_HOURS = "{match: {during: jam-kerja}, receiver: kantor}"


def with_calendar(folder, routes, monitor="", **calendars):
    path = written(folder, alerts=f"{TIMED}routes: {routes}\n", monitor=monitor)
    (folder / "config" / "calendars").mkdir()
    office = 'name: Jam kerja\ndays: {mon-thu: "07:30-16:00", fri: "07:30-16:30"}\n'
    for name, text in {"jam-kerja": office, **calendars}.items():
        (folder / "config" / "calendars" / f"{name}.yaml").write_text(text)
    return loaded(path)


def test_calendar(tmp_path):
    """A calendar goes by the name of its file, in the zone of the monitor."""
    ramadan = (
        "name: Jam kerja ASN\n"
        'days: {fri-mon: ["13:00-24:00", "07:30-11:30"], wed: "00:00-06:00"}\n'
        "holidays: {add: [{date: 2026-11-07, name: Hari Jadi Kota}]}\n"
        "overrides: [{name: Ramadan, from: 2026-02-18, to: 2026-03-19, days: {mon: '08:00-15:00'}}]\n"
    )
    config = with_calendar(tmp_path, "[]", "zone: Asia/Jakarta\n", asn=ramadan)
    calendar = config.calendars["asn"]

    assert (calendar.id, calendar.name) == ("asn", "Jam kerja ASN")
    assert calendar.zone.key == "Asia/Jakarta"
    assert [len(day) for day in calendar.week] == [2, 0, 1, 0, 2, 2, 2]
    assert calendar.week[0] == (
        (timedelta(hours=7.5), timedelta(hours=11.5)),
        (timedelta(hours=13), timedelta(hours=24)),
    )
    assert calendar.holidays == {date(2026, 11, 7): "Hari Jadi Kota"}
    assert [len(day) for day in calendar.special[0].week] == [1, 0, 0, 0, 0, 0, 0]
    assert "config/calendars/asn.yaml" in config.files


def test_rotation(tmp_path):
    """A rotation holds its people and their receivers, and its times are those of the zone."""
    rotation = with_calendar(tmp_path, "[{oncall: jaga}]").rotations["jaga"]
    [budi] = rotation.substitutions

    assert [each.receivers for each in rotation.members] == [
        ("andi-wa", "budi-hook"),
        ("andi-wa",),
    ]
    assert (rotation.first, rotation.at, rotation.days) == (date(2026, 11, 2), time(8), 7)
    assert budi.start == datetime(2026, 12, 24, 0, tzinfo=UTC)
    assert (budi.person.name, budi.reason) == ("Budi Santoso", "Cuti")


def test_routes_by_the_time(tmp_path):
    """Routes of other times lead elsewhere: to the office in its hours, else to who is on call."""
    config = with_calendar(tmp_path, f"[{IN_OFFICE_HOURS}, {{oncall: jaga}}]")

    def told(at):
        [first, *_] = on_duty(config.routes, config.escalations, at).routes
        return first.receiver

    assert told(datetime(2026, 11, 24, 4, tzinfo=UTC)) == "kantor"
    assert told(datetime(2026, 11, 24, 14, tzinfo=UTC)) == "andi-wa"


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        (
            f"[{IN_OFFICE_HOURS}]",
            (
                "routes: nobody is told when portal is down outside the hours of jam-kerja (no route "
                "takes portal-tcp)"
            ),
        ),
        (
            "[{match: {outside: jam-kerja}, receiver: kantor}]",
            (
                "routes: nobody is told when portal is down in the hours of jam-kerja (no route takes "
                "portal-tcp)"
            ),
        ),
        (
            "[{match: {during: jam-kerja, type: http}, receiver: kantor}]",
            "routes: nobody is told when portal is down (no route takes portal-tcp)",
        ),
        (
            f"[{IN_OFFICE_HOURS}, {{oncall: jaga}}]",
            (
                "routes: only andi-wa would be told when portal is down, and may stop working at any "
                "time: lead a route to a receiver of another kind as well"
            ),
        ),
        ("[{receiver: kantor}]", "nothing goes by this calendar"),
        ("[{receiver: kantor}]", "budi-hook: no route leads to this receiver"),
        (
            "[{match: {during: jam-kerja}, receiver: andi-wa}, {receiver: kantor}]",
            (
                "routes: only andi-wa would be told when portal is down, and may stop working at any "
                "time: lead a route to a receiver of another kind as well"
            ),
        ),
    ],
)
def test_doubts_about_times(tmp_path, routes, expected):
    """Hours in which nobody is told for certain, and what nothing leads to, are warnings."""
    found = [each.message for each in with_calendar(tmp_path, routes).warnings]

    assert expected in found


def test_no_doubt_about_times(tmp_path):
    """Where each hour has somebody who is told, and everybody is led to, nothing is doubted."""
    with_andi = f"[{IN_OFFICE_HOURS}, {{oncall: jaga, continue: true}}, {{receiver: kantor}}]"
    config = with_calendar(tmp_path, with_andi)

    assert [each for each in warnings(config) if "canary" not in each] == []
