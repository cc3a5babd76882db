"""What the dashboards of deploy/grafana ask is asked of a real Prometheus that scraped the real daemon.

It watches the broken city: each check has a status that is known, which the panels must show. Then
the daemon is stopped, and started again, to see what they make of that. Grafana itself is not there.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.brokencity import (
    CHECKS,
    DEGRADED,
    DOWN,
    MAINTAINED,
    SERVICES,
    TARGETS,
    UNKNOWN,
    UP,
    broken_city,
)
from tests.daemon import ROOT, eventually, quiet_port
from tests.dashboards.grafana import (
    Asked,
    Window,
    filled_in,
    mark_queries,
    named,
    panel_queries,
    seconds_of,
    stretches,
    variable_queries,
)
from tests.prometheusserver import SCRAPE_SECONDS, Prometheus, Series, prometheus

pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.xdist_group("dashboards")]

FOLDER = ROOT / "deploy" / "grafana" / "dashboards" / "id"
BOARDS = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
RULES = ROOT / "deploy" / "prometheus" / "rules" / "pantau-self.yml"
DAY_SECONDS = 86_400
ABSENT_SECONDS = 10

# Nothing else may be empty, and these are.
EMPTY = {
    ("pantau-health", "Pengiriman yang gagal", "A"): "no delivery failed",
    ("pantau-names", "Domain berakhir paling cepat", "A"): "no check of type domain",
    ("pantau-names", "Sisa waktu tanda tangan DNSSEC", "A"): "no check expects DNSSEC",
}
# This depends on the time of the day: hours are sealed a quarter of an hour after their end.
SOMETIMES_EMPTY = {("pantau-health", "Jam yang belum disegel", "A")}

_SEEN_CHECKS = {name: code for name, code in CHECKS.items() if code != UNKNOWN}
_SEEN_SERVICES = {name: code for name, code in SERVICES.items() if code != UNKNOWN}
_AVAILABLE = {name: float(code != DOWN) for name, code in _SEEN_SERVICES.items()}
_BUDGETS = {name: 1 - (1 - _AVAILABLE[name]) / (1 - target) for name, target in TARGETS.items()}
_BURN_RATES = {name: 1 - left for name, left in _BUDGETS.items()}


def _how_many(codes: Mapping[str, int], wanted: int) -> float:
    return sum(code == wanted for code in codes.values())


def _of(panel: str, value: float) -> dict[str, float]:
    return {panel: value}


# What each panel shows last, by the name of the series: the status that the city has.
VALUES: dict[tuple[str, str, str], Mapping[str, float]] = {
    ("overview", "Layanan: Gangguan", "A"): _of("Layanan: Gangguan", _how_many(SERVICES, DOWN)),
    ("overview", "Layanan: Menurun", "A"): _of("Layanan: Menurun", _how_many(SERVICES, DEGRADED)),
    ("overview", "Layanan: Tidak diketahui", "A"): _of(
        "Layanan: Tidak diketahui", _how_many(SERVICES, UNKNOWN)
    ),
    ("overview", "Layanan: Normal", "A"): _of("Layanan: Normal", _how_many(SERVICES, UP)),
    ("overview", "Pemeriksaan: Gangguan", "A"): _of(
        "Pemeriksaan: Gangguan", _how_many(CHECKS, DOWN)
    ),
    ("overview", "Pemantau kehilangan jaringan", "A"): {"Terputus": 1},  # its resolver is silent
    ("overview", "Layanan sekarang", "A"): SERVICES,
    ("overview", "Riwayat status layanan", "A"): SERVICES,
    ("overview", "Pemeriksaan yang tidak normal", "A"): {
        name: code for name, code in CHECKS.items() if code != UP
    },
    ("overview", "Pemeliharaan yang sedang berlangsung", "A"): {"kependudukan-db": 1},
    ("check", "Status sekarang", "A"): CHECKS,
    ("check", "Riwayat status", "A"): CHECKS,
    ("check", "Percobaan yang berhasil", "A"): {
        name: float(code != DOWN) for name, code in _SEEN_CHECKS.items()
    },
    ("check", "Kode jawaban HTTP", "A"): {
        "antrean-http": 503,
        "pajak-https": 0,
        "perizinan-http": 200,
        "portal-https": 200,
    },
    ("names", "Sertifikat berakhir dalam 30 hari", "A"): {"Sertifikat berakhir dalam 30 hari": 1},
    ("names", "DNS tanpa jawaban", "A"): {"DNS tanpa jawaban": 0},
    ("names", "Versi TLS", "A"): {"TLS 1.3": 2},
    ("names", "Riwayat DNS, TLS, dan domain", "A"): {
        name: CHECKS[name] for name in ("jdih-dns", "portal-tls", "surel-mx")
    },
    ("health", "Terbaca oleh Prometheus", "A"): {"": 1},
    ("health", "Kehilangan jaringan", "A"): {"": 1},
    ("health", "Konfigurasi diterima", "A"): {"": 1},
    ("health", "Peringatan dari Prometheus", "A"): {
        "PantauWatchdog": 1,
        "PantauErrorBudgetBurningFast": 1,
        "PantauErrorBudgetBurningSlowly": 1,
    },
    ("sla", "Target dan pencapaian", "A"): _AVAILABLE,
    ("sla", "Target dan pencapaian", "B"): TARGETS,
    ("sla", "Target dan pencapaian", "C"): _BUDGETS,
    ("sla", "Ketersediaan", "A"): _AVAILABLE,
    ("sla", "Sisa anggaran gangguan", "A"): _BUDGETS,
    ("sla", "Sisa anggaran 30 hari", "A"): _BUDGETS,
    ("sla", "Laju pemakaian sekarang", "A"): _BURN_RATES,
    ("sla", "Ketersediaan per hari", "A"): _AVAILABLE,
    ("sla", "Laju pemakaian anggaran, cepat", "A"): {
        f"{name} 1 jam": rate for name, rate in _BURN_RATES.items()
    },
    ("sla", "Laju pemakaian anggaran, cepat", "B"): {
        f"{name} 5 menit": rate for name, rate in _BURN_RATES.items()
    },
    ("sla", "Laju pemakaian anggaran, lambat", "A"): {
        f"{name} 3 hari": rate for name, rate in _BURN_RATES.items()
    },
    ("sla", "Laju pemakaian anggaran, lambat", "B"): {
        f"{name} 6 jam": rate for name, rate in _BURN_RATES.items()
    },
}

# What dashboards made for blackbox_exporter ask, by job and instance.
BLACKBOX_QUERIES = (
    "probe_success{%s}",
    "count(probe_success{%s} == 1)",
    "avg_over_time(probe_success{%s}[10s])",
    "probe_duration_seconds{%s}",
    "avg by (job, instance) (probe_duration_seconds{%s})",
    "probe_http_status_code{%s}",
    "probe_http_version{%s}",
    "probe_http_ssl{%s}",
    "probe_http_redirects{%s}",
    "probe_http_content_length{%s}",
    "sum by (job, instance, phase) (probe_http_duration_seconds{%s})",
    "avg by (instance) (probe_dns_lookup_time_seconds{%s})",
    "probe_ssl_earliest_cert_expiry{%s} - time()",
    "min by (job, instance) (probe_ssl_last_chain_expiry_timestamp_seconds{%s})",
    "probe_tls_version_info{%s}",
    "probe_ip_protocol{%s}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A Prometheus that has seen the city: from `began` on, each status from `settled` to `stopped`.

    Then no daemon was there, for ten seconds at least, until `restarted`; what is seen ends at `ended`. All are Unix seconds.
    """

    ask: Prometheus
    began: float
    stopped: float
    restarted: float
    ended: float

    def window(self) -> Window:
        """Return the time while each status was known, seen from its end."""
        return Window(
            end=self.stopped,
            seconds=int(self.stopped - self.began),
            step=SCRAPE_SECONDS,
            scrape=SCRAPE_SECONDS,
        )

    def answer(self, asked: Asked, **chosen: list[str]) -> Series:
        """Return what a panel gets while the daemon still ran."""
        window = self.window()
        query = filled_in(asked.expr, chosen, window)
        if asked.now:
            return self.ask.ask(query, window.end)
        return self.ask.course(query, window.end - window.seconds, window.end, window.step)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder, port = tmp_path_factory.mktemp("city"), quiet_port()
    seen = tmp_path_factory.mktemp("prometheus")
    with (
        broken_city(folder, port) as city,
        prometheus(port, seen, rules=[RULES, _budget_rules(folder, seen)]) as ask,
    ):
        began = time.time()
        city.start()
        eventually(lambda: _statuses(ask) == CHECKS, 60, f"the statuses are {CHECKS}", 0.3)
        settled = time.time()
        eventually(lambda: _scrapes_since(ask, settled) >= 6, 30, "that is scraped", 0.3)
        stopped = time.time() - SCRAPE_SECONDS
        city.stop()
        eventually(lambda: _absent_since(ask, time.time()), 60, "nothing is scraped", 0.3)
        restarted = time.time()
        city.start()
        eventually(lambda: _scrapes_since(ask, restarted) >= 4, 60, "it is scraped again", 0.3)
        yield Watched(ask=ask, began=began, stopped=stopped, restarted=restarted, ended=time.time())


