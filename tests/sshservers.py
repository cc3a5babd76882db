"""OpenSSH's server on loopback, with keys and algorithms as a test wants them."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.peers import peer
from tests.servers import free_port
from tests.starttlsservers import a_folder, started


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKeys:
    """A folder with a key of each type, with its fingerprint as ssh-keygen prints it."""

    folder: Path
    fingerprints: dict[str, str]

    def public(self, kind: str) -> str:
        """Return the line of a public key."""
        return (self.folder / f"{kind}.pub").read_text().strip()


def make_keys(folder: Path) -> HostKeys:
    """Make a host key of each type."""
    program = peer("ssh-keygen")
    found = {}
    for kind, options in {
        "ed25519": (),
        "ecdsa": ("-b", "384"),
        "rsa": ("-b", "2048"),
        "short": ("-b", "1024"),
    }.items():
        path = folder / kind
        of = "rsa" if kind == "short" else kind
        subprocess.run(
            [program, "-q", "-t", of, *options, "-N", "", "-C", "a host", "-f", str(path)],
            check=True,
        )
        told = subprocess.run([program, "-lf", str(path)], capture_output=True, check=True)
        found[kind] = told.stdout.decode().split()[1]
    return HostKeys(folder=folder, fingerprints=found)


@contextlib.contextmanager
def sshd(keys: HostKeys, *kinds: str, **options: str) -> Iterator[int]:
    """Run sshd with these host keys (all of them unless told); yield its port."""
    program, port = peer("sshd"), free_port()
    if os.geteuid() == 0:
        separation = Path("/run/sshd")
        if not separation.exists():
            separation.mkdir(mode=0o755)
    with a_folder() as folder:
        lines = [
            f"Port {port}",
            "ListenAddress 127.0.0.1",
            f"PidFile {folder}/pid",
            "UsePAM no",
            "StrictModes no",
            "MaxStartups 100",
            *(f"HostKey {keys.folder}/{kind}" for kind in kinds or ("ed25519", "ecdsa", "rsa")),
            *(f"{name} {value}" for name, value in options.items()),
        ]
        (folder / "sshd_config").write_text("\n".join(lines) + "\n")
        with started([program, "-D", "-e", "-f", f"{folder}/sshd_config"], port, folder):
            yield port
