"""The key of the ledger: made once, read for ever, shown to nobody."""

import stat
from pathlib import Path

import pytest

from monitor.app.ledgerkey import NAME, LedgerKeyError, ledger_signer
from monitor.configuration.config import Config
from monitor.configuration.loader import load
from monitor.ledger.note import Signer
from monitor.notifiers import receiver_types
from monitor.probes import check_types

CHECKS = "version: 1\nservices:\n  - {id: portal, name: Portal, owner: diskominfo}\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def a_config(data: Path, external_url: str | None = None) -> Config:
    site = data.parent
    (site / "config").mkdir(exist_ok=True)
    (site / "checks.yaml").write_text(CHECKS)
    outside = f"external_url: {external_url}\n" if external_url else ""
    (site / "config" / "monitor.yaml").write_text(f"data_dir: data\n{outside}")
    return load(site / "checks.yaml", check_types(), receiver_types(), {})


def test_made_once(data: Path) -> None:
    """The first start makes the key, which its owner alone can read; later ones go on with it."""
    config = a_config(data)
    made = ledger_signer(config)

    assert ledger_signer(config) == made
    assert made.name == "pantau/utama"
    assert stat.S_IMODE((data / NAME).stat().st_mode) == 0o600
    assert [path.name for path in data.iterdir()] == [NAME]


def test_name_stays(data: Path) -> None:
    """A log keeps the name it began with, whatever the configuration says later."""
    first = ledger_signer(a_config(data, external_url="https://pantau.makassarkota.go.id/"))
    later = ledger_signer(a_config(data, external_url="https://elsewhere.example/"))

    assert first.name == later.name == "pantau.makassarkota.go.id/utama"


def test_credential(data: Path) -> None:
    """A key that systemd hands over is taken, and none is made."""
    given = Signer("pantau/utama", bytes(32))
    credentials = data / "credentials"
    credentials.mkdir()
    (credentials / NAME).write_text(given.skey)

    assert ledger_signer(a_config(data), str(credentials)) == given
    assert not (data / NAME).exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_key_that_others_can_read(data: Path, mode: int) -> None:
    """A key that others can read is refused, with what to do."""
    config = a_config(data)
    ledger_signer(config)
    (data / NAME).chmod(mode)

    with pytest.raises(LedgerKeyError, match="others can read it; run chmod 600"):
        ledger_signer(config)


@pytest.mark.parametrize("written", ["", "secret", "PRIVATE+KEY+pantau+00000000+AQID", "\udcff"])
def test_key_that_is_none(data: Path, written: str) -> None:
    """What is no key is refused, and is not replaced: the log must not begin anew unnoticed."""
    path = data / NAME
    path.write_text(written, errors="surrogateescape")
    path.chmod(0o600)

    with pytest.raises(LedgerKeyError, match="put back the key that signed so far"):
        ledger_signer(a_config(data))
    assert path.read_bytes() == written.encode(errors="surrogateescape")
