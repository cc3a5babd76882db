"""gRPC targets: the answer goes by the name of the service that is asked for."""

import ssl
from contextlib import ExitStack
from pathlib import Path

from tests.conformance import ports
from tests.grpcservers import Answer, Call, grpc_server, refused

_ANSWERS = {
    "": Answer(),
    "kota.Izin": Answer(),
    "kota.Tutup": Answer(b"\x08\x02"),
    "kota.Baru": Answer(b""),
    "kota.Lain": Answer(b"\x08\x03"),
    "kota.Rahasia": refused(16, "siapa%20anda"),
    "kota.Lama": refused(12),
}


def _answer(call: Call) -> Answer:
    service = call.service if call.body[5:] else ""
    if service == "kota.Kunci":
        return Answer() if call.fields.get("x-kunci") == "rahasia" else refused(16)
    return _ANSWERS.get(service) or refused(5, "unknown service")


def start_grpc(folder: Path, stack: ExitStack) -> None:
    """Start the servers; they end with `stack`."""
    stack.enter_context(grpc_server(_answer, port=ports.GRPC))
    stack.enter_context(grpc_server(_answer, host="::1", port=ports.GRPC))
    for port, name in ((ports.GRPC_TLS, "good"), (ports.GRPC_TLS_EXPIRED, "expired")):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
        tls.set_alpn_protocols(["h2"])
        stack.enter_context(grpc_server(_answer, tls, port=port))
