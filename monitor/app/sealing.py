"""Seals the PDF of a report with the key that config/report.yaml names."""

from datetime import datetime
from time import monotonic

from monitor.app.network import build_network
from monitor.configuration.config import Config
from monitor.configuration.reports import SealEntry
from monitor.fields.files import read_file
from monitor.locales import Language
from monitor.reports.signature import SealError, SealKey, seal_key, sealed
from monitor.reports.timestamping import authority

_LARGEST_KEY = 1_048_576


def key_of(written: SealEntry | None) -> SealKey:
    """Return the key that seals. Raises SealError, which says what to write where."""
    if written is None:
        raise SealError(
            "config/report.yaml names no key: seal: {pkcs12: FILE, passphrase: {file: FILE}}"
        )
    try:
        packed = read_file(written.pkcs12, _LARGEST_KEY)
    except OSError as error:
        raise SealError(f"{written.pkcs12}: {error.strerror}") from None
    try:
        return seal_key(packed, written.passphrase.reveal())
    except SealError as error:
        raise SealError(f"{written.pkcs12}: {error}") from None


async def seal_pdf(config: Config, pdf: bytes, language: Language, at: datetime) -> bytes:
    """Return `pdf` with the seal behind it, and the time of an authority where one is named.

    `at` is when what it says was known. Raises SealError.
    """
    written = config.report.seal
    key = key_of(written)
    url = None if written is None else written.tsa_url
    if url is None:
        return await sealed(pdf, key, language, at)
    network = build_network(config)
    try:
        ask = authority(url, network, monotonic)
        return await sealed(pdf, key, language, at, ask_authority=ask)
    finally:
        await network.resolver.close()
