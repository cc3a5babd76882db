"""Mail servers as cities run them, on loopback: Postfix and Dovecot with their own configuration.

Each runs until its block ends, presents the given chain, and takes ports of its own.
"""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers import peer
from tests.servers import free_port
from tests.starttlsservers import SECONDS, a_folder, started

USER, PASSWORD = "pantau@makassarkota.test", 'kata "sandi"\\ rahasia'
MAILBOX = "pengaduan@makassarkota.test"

# Dovecot takes a visitor from its own address for one whom nobody can overhear.
DOVECOT_HOST = "127.0.0.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dovecot:
    imap: int
    imaps: int
    pop3: int
    pop3s: int


@contextlib.contextmanager
def dovecot(chain: Path, key: Path, **settings: str) -> Iterator[Dovecot]:
    """Run Dovecot for IMAP and POP3, in the clear and over TLS, with one account."""
    program = peer("dovecot")
    if not Path("/usr/lib/dovecot/pop3").exists():
        peer("dovecot-pop3")  # skips, or fails
    ports = Dovecot(imap=free_port(), imaps=free_port(), pop3=free_port(), pop3s=free_port())
    more = "\n".join(f"{name} = {value}" for name, value in settings.items())
    with a_folder() as folder:
        (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        (folder / "users").chmod(0o644)
        (folder / "dovecot.conf").write_text(
            f"""
            base_dir = {folder}/run
            state_dir = {folder}/run
            log_path = {folder}/log
            protocols = imap pop3
            listen = {DOVECOT_HOST}
            ssl = yes
            ssl_cert = <{chain}
            ssl_key = <{key}
            auth_mechanisms = plain login
            auth_failure_delay = 0
            default_login_user = dovecot
            mail_location = mdbox:{folder}/mail
            {more}
            service imap-login {{
              chroot =
              inet_listener imap {{
                port = {ports.imap}
              }}
              inet_listener imaps {{
                port = {ports.imaps}
                ssl = yes
              }}
            }}
            service pop3-login {{
              chroot =
              inet_listener pop3 {{
                port = {ports.pop3}
              }}
              inet_listener pop3s {{
                port = {ports.pop3s}
                ssl = yes
              }}
            }}
            service anvil {{
              chroot =
              unix_listener anvil-auth-penalty {{
                mode = 0
              }}
            }}
            service stats {{
              chroot =
            }}
            passdb {{
              driver = passwd-file
              args = {folder}/users
            }}
            userdb {{
              driver = static
              args = uid=nobody gid=nogroup home={folder}/mail
            }}
            """
        )
        (folder / "mail").mkdir()
        (folder / "mail").chmod(0o777)
        command = [program, "-F", "-c", f"{folder}/dovecot.conf"]
        with started(command, ports.imap, folder, host=DOVECOT_HOST):
            yield ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Postfix:
    """Ports: STARTTLS offered, TLS insisted on, TLS first, no TLS at all, and an open relay.

    `folder` holds its configuration and its queue.
    """

    folder: Path
    offers: int
    insists: int
    implicit: int
    plain: int
    relay: int


@contextlib.contextmanager
def postfix(chain: Path, key: Path) -> Iterator[Postfix]:
    """Run Postfix, which takes mail for MAILBOX alone, and delivers none."""
    program = peer("postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only")
    with a_folder() as folder:
        ports = Postfix(
            folder=folder,
            offers=free_port(),
            insists=free_port(),
            implicit=free_port(),
            plain=free_port(),
            relay=free_port(),
        )
        for name in ("queue", "data"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix", "postfix")
        own = folder / "server.pem"
        own.write_bytes(key.read_bytes() + chain.read_bytes())
        own.chmod(0o600)
        (folder / "main.cf").write_text(_main(folder, own))
        (folder / "master.cf").write_text(_master(ports))
        command = [program, "-c", str(folder)]
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(
                [*command, "start-fg"],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # it ends all of its group when told to stop
            )
        try:
            _wait_until_up(process, folder)
            yield ports
        finally:
            subprocess.run([*command, "stop"], capture_output=True, check=False)
            process.wait(20)


def queued(server: Postfix) -> list[bytes]:
    """Return what Postfix took, each with its envelope, as its own tool shows it."""
    files = sorted((server.folder / "queue" / "incoming").rglob("*"))
    command = ["/usr/sbin/postcat", "-c", str(server.folder)]
    return [
        subprocess.run([*command, str(file)], capture_output=True, check=True).stdout
        for file in files
        if file.is_file()
    ]


def _wait_until_up(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    until = time.monotonic() + SECONDS
    log = folder / "log"
    while not (log.exists() and b"daemon started" in log.read_bytes()):
        if time.monotonic() > until or process.poll() is not None:
            told = log.read_text() if log.exists() else (folder / "output").read_text()
            raise RuntimeError(f"postfix did not start: {told}")
        time.sleep(0.02)


def _main(folder: Path, own: Path) -> str:
    return f"""
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.makassarkota.test
mydestination = makassarkota.test
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
local_recipient_maps = inline:{{ {{ {MAILBOX.partition("@")[0]} = x }} }}
alias_maps =
alias_database =
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
disable_dns_lookups = yes
smtpd_tls_chain_files = {own}
smtpd_tls_security_level = may
"""


def _master(ports: Postfix) -> str:
    listeners = {
        ports.offers: (),
        ports.insists: ("smtpd_tls_security_level=encrypt",),
        ports.implicit: ("smtpd_tls_wrappermode=yes", "smtpd_tls_security_level=encrypt"),
        ports.plain: ("smtpd_tls_security_level=none",),
        ports.relay: (
            "mynetworks=127.0.0.0/8",
            "smtpd_relay_restrictions=permit_mynetworks,reject",
        ),
    }
    lines = [
        f"127.0.0.1:{port} inet n - n - - smtpd" + "".join(f" -o {each}" for each in options)
        for port, options in listeners.items()
    ]
    return "\n".join(
        [
            *lines,
            "postlog unix-dgram n - n - 1 postlogd",
            "rewrite unix - - n - - trivial-rewrite",
            "anvil unix - - n - 1 anvil",
            "cleanup unix n - n - 0 cleanup",
            "proxymap unix - - n - - proxymap",
            "tlsmgr unix - - n 1000? 1 tlsmgr",
            "",
        ]
    )
