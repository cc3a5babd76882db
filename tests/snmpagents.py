"""SNMP agents on loopback: Net-SNMP's, and words for agents of one's own that lie."""

import contextlib
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from monitor.net import ber
from monitor.net.ber import Fields
from monitor.net.snmpwire import RESPONSE, community_message, get_pdu
from tests.peers import peer

COMMUNITY, AUTH, PRIVACY = "rahasia-kota", "sandi-tanda-tangan", "sandi-penyandian"
USERS = f"""
rocommunity {COMMUNITY} 127.0.0.1
rocommunity6 {COMMUNITY} ::1
createUser terbuka
rouser terbuka noauth
createUser sha1 SHA {AUTH}
rouser sha1
createUser sha224 SHA-224 {AUTH}
rouser sha224
createUser sha256 SHA-256 {AUTH} AES {PRIVACY}
rouser sha256 priv
createUser sha384 SHA-384 {AUTH} AES {PRIVACY}
rouser sha384 priv
createUser sha512 SHA-512 {AUTH} AES {PRIVACY}
rouser sha512 priv
sysName saklar-inti
"""


@contextlib.contextmanager
def snmpd() -> Iterator[int]:
    """Run snmpd with USERS on both families until the block ends; yield its port."""
    with tempfile.TemporaryDirectory(prefix="snmpd-", dir="/tmp") as name:
        folder, port = Path(name), _free_port()
        configuration = folder / "snmpd.conf"
        configuration.write_text(USERS)
        command = [peer("snmpd"), "-f", "-Lo", "-C", "-c", str(configuration), "-I", "-smux"]
        places = {"SNMP_PERSISTENT_DIR": f"{folder}/var", "SNMPCONFPATH": name, "MIBS": ""}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*command, f"udp:127.0.0.1:{port}", f"udp6:[::1]:{port}"],
                env=os.environ | places,
                stdout=log,
                stderr=log,
            )
        try:
            _wait_for(port, process, folder / "log")
            yield port
        finally:
            process.terminate()
            process.wait(10)


def _free_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind(("::", 0))
        return int(sock.getsockname()[1])


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    asked = community_message(COMMUNITY.encode(), get_pdu(1, ["1.3.6.1.2.1.1.3.0"]))
    end = time.monotonic() + 30
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        sock.connect(("127.0.0.1", port))
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(OSError):
                sock.send(asked)
                if sock.recv(1000):
                    return
                time.sleep(0.05)
    raise RuntimeError(f"snmpd does not answer: {log.read_text()}")


def a_response(
    asked: bytes, *values: bytes, community: bytes | None = None, **changes: int
) -> bytes:
    """Return the response of version 2c to a question, with these elements as its values.

    `changes` may hold another `number`, `tag`, `version`, `error` and `index`; `community`
    another one.
    """
    fields = Fields(asked).fields()
    fields.integer()
    theirs = fields.octet_string()
    pdu = fields.fields(0xA0)
    number = pdu.integer()
    pdu.integer(), pdu.integer()
    bindings, oids = pdu.fields(), []
    while bindings.left:
        oids.append(bindings.fields().oid())
    listed = ber.sequence(
        ber.sequence((ber.oid(oid), value)) for oid, value in zip(oids, values, strict=False)
    )
    error, index = changes.get("error", 0), changes.get("index", 0)
    numbers = map(ber.integer, (changes.get("number", number), error, index))
    answer = ber.sequence((*numbers, listed), changes.get("tag", RESPONSE))
    return ber.sequence(
        (
            ber.integer(changes.get("version", 1)),
            ber.octet_string(theirs if community is None else community),
            answer,
        )
    )


def ticks(number: int) -> bytes:
    """Return TimeTicks as an element."""
    return ber.integer(number, 0x43)
