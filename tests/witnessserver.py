"""A witness of one log, on loopback: it checks what c2sp.org/tlog-witness has it check."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.note import NoteError, Verifier, parse
from monitor.ledger.tree import EMPTY_ROOT, is_consistent
from tests.unit.ledger.witnesses import FakeWitness


class WitnessServer:
    """What it knows of the log, and every answer that it gave."""

    def __init__(self, log_key: Verifier | None) -> None:
        self.key = FakeWitness("witness.example/w1", bytes(range(32)))
        self.log_key = log_key
        self.size, self.root = 0, EMPTY_ROOT
        self.statuses: list[int] = []
        self.url = ""
        self._lock = Lock()

    def answer(self, body: bytes) -> tuple[int, str]:
        """Return the status and the text of the answer to add-checkpoint."""
        with self._lock:
            status, text = self._judged(body.decode())
            self.statuses.append(status)
            return status, text

    def _judged(self, body: str) -> tuple[int, str]:
        above, _, note = body.partition("\n\n")
        first, *hashes = above.split("\n")
        old = int(first.removeprefix("old "))
        try:
            found = parse(note.encode())
            point = Checkpoint.parse(found.text)
            if self.log_key is not None and not found.signers([self.log_key]):
                return 403, ""
        except NoteError:
            return 403, ""
        if old > point.size:
            return 400, ""
        if old != self.size:
            return 409, f"{self.size}\n"
        proof = [base64.b64decode(each) for each in hashes]
        if not is_consistent(old, self.root, point.size, point.root, proof):
            return (409, f"{self.size}\n") if old == point.size else (422, "")
        self.size, self.root = point.size, point.root
        return 200, self.key.line(found.text, at=1_780_000_000)


@contextmanager
def witness_server(log_key: Verifier | None = None) -> Iterator[WitnessServer]:
    """Run a witness of the log of `log_key`; without one it believes any signature."""
    witness = WitnessServer(log_key)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known = self.path == "/add-checkpoint"
            status, text = witness.answer(body) if known else (404, "")
            self.send_response(status)
            kind = "text/x.tlog.size" if status == 409 else "text/plain"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    witness.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield witness
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
