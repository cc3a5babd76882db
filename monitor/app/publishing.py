"""Makes open data from what is on record: one way for the command and for what is served.

`python -m monitor.app.publishing FOLDER` reads a pickled Order, and writes its files into FOLDER.
What it reads comes from the daemon that started it; the services that are not public are not in it.
"""

import gzip
import hashlib
import json
import pickle
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.app.reporting import watched
from monitor.configuration.config import Config
from monitor.domain.visibility import public_services
from monitor.domain.windows import Window
from monitor.ports import StoreError
from monitor.reports import making
from monitor.reports.filing import filed
from monitor.reports.making import Going, Watched
from monitor.reports.opendata import Terms, open_data
from monitor.reports.report import Scope
from monitor.reports.source import Pieces
from monitor.store.reader import Examined, open_reader

DIGESTS = "digests.json"


class NothingPublic(Exception):
    """No service is public."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Open data on `days`, from the database in `data_dir`."""

    watched: Watched
    terms: Terms
    data_dir: Path
    days: Window
    zone: str


def order(config: Config, days: Window) -> Order:
    """Return what is wanted for public services, and nothing of others. Raises NothingPublic."""
    whole = watched(config)
    services = public_services(whole.services)
    if not services:
        raise NothingPublic
    names = {service.id for service in services}
    checks = [check for check in whole.checks if check.service in names]
    return Order(
        watched=replace(whole, services=services, checks=checks),
        terms=terms(config),
        data_dir=config.monitor.data_dir,
        days=days,
        zone=config.monitor.zone,
    )


def terms(config: Config) -> Terms:
    return Terms(licence=config.report.licence, contact=config.report.contact)


def made(
    wanted: Order, going: Going = iter, *, examined: Examined = Examined.FIRST
) -> Mapping[str, bytes]:
    """Return the files of open data by their names. Raises StoreError."""
    scope = Scope(
        period=wanted.days,
        until=wanted.days.end,
        zone=wanted.zone,
        services=tuple(service.id for service in wanted.watched.services),
    )
    with open_reader(wanted.data_dir, wanted.watched.vantage, examined=examined) as reader:
        return dict(open_data(making.report(wanted.watched, reader, scope, going), wanted.terms))


def with_packed(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Return the files with each of them also packed, so that nobody packs it again and again."""
    packed = {f"{name}.gz": gzip.compress(body, mtime=0) for name, body in files.items()}
    return {**files, **packed}


def main() -> None:
    wanted = pickle.load(sys.stdin.buffer)  # noqa: S301 - it comes from the daemon, by its own pipe
    folder = Path(sys.argv[1])
    try:
        # The daemon looks for damage itself, all the time.
        files = with_packed(made(wanted, examined=Examined.NEVER))
        filed(folder, {name: _whole(body) for name, body in files.items()}, replacing=True)
    except StoreError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename or folder}: {error.strerror}")
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
    filed(folder, {DIGESTS: _whole(json.dumps(digests).encode())}, replacing=True)


def _whole(body: bytes) -> Pieces:
    return lambda: [body]


if __name__ == "__main__":
    main()
