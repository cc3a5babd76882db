"""openssl's own TLS server and OCSP responder, on loopback."""

import contextlib
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.certificates import Issued, intermediate
from tests.peers import peer
from tests.servers import free_port
from tests.starttlsservers import started

OLD_AND_WEAK = ("-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0")


@contextlib.contextmanager
def s_server(
    folder: Path, chain: Path, key: Path, *options: str, host: str = "127.0.0.1", port: int = 0
) -> Iterator[int]:
    """Run `openssl s_server` with `options` until the block ends; yield its port."""
    port = port or free_port()
    command = [peer("openssl"), "s_server", "-accept", f"{host}:{port}", "-naccept", "1000"]
    above = folder / "above.pem"
    above.write_bytes(intermediate().pem())
    files = ["-cert", str(chain), "-cert_chain", str(above), "-key", str(key)]
    with started([*command, *files, "-www", *options], port, folder, host=host):
        yield port


@contextlib.contextmanager
def ocsp_responder(folder: Path, port: int, **known: Issued) -> Iterator[None]:
    """Let `openssl ocsp` answer for the intermediate; `known` are good, but for `revoked`.

    By itself it would listen at every address of the machine, so that the posts come to a port on
    loopback, and each goes to an `openssl ocsp` of its own.
    """
    issuer, key, index = folder / "issuer.pem", folder / "issuer.key", folder / "index.txt"
    issuer.write_bytes(intermediate().pem())
    key.write_bytes(intermediate().key_pem())
    index.write_text("".join(_entry(status, one) for status, one in known.items()))
    signer = ["-CA", str(issuer), "-rsigner", str(issuer), "-rkey", str(key), "-nmin", "30"]
    command = [peer("openssl"), "ocsp", "-index", str(index), *signer]
    responder = type("_Here", (_Responder,), {"ocsp": command})
    with ThreadingHTTPServer(("127.0.0.1", port), responder) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join(10)


class _Responder(BaseHTTPRequestHandler):
    ocsp: list[str]

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        with tempfile.TemporaryDirectory() as name:
            question, answer = Path(name, "question"), Path(name, "answer")
            question.write_bytes(asked)
            files = ["-reqin", str(question), "-respout", str(answer)]
            subprocess.run([*self.ocsp, *files], check=True, capture_output=True, timeout=20)
            octets = answer.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", "application/ocsp-response")
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_: object) -> None:
        pass


def _entry(status: str, issued: Issued) -> str:
    certificate = issued.certificate
    expires = f"{certificate.not_valid_after_utc:%y%m%d%H%M%SZ}"
    revoked = f"{certificate.not_valid_before_utc:%y%m%d%H%M%SZ},keyCompromise"
    serial = f"{certificate.serial_number:X}"
    serial = "0" * (len(serial) % 2) + serial
    mark, when = ("R", revoked) if status.startswith("revoked") else ("V", "")
    return f"{mark}\t{expires}\t{when}\t{serial}\tunknown\t/CN={status}\n"
