"""OpenLDAP on loopback, with a small directory of its own, until the block ends."""

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.peers import peer
from tests.servers import free_port
from tests.starttlsservers import a_folder, started

BASE = "dc=makassar,dc=test"
USER, PASSWORD = f"cn=pantau,{BASE}", "kata-sandi-rahasia"
PEOPLE = 5

_LDIF = f"""
dn: {BASE}
objectClass: dcObject
objectClass: organization
dc: makassar
o: Makassar

dn: {USER}
objectClass: person
cn: pantau
sn: pantau
userPassword: {PASSWORD}

dn: ou=pegawai,{BASE}
objectClass: organizationalUnit
ou: pegawai
""" + "".join(
    f"""
dn: cn=pegawai (nomor {number}),ou=pegawai,{BASE}
objectClass: person
cn: pegawai (nomor {number})
sn: pegawai
"""
    for number in range(PEOPLE)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The ports in the clear, which knows STARTTLS as well, and where TLS comes first."""

    ldap: int
    ldaps: int


@contextlib.contextmanager
def directory(chain: Path, key: Path, *settings: str) -> Iterator[Directory]:
    """Run slapd with a directory of people; `settings` are more lines of its configuration."""
    program = peer("slapd")
    ports = Directory(ldap=free_port(), ldaps=free_port())
    with a_folder() as folder:
        (folder / "data").mkdir()
        (folder / "people.ldif").write_text(_LDIF)
        (folder / "slapd.conf").write_text(_configuration(folder, chain, key, settings))
        configuration = ["-f", f"{folder}/slapd.conf"]
        adding = [peer("slapadd"), *configuration, "-l", f"{folder}/people.ldif"]
        subprocess.run(adding, check=True, capture_output=True)
        where = f"ldap://127.0.0.1:{ports.ldap}/ ldaps://127.0.0.1:{ports.ldaps}/"
        # With -d it stays in the foreground.
        command = [program, "-d", "0", *configuration, "-h", where]
        with started(command, ports.ldap, folder):
            yield ports


def _configuration(folder: Path, chain: Path, key: Path, settings: tuple[str, ...]) -> str:
    lines = (
        "include /etc/ldap/schema/core.schema",
        "modulepath /usr/lib/ldap",
        "moduleload back_mdb",
        f"pidfile {folder}/pid",
        f"TLSCertificateFile {chain}",
        f"TLSCertificateKeyFile {key}",
        *settings,
        "database mdb",
        f"suffix {BASE}",
        f"directory {folder}/data",
        "maxsize 10485760",
        "access to attrs=userPassword by anonymous auth by * none",
        "access to * by users read by * none",
    )
    return "\n".join(lines) + "\n"
