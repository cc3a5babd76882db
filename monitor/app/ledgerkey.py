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
from monitor.ledger.note import NoteError, Signer, Verifier, parse
from monitor.store.connection import sync_folder
from monitor.store.ledger import Signing

log = structlog.get_logger()

NAME = "ledger.key"
NEXT = "ledger.key.next"

_SECRET_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class LedgerKeyError(Exception):
    """The ledger's key can't be used. The message says why, and what to do."""


def ledger_signing(config: Config) -> Signing:
    """Return what signs the ledger of `config`, and what was published of it. LedgerKeyError."""
    return _signing(config.monitor.data_dir, ledger_signer(config))


def present_signing(data_dir: Path) -> Signing | None:
    """Return the same for a command, which makes no key; None where it has none to sign with."""
    try:
        signer = None if given_key() else kept_signer(data_dir)
        return None if signer is None else _signing(data_dir, signer)
    except LedgerKeyError:
        return None


def _signing(data_dir: Path, signer: Signer) -> Signing:
    following = next_signer(data_dir)
    try:
        published = (data_dir / FILE).read_text()
    except (OSError, UnicodeDecodeError):
        published = None
    return Signing(signer, published, () if following is None else (following,))


def kept_signer(data_dir: Path) -> Signer | None:
    """Return the key in the data directory, None where there is none. LedgerKeyError."""
    return _kept(data_dir / NAME)


def next_signer(data_dir: Path) -> Signer | None:
    """Return the key that was made to follow, None where none was. LedgerKeyError."""
    return _kept(data_dir / NEXT)


def _kept(path: Path) -> Signer | None:
    try:
        return _read(path, private=True) if path.exists() else None
    except OSError as error:
        raise LedgerKeyError(f"{path}: {error.strerror}") from error


def make_next_signer(data_dir: Path, origin: str) -> Signer:
    """Make the key that is to follow, and keep it beside the present one. OSError."""
    signer = Signer(origin, secrets.token_bytes(_SECRET_BYTES))
    write_key(data_dir / NEXT, signer.skey)
    return signer


def settle_next_signer(data_dir: Path, newest: str | None) -> Signer | None:
    """End what began with `make_next_signer`, whenever it was broken off.

    Where the key that is to follow signed the newest checkpoint, it takes the place of the present
    one, which is gone then; return it. Where it did not, it never signed anything, and is removed.
    Raises LedgerKeyError, OSError.
    """
    following = next_signer(data_dir)
    if following is None:
        return None
    signed = newest is not None and has_signed(following.verifier, newest)
    if signed:
        (data_dir / NEXT).replace(data_dir / NAME)
    else:
        (data_dir / NEXT).unlink()
    sync_folder(data_dir)
    return following if signed else None


def has_signed(key: Verifier, note: str) -> bool:
    """Say whether `key` stands for a note."""
    try:
        return bool(parse(note.encode()).signers([key]))
    except NoteError:
        return False


def ledger_signer(config: Config, credentials: str | None = None) -> Signer:
    """Return what signs the ledger of `config`, making its key where there is none.

    `credentials` is the folder of systemd's credentials; by default the one that systemd names.
    Raises LedgerKeyError.
    """
    if (given := given_key(credentials)) is not None:
        return _read(given, private=False)
    path = config.monitor.data_dir / NAME
    try:
        return _read(path, private=True) if path.exists() else _made(path, _origin(config))
    except OSError as error:
        raise LedgerKeyError(f"{path}: {error.strerror}") from error


def given_key(credentials: str | None = None) -> Path | None:
    """Return the file of the key that systemd hands over, None where it does not."""
    folder = credentials or os.environ.get("CREDENTIALS_DIRECTORY", "")
    given = Path(folder) / NAME if folder else None
    return given if given is not None and given.exists() else None


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
