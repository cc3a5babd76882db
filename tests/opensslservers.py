"""openssl's own TLS server and OCSP responder, on loopback."""

import contextlib
from collections.abc import Iterator
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
    """Run `openssl ocsp` for the intermediate; `known` are good, but for `revoked`."""
    issuer, key, index = folder / "issuer.pem", folder / "issuer.key", folder / "index.txt"
    issuer.write_bytes(intermediate().pem())
    key.write_bytes(intermediate().key_pem())
    index.write_text("".join(_entry(status, one) for status, one in known.items()))
    command = [peer("openssl"), "ocsp", "-port", str(port), "-index", str(index)]
    signer = ["-CA", str(issuer), "-rsigner", str(issuer), "-rkey", str(key)]
    with started([*command, *signer, "-nmin", "30", "-ignore_err"], port, folder, ready=b"waiting"):
        yield


def _entry(status: str, issued: Issued) -> str:
    certificate = issued.certificate
    expires = f"{certificate.not_valid_after_utc:%y%m%d%H%M%SZ}"
    revoked = f"{certificate.not_valid_before_utc:%y%m%d%H%M%SZ},keyCompromise"
    serial = f"{certificate.serial_number:X}"
    serial = "0" * (len(serial) % 2) + serial
    mark, when = ("R", revoked) if status.startswith("revoked") else ("V", "")
    return f"{mark}\t{expires}\t{when}\t{serial}\tunknown\t/CN={status}\n"