def _budget_rules(city: Path, folder: Path) -> Path:
    """Have Pantau write the rules of its promises; the seldom ones are evaluated often here."""
    command = [sys.executable, "-P", "-m", "monitor", "export", "rules"]
    written = subprocess.run(
        [*command, "--config", str(city / "checks.yaml")],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    file = folder / "budgets.yml"
    file.write_text(re.sub(r"interval: \w+", f"interval: {SCRAPE_SECONDS}s", written.stdout))
    return file


def _statuses(ask: Prometheus) -> dict[str, int]:
    return {
        each["metric"]["check"]: int(each["value"][1]) for each in ask.ask("pantau_check_status")
    }


def _scrapes_since(ask: Prometheus, at: float) -> int:
    found = ask.course("up == 1", at, time.time(), SCRAPE_SECONDS)
    return len(found[0]["values"]) if found else 0


def _absent_since(ask: Prometheus, now: float) -> bool:
    """Say whether nobody has been found for so long."""
    return ask.ask(f"sum_over_time(up[{ABSENT_SECONDS}s])", now)[0]["value"][1] == "0"


def _last(asked: Asked, answer: Series) -> dict[str, float]:
    """Return the newest value of each series by its name."""
    values = {named(asked.legend, each["metric"]): each for each in answer}
    return {
        name: float((each["value"] if asked.now else each["values"][-1])[1])
        for name, each in values.items()
    }


def _panel(board: str, title: str, ref_id: str) -> Asked:
    (found,) = (
        asked
        for asked in panel_queries(BOARDS[board])
        if (asked.panel, asked.ref_id) == (title, ref_id)
    )
    return found


def test_every_panel_has_something_to_show(watched: Watched) -> None:
    """Every query of every panel finds something, but for the few that have nothing to tell here."""
    empty = {
        (asked.board, asked.panel, asked.ref_id)
        for board in BOARDS.values()
        for asked in panel_queries(board)
        if not watched.answer(asked)
    }

    assert empty - SOMETIMES_EMPTY == set(EMPTY)


@pytest.mark.parametrize("panel", VALUES, ids=" ".join)
def test_a_panel_shows_what_is_so(watched: Watched, panel: tuple[str, str, str]) -> None:
    """Panels show the status that each check and service has, and the figures that follow from it."""
    asked = _panel(*panel)

    shown = _last(asked, watched.answer(asked))

    if panel[0] == "health":  # who watches is called by an address that differs
        shown = {re.sub(r"^127\.0\.0\.1:\d+$", "", name): value for name, value in shown.items()}
    assert shown == pytest.approx(VALUES[panel], rel=1e-9, abs=1e-9)


def test_certificates_expire_when_they_do(watched: Watched) -> None:
    """What is left of a certificate is what its own dates say: a day too few, and three months."""
    asked = _panel("names", "Sertifikat", "B")

    left = _last(asked, watched.answer(asked))

    assert left["pajak-https"] / DAY_SECONDS == pytest.approx(-1, abs=0.01)
    assert left["portal-tls"] / DAY_SECONDS == pytest.approx(90, abs=0.01)


def test_time_in_each_status(watched: Watched) -> None:
    """Time is counted in the status that each check has, and in no other but unknown."""
    asked = _panel("check", "Waktu dalam setiap status", "A")
    words = {DOWN: "down", UP: "up", DEGRADED: "degraded", UNKNOWN: "unknown"}

    found = {(e["metric"]["check"], e["metric"]["status"]) for e in watched.answer(asked)}

    assert {each for each in found if each[1] != "unknown"} == {
        (name, words[code]) for name, code in _SEEN_CHECKS.items()
    }


def test_every_choice_is_offered(watched: Watched) -> None:
    """The lists to choose from hold every owner, service and check, and the job of the daemon."""
    offered = {
        name: set(
            watched.ask.label_values(
                label, filled_in(series, {}, watched.window()), watched.began, watched.stopped
            )
        )
        for board in BOARDS.values()
        for name, label, series in variable_queries(board)
    }

    assert offered["service"] == set(SERVICES)
    assert offered["check"] == set(CHECKS)
    assert offered["job"] == {"pantau"}
    assert {"diskominfo", "bapenda", "dukcapil"} < offered["owner"]


@pytest.mark.parametrize("board", BOARDS)
def test_only_what_is_chosen_is_shown(watched: Watched, board: str) -> None:
    """Where services are chosen, no panel shows another one."""
    for asked in panel_queries(BOARDS[board]):
        answer = watched.answer(asked, service=["absensi", "portal"])
        shown = {each["metric"]["service"] for each in answer if "service" in each["metric"]}
        assert shown <= {"absensi", "portal"}, asked.panel


@pytest.mark.parametrize("board", BOARDS)
def test_a_link_knows_its_service(watched: Watched, board: str) -> None:
    """Whatever leads to the checks of a service says of which service; rows have it as a column."""
    for panel in BOARDS[board]["panels"]:
        if not panel["fieldConfig"]["defaults"].get("links"):
            continue
        for asked in panel_queries({**BOARDS[board], "panels": [panel]}):
            assert all(each["metric"].get("service") in SERVICES for each in watched.answer(asked))
        if panel["type"] == "table":
            assert "service" in panel["transformations"][-1]["options"]["renameByName"]


def test_marks_are_made_of_what_happened(watched: Watched) -> None:
    """Outages, maintenance, a configuration that was loaded and a lost network are marked, each as
    long as it lasts, and nothing else.
    """
    marked: dict[str, set[str]] = {}
    for board in BOARDS.values():
        for asked in mark_queries(board):
            query = filled_in(asked.expr, {}, watched.window())
            found = watched.ask.course(query, watched.began, watched.ended, SCRAPE_SECONDS)
            assert all(float(value) > 0 for each in found for _, value in each["values"])
            marked.setdefault(asked.panel, set()).update(
                each["metric"].get("service", "") for each in found
            )

    assert marked == {
        "Gangguan": {name for name, code in SERVICES.items() if code == DOWN},
        "Pemeliharaan": MAINTAINED,
        "Konfigurasi dimuat": {""},
        "Pemantau terputus": {""},
    }


def test_a_dead_daemon_is_a_hole(watched: Watched) -> None:
    """While no daemon runs, timelines show nothing: neither the last status nor another one."""
    for name, panel in _timelines():
        # The bound is so many of the panel's shortest steps; here each is a second long.
        bound = panel["fieldConfig"]["defaults"]["custom"]["insertNulls"] / 1000
        hole = bound / seconds_of(panel["interval"]) * SCRAPE_SECONDS
        noticed = hole + 2 * SCRAPE_SECONDS  # a scrape finds nobody, and the next step goes by it
        query = filled_in(panel["targets"][0]["expr"], {}, watched.window())
        course = watched.ask.course(query, watched.began, watched.ended, SCRAPE_SECONDS)
        assert course, name
        for each in course:
            points = [(at, float(value)) for at, value in each["values"]]
            shown = stretches(points, hole, watched.ended)
            dead_from, dead_to = watched.restarted - ABSENT_SECONDS + noticed, watched.restarted
            assert dead_from < dead_to, "it was dead for long enough"
            assert not [s for s in shown if s[0] < dead_to and s[1] > dead_from], (name, each)
            assert shown[0][0] < watched.stopped
            assert shown[-1][1] > watched.restarted


def _timelines() -> list[tuple[str, Any]]:
    found = [
        (name, panel)
        for name, board in BOARDS.items()
        for panel in board["panels"]
        if panel["type"] == "state-timeline"
    ]
    assert len(found) == 3
    return found


def test_a_dead_daemon_is_no_zero(watched: Watched) -> None:
    """While no daemon runs, no tile counts anything: there is no data, rather than no outage."""
    for asked in panel_queries(BOARDS["overview"]):
        if asked.now:
            query = filled_in(asked.expr, {}, watched.window())
            assert watched.ask.ask(query, watched.restarted - SCRAPE_SECONDS) == [], asked.panel


def test_other_dashboards_find_their_data(watched: Watched) -> None:
    """What dashboards for blackbox_exporter ask by job and instance finds Pantau's checks."""
    instances = {
        each["metric"]["instance"]
        for each in watched.ask.ask('probe_success{job="pantau"}', watched.stopped)
    }
    (portal,) = (each for each in instances if each.startswith("https://portal."))
    exact, any_of = (
        f'job="pantau",instance="{portal}"',
        'job=~"pantau|other",instance=~".*portal.*"',
    )

    answers = {
        query: watched.ask.ask(query % chosen, watched.stopped)
        for query in BLACKBOX_QUERIES
        for chosen in (exact, any_of)
    }

    assert [query for query, answer in answers.items() if not answer] == []
    assert len(instances) == len(_SEEN_CHECKS)
