"""`pantau export opendata` over a real database."""

import csv
import json

import pytest

from monitor.domain.observation import Outcome
from monitor.ports import Change
from monitor.store.sql import open_store
from tests.acceptance.cli.commands import pantau
from tests.acceptance.cli.test_availability import CHECKS, FAILING, REFUSED, SEEN, sample

DAY = ("--from", "2025-06-02", "--to", "2025-06-03", "--out", "terbuka")


@pytest.fixture
async def city(tmp_path):
    (tmp_path / "checks.yaml").write_text(CHECKS)
    (tmp_path / "data").mkdir(mode=0o700)
    seen = tuple(sample(t, REFUSED if t in FAILING else Outcome()) for t in SEEN)
    async with open_store(tmp_path / "data", vantage="utama") as store:
        await store.restore()
        await store.commit(Change(observations=seen))
    return tmp_path


def test_open_data_of_public_services(city):
    """Nothing is given out of a city without public services; of a public one, its day."""
    refused = pantau(city, "export", "opendata", *DAY)
    assert refused.returncode == 1
    assert "no service is public" in refused.stderr
    assert not (city / "terbuka").exists()

    text = (city / "checks.yaml").read_text()
    (city / "checks.yaml").write_text(
        text.replace("owner: diskominfo", "owner: diskominfo\n    public: true")
    )
    assert pantau(city, "export", "opendata", *DAY).returncode == 0

    with (city / "terbuka" / "ketersediaan.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    told = pantau(
        city, "availability", "--from", "2025-06-02", "--to", "2025-06-03", "--output", "json"
    )
    [expected] = json.loads(told.stdout)["services"]
    assert row["ketersediaan_tepat"] == expected["availability"]["exact"]
    assert {each.name for each in (city / "terbuka").iterdir()} == {
        *("ketersediaan.csv", "ketersediaan.json", "gangguan.csv", "gangguan.json"),
        *("pemeliharaan.csv", "pemeliharaan.json", "koreksi.csv", "koreksi.json"),
        *("kamus-data.csv", "kamus-data.json", "metadata.json"),
    }
