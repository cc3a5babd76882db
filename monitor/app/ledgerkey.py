"""The key that signs the ledger: a systemd credential, or a file that the first start makes."""

import os
import secrets
import stat
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from monitor.app.keyfile import write_key
from monitor.app.notary import FILE
from monitor.configuration.config import Config
from monitor.ledger.note import NoteError, Signer
from monitor.store.ledger import Signing

log = structlog.get_logger()

NAME = "ledger.key"

_SECRET_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class LedgerKeyError(Exception):
    """The ledger's key can't be used. The message says why, and what to do."""


def ledger_signing(config: Config) -> Signing:
    """Return what signs the ledger of `config`, and what was published of it. LedgerKeyError."""
    signer = ledger_signer(config)
    try:
        published = (config.monitor.data_dir / FILE).read_text()
    except (OSError, UnicodeDecodeError):
        published = None
    return Signing(signer, published)


def ledger_signer(config: Config, credentials: str | None = None) -> Signer:
    """Return what signs the ledger of `config`, making its key where there is none.

    `credentials` is the folder of systemd's credentials; by default the one that systemd names.
    Raises LedgerKeyError.
    """
    folder = credentials or os.environ.get("CREDENTIALS_DIRECTORY", "")
    given = Path(folder) / NAME if folder else None
    if given is not None and given.exists():
        return _read(given, private=False)
    path = config.monitor.data_dir / NAME
    try:
        return _read(path, private=True) if path.exists() else _made(path, _origin(config))
    except OSError as error:
        raise LedgerKeyError(f"{path}: {error.strerror}") from error


def _origin(config: Config) -> str:
    """Return what the log is called for ever: by whom it is kept, and at which vantage."""
    outside = urlsplit(config.monitor.external_url or "").hostname
    return f"{outside or 'pantau'}/{config.monitor.vantage}"


def _read(path: Path, *, private: bool) -> Signer:
    if private and path.stat().st_mode & _OTHERS:
        raise LedgerKeyError(f"{path}: others can read it; run chmod 600 {path}")
    try:
        return Signer.parse(path.read_text())
    except (NoteError, UnicodeDecodeError) as error:
        raise LedgerKeyError(f"{path}: {error}; put back the key that signed so far") from None


def _made(path: Path, origin: str) -> Signer:
    """Make a key, and log its public half: it is to be written down elsewhere."""
    signer = Signer(origin, secrets.token_bytes(_SECRET_BYTES))
    write_key(path, signer.skey)
    log.info("ledger.key_made", path=str(path), key=str(signer.verifier))
    return signer
