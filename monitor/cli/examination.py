"""What `pantau doctor` looks at. Each function measures one thing and has it judged."""

import fcntl
import os
import resource
import shutil
import socket
import sqlite3
import ssl
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from monitor.cli import diagnosis
from monitor.cli.configured import Refused, configuration, located
from monitor.cli.diagnosis import Finding, Grade
from monitor.cli.validate import closing_line
from monitor.configuration.config import Config
from monitor.configuration.settings import MonitorSettings
from monitor.fields.secrets import Secret
from monitor.net.icmpsocket import way_allowed
from monitor.net.kernelclock import in_step
from monitor.ports import StoreError
from monitor.store.connection import DATABASE
from monitor.store.damage import ADVICE, damage
from monitor.store.lock import holder
from monitor.web.client import ControlClient, ControlError, NoDaemon

_MOUNTS = Path("/proc/self/mounts")
_ANSWER_SECONDS = 5.0


def programs() -> Iterator[Finding]:
    """Look at what Pantau runs on."""
    yield diagnosis.python(sys.version_info[:3])
    yield diagnosis.openssl(ssl.OPENSSL_VERSION_INFO, ssl.OPENSSL_VERSION.split(" ")[1])
    yield diagnosis.sqlite(sqlite3.sqlite_version_info)


def clocks() -> Iterator[Finding]:
    """Look at the wall clock, and at whether it is kept right."""
    yield diagnosis.clock(datetime.now(UTC))
    if (found := diagnosis.synchronised(in_step=in_step())) is not None:
        yield found


def configured(path: Path) -> tuple[Config | None, list[Finding]]:
    """Return the configuration, None if it can't be used, and what is to be said about it."""
    try:
        config = configuration(path)
    except Refused as refused:
        problems = [Finding(Grade.FAULT, "config", str(one)) for one in refused.problems]
        return None, problems
    doubts = [Finding(Grade.DOUBT, "config", str(located(one, path))) for one in config.warnings]
    return config, [Finding(Grade.FINE, "config", closing_line(config)), *doubts, *secrets(config)]


def secrets(config: Config) -> Iterator[Finding]:
    """Look at where secrets come from. A file that others can read is no configuration at all."""
    specs = [one.spec for one in config.checks] + [one.spec for one in config.receivers.values()]
    found = {secret.source for spec in specs for secret in _secrets_in(spec)}
    if found:
        ways = ", ".join(sorted({way for way, _ in found}))
        yield Finding(Grade.FINE, "secrets", f"{len(found)} readable, and not by others ({ways})")


def _secrets_in(value: object) -> Iterator[Secret]:
    match value:
        case Secret():
            yield value
        case dict():
            for one in value.values():
                yield from _secrets_in(one)
        case list() | tuple() | set() | frozenset():
            for one in value:
                yield from _secrets_in(one)
        case BaseModel():
            for name in type(value).model_fields:
                yield from _secrets_in(getattr(value, name))


def storage(settings: MonitorSettings) -> Iterator[Finding]:
    """Look at the data directory and at the disk under it."""
    folder = settings.data_dir.absolute()
    nearest = next(one for one in (folder, *folder.parents) if one.exists())
    if nearest != folder:
        writable = os.access(nearest, os.W_OK | os.X_OK)
        grade = Grade.FINE if writable else Grade.FAULT
        can = "can" if writable else "cannot"
        yield Finding(grade, "data", f"{folder} does not exist yet and {can} be made")
    else:
        writable = os.access(folder, os.W_OK | os.X_OK)
        yield diagnosis.directory(str(folder), folder.stat().st_mode, writable=writable)
        yield from _damage(folder / DATABASE)
    usage = shutil.disk_usage(nearest)
    yield diagnosis.space(usage.free, usage.total)
    if _MOUNTS.exists():
        mounts = _MOUNTS.read_text(errors="replace")
        if (found := diagnosis.filesystem(str(nearest.resolve()), mounts)) is not None:
            yield found


def _damage(database: Path) -> Iterator[Finding]:
    try:
        faults = damage(database)
    except StoreError as error:
        yield Finding(Grade.FAULT, "data", str(error))
        return
    if faults:
        text = f"{database} is damaged: {'; '.join(faults)}. {ADVICE}"
        yield Finding(Grade.FAULT, "data", text)


def daemon(settings: MonitorSettings) -> tuple[bool, Finding]:
    """Return whether a daemon runs on the data directory, and what is to be said about it."""
    try:
        found = ControlClient(settings.data_dir, timeout=_ANSWER_SECONDS).status()
    except NoDaemon:
        return False, _without_daemon(settings.data_dir)
    except ControlError as error:
        return True, Finding(Grade.FAULT, "daemon", f"it does not answer: {error}")
    if found["trouble"]:
        return True, Finding(Grade.FAULT, "daemon", f"it is in trouble: {found['trouble']}")
    return True, Finding(Grade.FINE, "daemon", "it runs, and all is well with it")


def _without_daemon(data_dir: Path) -> Finding:
    """Say what it means that nobody answers at the control socket."""
    if _is_locked(data_dir):
        text = f"process {holder(data_dir)} holds the data directory, but does not answer"
        return Finding(Grade.FAULT, "daemon", text)
    return Finding(Grade.FINE, "daemon", "none runs on this data directory")


def _is_locked(data_dir: Path) -> bool:
    try:
        with (data_dir / "lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def descriptors(config: Config) -> Finding:
    """Look at how many files may be open."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = sys.maxsize if limit == resource.RLIM_INFINITY else limit
    return diagnosis.descriptors(limit, min(config.monitor.limits.concurrency, len(config.checks)))


def icmp(config: Config) -> Finding:
    """Look at whether this process may send echoes."""
    needed = sum(one.check.type == "icmp" for one in config.checks)
    return diagnosis.icmp(way_allowed(), needed)


def listeners(settings: MonitorSettings, *, running: bool) -> Iterator[Finding]:
    """Look at whether the daemon can listen; while it runs, it does."""
    for endpoint in (settings.listen, settings.public_listen):
        if endpoint is None:
            continue
        if running:
            yield Finding(Grade.FINE, "listen", f"{endpoint} is the running daemon's")
        elif (problem := _no_listening(endpoint.host, endpoint.port or 0)) is not None:
            yield Finding(Grade.FAULT, "listen", f"{endpoint}: {problem}")
        else:
            yield Finding(Grade.FINE, "listen", f"{endpoint} is free")


def _no_listening(host: str, port: int) -> str | None:
    """Return why nobody can listen there, None if one can."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((host, port))
    except OSError as error:
        return error.strerror or str(error)
    return None
