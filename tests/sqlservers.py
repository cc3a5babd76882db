"""SQL servers as cities run them, on loopback: PostgreSQL and MariaDB with accounts of their own.

Each runs until its block ends, presents the given chain, and takes a port of its own.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.peers import peer
from tests.servers import free_port
from tests.starttlsservers import a_folder, started

USER, PASSWORD = "pantau", "sandi rahasia"
HOST = "127.0.0.1"

# Who comes as this user proves it in the way that this line says; strangers are turned away.
_HBA = """
local all all trust
host all trusted 127.0.0.1/32 trust
host all readable 127.0.0.1/32 password
host all hashed 127.0.0.1/32 md5
hostssl all channel 127.0.0.1/32 scram-sha-256
host all pantau 127.0.0.1/32 scram-sha-256
"""
_ROLES = f"""
SET password_encryption = 'md5';
CREATE ROLE hashed LOGIN PASSWORD '{PASSWORD}';
SET password_encryption = 'scram-sha-256';
CREATE ROLE trusted LOGIN;
CREATE ROLE readable LOGIN PASSWORD '{PASSWORD}';
CREATE ROLE channel LOGIN PASSWORD '{PASSWORD}';
CREATE ROLE pantau LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 5;
CREATE TABLE antrean (nama text, lama int);
INSERT INTO antrean VALUES ('Siti', 3), ('Budi', 8);
GRANT ALL ON antrean TO pantau;
"""


@contextlib.contextmanager
def postgres(chain: Path, key: Path, *, standby: bool = False, **settings: object) -> Iterator[int]:
    """Run PostgreSQL with a role for each way to log in, and a table.

    A `standby` waits for a primary that never comes.
    """
    initdb, program, port = peer("initdb"), peer("postgres"), free_port()
    with a_folder() as folder:
        own, as_user = _owned(folder, chain, key, "postgres")
        command = [*as_user, initdb, "-D", f"{folder}/data", "-A", "trust", "--no-sync"]
        _run(command, folder)
        single = [*as_user, program, "--single", "-D", f"{folder}/data", "postgres"]
        _run(single, folder, _ROLES)
        if standby:
            (folder / "data" / "standby.signal").touch()
        (folder / "hba").write_text(_HBA)
        defaults = {
            "listen_addresses": HOST,
            "port": port,
            "unix_socket_directories": folder,
            "hba_file": folder / "hba",
            "fsync": "off",
            "ssl": "on",
            "ssl_cert_file": own[0],
            "ssl_key_file": own[1],
        }
        options = [
            part
            for name, value in (defaults | settings).items()
            for part in ("-c", f"{name}={value}")
        ]
        os.environ.setdefault("LC_ALL", "C.UTF-8")
        # Its port is open before it takes anybody in, and for ever without hot_standby.
        ready = None if settings.get("hot_standby") == "off" else b"ready to accept"
        command = [*as_user, program, "-D", f"{folder}/data", *options]
        with started(command, port, folder, ready=ready):
            yield port


def _owned(
    folder: Path, chain: Path, key: Path, user: str
) -> tuple[tuple[Path, Path], Sequence[str]]:
    """Return copies of the certificate and its key, and what makes a command the server's own.

    The server refuses to run as root.
    """
    own = (folder / "chain.pem", folder / "key.pem")
    for source, target in zip((chain, key), own, strict=True):
        shutil.copy(source, target)
        target.chmod(0o600)
    if os.geteuid() != 0:
        return own, ()
    for path in (folder, *own):
        shutil.chown(path, user)
    return own, (peer("runuser"), "-u", user, "--")


def _run(command: Sequence[str], folder: Path, words: str = "") -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, input=words.encode())


_ACCOUNTS = f"""
CREATE USER pantau@'%' IDENTIFIED BY '{PASSWORD}';
CREATE USER secure@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL;
CREATE USER odd@'%' IDENTIFIED VIA unix_socket;
CREATE DATABASE kota;
CREATE TABLE kota.antrean (nama text, lama int);
INSERT INTO kota.antrean VALUES ('Siti', 3), ('Budi', 8);
GRANT ALL ON kota.* TO pantau@'%', secure@'%';
"""


_SHARED = Path("/usr/share/mysql")
_TABLES = (
    "mysql_system_tables.sql",
    "mysql_performance_tables.sql",
    "mysql_system_tables_data.sql",
)


@contextlib.contextmanager
def mariadb(chain: Path, key: Path, *options: str, host: str = HOST) -> Iterator[int]:
    """Run MariaDB with a few accounts, and a table."""
    program, port = peer("mariadbd"), free_port()
    with a_folder() as folder:
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        place = [f"--datadir={folder}/data", *as_root]
        small = ["--innodb-buffer-pool-size=8M", "--innodb-log-file-size=2M"]
        (folder / "data" / "mysql").mkdir(parents=True)
        tables = "use mysql;\n" + "".join((_SHARED / name).read_text() for name in _TABLES)
        _run([program, "--no-defaults", "--bootstrap", *place, *small], folder, tables)
        (folder / "accounts.sql").write_text(_ACCOUNTS)
        command = [
            program,
            "--no-defaults",
            *place,
            *small,
            f"--init-file={folder}/accounts.sql",
            f"--socket={folder}/socket",
            f"--port={port}",
            f"--bind-address={host}",
            f"--ssl-cert={chain}",
            f"--ssl-key={key}",
            *options,
        ]
        with started(command, port, folder, host=host):
            yield port
