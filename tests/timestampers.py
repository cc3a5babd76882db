"""A time-stamping authority (RFC 3161) on loopback: OpenSSL's, behind a little HTTP."""

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.certificates import Issued, issue, root, write_chain
from tests.peers import peer
from tests.servers import ok, read_request, serving

_CONFIG = """\
[tsa]
default_tsa = here
[here]
dir = {folder}
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


def _certificate() -> Issued:
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    return issue(subject="Test Time", names=(), issuer=root(), kind="rsa", critical=(usage,))


@contextlib.contextmanager
def time_stamper(folder: Path) -> Iterator[str]:
    """Stamp times until the block ends; yield the URL."""
    openssl = peer("openssl")
    write_chain(folder, "tsa", _certificate())
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")

    def handle(connection: socket.socket) -> None:
        query = _body(connection)
        (folder / "query").write_bytes(query)
        command = ["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query"]
        done = subprocess.run([openssl, *command], cwd=folder, capture_output=True, check=True)
        connection.sendall(ok(done.stdout, "Content-Type: application/timestamp-reply"))

    with serving(handle) as port:
        yield f"http://127.0.0.1:{port}/tsa"


def _body(connection: socket.socket) -> bytes:
    head, _, body = read_request(connection).partition(b"\r\n\r\n")
    [length] = [
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    while len(body) < length:
        body += connection.recv(length - len(body))
    return body
