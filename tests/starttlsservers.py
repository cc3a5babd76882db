"""Servers of nine protocols that begin in the clear, as their authors ship them, on loopback.

Each runs until its block ends, presents the given chain, and takes one port of its own.
"""

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue

from tests.peers import peer
from tests.servers import free_port

SECONDS = 20.0  # for a server to start on a busy machine

Running = contextlib.AbstractContextManager[int]
Server = Callable[[Path, Path], Running]


@contextlib.contextmanager
def started(
    command: Sequence[str],
    port: int,
    folder: Path,
    *,
    host: str = "127.0.0.1",
    ready: bytes | None = None,
) -> Iterator[int]:
    """Run a program until the block ends; yield its port once it takes connections.

    `ready` is what it prints then, for a program that a connection without words would confuse.
    """
    log = folder / f"output-{port}"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    try:
        until = time.monotonic() + SECONDS
        while not (_is_open(host, port) if ready is None else ready in log.read_bytes()):
            if time.monotonic() > until or process.poll() is not None:
                raise RuntimeError(f"{command[0]} did not start: {log.read_text()}")
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _is_open(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 1).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def a_folder() -> Iterator[Path]:
    """Return a folder with a short name, as sockets in it need, that others may look into."""
    with tempfile.TemporaryDirectory(prefix="pantau-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextlib.contextmanager
def dovecot(chain: Path, key: Path, protocol: str) -> Iterator[int]:
    """Run Dovecot for `protocol`: imap, pop3 or sieve."""
    program, port = peer("dovecot"), free_port()
    service = {"sieve": "managesieve"}.get(protocol, protocol)
    quiet = "" if protocol == "sieve" else f"inet_listener {protocol}s {{\nport = 0\n}}"
    with a_folder() as folder:
        (folder / "dovecot.conf").write_text(
            f"""
            base_dir = {folder}/run
            state_dir = {folder}/run
            log_path = {folder}/log
            protocols = {protocol}
            listen = 127.0.0.1
            ssl = yes
            ssl_cert = <{chain}
            ssl_key = <{key}
            default_login_user = dovecot
            service {service}-login {{
              chroot =
              inet_listener {protocol} {{
                port = {port}
              }}
              {quiet}
            }}
            service anvil {{
              chroot =
            }}
            service stats {{
              chroot =
            }}
            passdb {{
              driver = static
              args = nopassword=y
            }}
            userdb {{
              driver = static
              args = uid=nobody gid=nogroup home={folder}
            }}
            """
        )
        with started([program, "-F", "-c", f"{folder}/dovecot.conf"], port, folder):
            yield port


def imap(chain: Path, key: Path) -> Running:
    return dovecot(chain, key, "imap")


def pop3(chain: Path, key: Path) -> Running:
    return dovecot(chain, key, "pop3")


def sieve(chain: Path, key: Path) -> Running:
    if not Path("/usr/lib/dovecot/managesieve").exists():
        peer("managesieve")  # skips, or fails
    return dovecot(chain, key, "sieve")


@contextlib.contextmanager
def ldap(chain: Path, key: Path) -> Iterator[int]:
    """Run OpenLDAP without a directory: it still changes to TLS."""
    program, port = peer("slapd"), free_port()
    with a_folder() as folder:
        (folder / "slapd.conf").write_text(
            f"TLSCertificateFile {chain}\nTLSCertificateKeyFile {key}\npidfile {folder}/pid\n"
        )
        # With -d it stays in the foreground.
        command = [program, "-d", "0", "-f", f"{folder}/slapd.conf"]
        with started([*command, "-h", f"ldap://127.0.0.1:{port}/"], port, folder):
            yield port


@contextlib.contextmanager
def mysql(chain: Path, key: Path) -> Iterator[int]:
    """Run MariaDB without its tables of users."""
    program, port = peer("mariadbd"), free_port()
    with a_folder() as folder:
        (folder / "data").mkdir()
        options = [
            "--no-defaults",
            *(["--user=root"] if os.geteuid() == 0 else []),
            "--skip-grant-tables",
            "--skip-name-resolve",
            f"--datadir={folder}/data",
            f"--socket={folder}/socket",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            f"--ssl-cert={chain}",
            f"--ssl-key={key}",
            "--innodb-buffer-pool-size=8M",
            "--innodb-log-file-size=2M",
        ]
        with started([program, *options], port, folder):
            yield port


@contextlib.contextmanager
def xmpp(chain: Path, key: Path) -> Iterator[int]:
    """Run Prosody, which insists on TLS."""
    program, port = peer("prosody"), free_port()
    with a_folder() as folder:
        (folder / "data").mkdir()
        (folder / "prosody.cfg.lua").write_text(
            f"""
            daemonize = false; run_as_root = true
            pidfile = "{folder}/pid"; data_path = "{folder}/data"
            log = {{ info = "*console" }}
            modules_enabled = {{ "tls", "saslauth" }}; modules_disabled = {{ "s2s", "offline" }}
            c2s_require_encryption = true; interfaces = {{ "127.0.0.1" }}
            c2s_ports = {{ {port} }}; c2s_direct_tls_ports = {{}}; legacy_ssl_ports = {{}}
            ssl = {{ certificate = "{chain}", key = "{key}" }}
            VirtualHost "makassarkota.test"
            """
        )
        with started([program, "--config", f"{folder}/prosody.cfg.lua"], port, folder):
            yield port


@contextlib.contextmanager
def ftp(chain: Path, key: Path) -> Iterator[int]:
    """Run vsftpd for anonymous visitors."""
    program, port = peer("vsftpd"), free_port()
    with a_folder() as folder:
        (folder / "vsftpd.conf").write_text(
            f"listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\n"
            "run_as_launching_user=YES\nanonymous_enable=YES\nlocal_enable=NO\nssl_enable=YES\n"
            f"rsa_cert_file={chain}\nrsa_private_key_file={key}\n"
            f"secure_chroot_dir={folder}\nanon_root={folder}\n"
        )
        with started([program, f"{folder}/vsftpd.conf"], port, folder):
            yield port


@contextlib.contextmanager
def postgres(chain: Path, key: Path) -> Iterator[int]:
    """Run PostgreSQL with TLS."""
    initdb, program, port = peer("initdb"), peer("postgres"), free_port()
    with a_folder() as folder:
        as_user: list[str] = []
        own = (folder / "chain.pem", folder / "key.pem")
        for source, target in zip((chain, key), own, strict=True):
            shutil.copy(source, target)
            target.chmod(0o600)
        if os.geteuid() == 0:  # the server refuses to run as root
            as_user = [peer("runuser"), "-u", "postgres", "--"]
            for path in (folder, *own):
                shutil.chown(path, "postgres")
        subprocess.run(
            [*as_user, initdb, "-D", f"{folder}/data", "-A", "trust", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": folder,
            "fsync": "off",
            "ssl": "on",
            "ssl_cert_file": own[0],
            "ssl_key_file": own[1],
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        os.environ.setdefault("LC_ALL", "C.UTF-8")
        with started([*as_user, program, "-D", f"{folder}/data", *options], port, folder):
            yield port


@contextlib.contextmanager
def smtp(chain: Path, key: Path) -> Iterator[int]:
    """Run aiosmtpd in a thread."""
    from aiosmtpd.controller import Controller
    from aiosmtpd.handlers import Sink

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain, key)
    controller = Controller(Sink(), "127.0.0.1", free_port(), tls_context=context)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


SERVERS: dict[str, Server] = {
    "smtp": smtp,
    "imap": imap,
    "pop3": pop3,
    "ftp": ftp,
    "postgres": postgres,
    "mysql": mysql,
    "ldap": ldap,
    "xmpp": xmpp,
    "sieve": sieve,
}


def slipping_in(heard: SimpleQueue[bytes]) -> Callable[[socket.socket], None]:
    """Return a handler of SMTP that slips a reply in behind its agreement to TLS.

    So could somebody on the way (CVE-2011-0411). `heard` gets what comes after the agreement.
    """

    def handle(connection: socket.socket) -> None:
        connection.sendall(b"220 mail.test ESMTP\r\n")
        connection.recv(4096)
        connection.sendall(b"250-mail.test\r\n250 STARTTLS\r\n")
        connection.recv(4096)
        connection.sendall(b"220 go ahead\r\n250 slipped in\r\n")
        heard.put(connection.recv(4096))

    return handle
