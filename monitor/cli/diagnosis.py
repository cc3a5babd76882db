"""What `pantau doctor` makes of what it measured. Pure: each function judges one thing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from stat import S_IMODE

_MEGABYTE = 1_000_000
_LITTLE_SPACE = 1_000 * _MEGABYTE
_NO_SPACE = 100 * _MEGABYTE
_OTHER_DESCRIPTORS = 128  # database, listeners, visitors, libraries
_BUILT = datetime(2026, 1, 1, tzinfo=UTC)
_REMOTE = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "fuse.sshfs"}
)
_WAL_RESET = ((3, 7, 0), (3, 51, 2))
_WAL_RESET_CURED = {(3, 44): 6, (3, 50): 7}
_OLDEST_PYTHON = (3, 11)
_OLDEST_OPENSSL = (3, 0)


class Grade(StrEnum):
    """How a finding is marked. Only a FAULT keeps Pantau from working."""

    FINE = "✓"
    DOUBT = "!"
    FAULT = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, in a sentence."""

    grade: Grade
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.grade} {self.subject:<12} {self.text}"


def failed(findings: Iterable[Finding]) -> bool:
    """Say whether anything keeps Pantau from working."""
    return any(finding.grade is Grade.FAULT for finding in findings)


def python(version: tuple[int, int, int]) -> Finding:
    text = _dotted(version)
    if version < _OLDEST_PYTHON:
        return Finding(Grade.FAULT, "Python", f"{text} is too old: Pantau needs 3.11 or newer")
    return Finding(Grade.FINE, "Python", text)


def openssl(version: tuple[int, ...], text: str) -> Finding:
    """Judge the OpenSSL that Python was built with; `text` is what it calls itself."""
    if version[:2] < _OLDEST_OPENSSL:
        return Finding(Grade.DOUBT, "OpenSSL", f"{text} gets no more security fixes")
    return Finding(Grade.FINE, "OpenSSL", text)


def sqlite(version: tuple[int, int, int]) -> Finding:
    """Judge SQLite. Before 3.51.3, two connections that write can corrupt a WAL database."""
    first, last = _WAL_RESET
    cured = version[2] >= _WAL_RESET_CURED.get(version[:2], version[2] + 1)
    if first <= version <= last and not cured:
        text = (
            f"{_dotted(version)} has the WAL-reset bug, which needs two connections that write; "
            "Pantau writes through one, so it is safe here. Let no other program write to the "
            "database"
        )
        return Finding(Grade.DOUBT, "SQLite", text)
    return Finding(Grade.FINE, "SQLite", _dotted(version))


def directory(path: str, mode: int, *, writable: bool) -> Finding:
    """Judge the data directory by its mode and by whether we may write there."""
    if not writable:
        return Finding(Grade.FAULT, "data", f"{path} cannot be written by this user")
    if S_IMODE(mode) & 0o077:
        text = f"{path} is open to others (mode {S_IMODE(mode):04o}): chmod 700 it"
        return Finding(Grade.DOUBT, "data", text)
    return Finding(Grade.FINE, "data", f"{path} is private and can be written")


def space(free: int, total: int) -> Finding:
    """Judge the free space (bytes) of the disk that holds the data directory."""
    text = f"{free // _MEGABYTE:,} MB free of {total // _MEGABYTE:,} MB"
    if free < _NO_SPACE:
        return Finding(Grade.FAULT, "disk", f"{text}: too little to write on")
    if free < _LITTLE_SPACE:
        return Finding(Grade.DOUBT, "disk", f"{text}: make room soon")
    return Finding(Grade.FINE, "disk", text)


def filesystem(path: str, mounts: str) -> Finding | None:
    """Judge the kind of file system under `path` (absolute) by the text of /proc/self/mounts."""
    kind = _kind_under(path, mounts)
    if kind in _REMOTE:
        text = f"{path} lies on {kind}: SQLite's locks don't hold on a network file system"
        return Finding(Grade.FAULT, "disk", text)
    return None


def _kind_under(path: str, mounts: str) -> str:
    best, kind = "", ""
    for line in mounts.splitlines():
        _, point, found, *_ = [*line.split(" "), "", "", ""]
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, found
    return kind


def descriptors(limit: int, probes: int) -> Finding:
    """Judge the limit of open files; `probes` is how many may run at the same time."""
    needed = probes + _OTHER_DESCRIPTORS
    if limit < needed:
        text = (
            f"{limit} open files are allowed, but {probes} probes at a time need {needed}: raise "
            "LimitNOFILE (ulimit -n), or lower limits.concurrency"
        )
        return Finding(Grade.FAULT, "descriptors", text)
    return Finding(
        Grade.FINE, "descriptors", f"{limit} open files are allowed; {needed} are enough"
    )


def clock(now: datetime) -> Finding:
    """Judge the wall clock: a machine without a battery starts in the past."""
    text = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now < _BUILT:
        return Finding(Grade.FAULT, "clock", f"{text} is in the past: set the clock")
    if now > _BUILT + timedelta(days=366 * 30):
        return Finding(Grade.FAULT, "clock", f"{text} is far in the future: set the clock")
    return Finding(Grade.FINE, "clock", text)


def synchronised(*, in_step: bool | None) -> Finding | None:
    """Judge whether the kernel's clock follows a time server; None is not known."""
    if in_step is None:
        return None
    if in_step:
        return Finding(Grade.FINE, "time server", "the clock follows one")
    text = "the kernel does not know of one: install chrony or systemd-timesyncd"
    return Finding(Grade.DOUBT, "time server", text)


def canaries(answers: Mapping[str, bool], require: int) -> Finding:
    """Judge who answered of those that prove that we are online; `require` of them must."""
    if not answers:
        text = (
            "nobody answers who proves that we are online: without self_check.targets, a fault of "
            "our own network may count as down"
        )
        return Finding(Grade.DOUBT, "self-check", text)
    silent = [name for name, answered in answers.items() if not answered]
    heard = ", ".join(name for name, answered in answers.items() if answered)
    if len(answers) - len(silent) < require:
        text = f"{', '.join(silent)} did not answer: this machine counts as offline"
        return Finding(Grade.FAULT, "self-check", text)
    if silent:
        return Finding(
            Grade.DOUBT, "self-check", f"{', '.join(silent)} did not answer; {heard} did"
        )
    return Finding(Grade.FINE, "self-check", f"answered by {heard}")


def resolver(servers: Iterable[str], problem: str | None, seconds: float) -> Finding:
    """Judge our resolver by one question; `problem` is why it was not answered."""
    names = ", ".join(servers) or "no server"
    if problem is not None:
        return Finding(Grade.FAULT, "resolver", f"{names}: {problem}")
    return Finding(Grade.FINE, "resolver", f"{names} answered in {seconds * 1000:.0f} ms")


def icmp(way: str | None, checks: int) -> Finding:
    """Judge the kind of socket for echoes that is allowed; `checks` need one."""
    if way == "raw":
        text = (
            "allowed to who runs this, over raw sockets; a service without CAP_NET_RAW needs its "
            "group in net.ipv4.ping_group_range (sysctl)"
        )
        return Finding(Grade.FINE, "ICMP", text)
    if way is not None:
        return Finding(Grade.FINE, "ICMP", f"allowed, over {way} sockets")
    if not checks:
        return Finding(Grade.FINE, "ICMP", "not allowed to this process, and no check needs it")
    text = (
        f"not allowed to this process, but {checks} checks need it: put its group in "
        "net.ipv4.ping_group_range (sysctl), or give it CAP_NET_RAW"
    )
    return Finding(Grade.FAULT, "ICMP", text)


def _dotted(version: Iterable[int]) -> str:
    return ".".join(map(str, version))
