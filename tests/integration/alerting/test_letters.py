"""Reports by mail to a real server over STARTTLS: what arrives, and what does not."""

import hashlib
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller

from monitor.domain.alert import Alert, AlertType, AttachedFile, ReportNotice
from monitor.domain.reportfiling import Gist
from monitor.fields import Context
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.notifiers.email import EmailSpec
from monitor.notifiers.email.letter import reader
from monitor.ports import Undelivered
from monitor.receivertype import ReceiverContext
from tests.certificates import NAME, leaf, write_chain, write_root
from tests.fakes import NOON
from tests.servers import free_port, server_context

pytestmark = pytest.mark.xdist_group("mail")

PDF = b"%PDF-1.7\n.\nlaporan\xff" * 5_000
READER = "kadis@makassarkota.test"


class Letterbox:
    """Keeps what it is handed."""

    def __init__(self):
        self.taken = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd calls it so
        self.taken.append((envelope.rcpt_tos, envelope.original_content or envelope.content))
        return "250 OK"


@pytest.fixture
def letterbox(tmp_path):
    chain, key = write_chain(tmp_path, "server", leaf(kind="rsa", label="mail"))
    handler = Letterbox()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=server_context(chain, key),
        require_starttls=True,
    )
    controller.start()
    handler.port, handler.root = controller.port, write_root(tmp_path)
    yield handler
    controller.stop()


@pytest.fixture
def to_reader(letterbox, tmp_path):
    keys = {
        "host": "127.0.0.1",
        "port": letterbox.port,
        "tls": "starttls",
        "server_name": NAME,
        "ca_file": str(letterbox.root),
        "from": "pantau@makassarkota.test",
        "to": ["jaga@makassarkota.test"],
    }
    context = ReceiverContext(
        network=Network(resolver=Resolver()),
        external_url="https://pantau.example",
        language="id",
        zone="Asia/Makassar",
    )
    spec = EmailSpec.model_validate(keys, context=Context(folder=tmp_path))
    return reader(spec, context, READER, tmp_path / "reports")


def filed(tmp_path, **keys):
    folder = tmp_path / "reports" / "2026-10"
    folder.mkdir(parents=True)
    (folder / "laporan-2026-10-v2.id.pdf").write_bytes(PDF)
    digest = hashlib.sha256(PDF).hexdigest()
    file = AttachedFile(name="laporan-2026-10-v2.id.pdf", sha256=digest, size=len(PDF))
    notice = ReportNotice(
        name="2026-10/laporan-2026-10-v2",
        language="id",
        version=2,
        fingerprint="0a" * 32,
        number="500.12/031",
        gist=Gist(
            subject="Oktober 2026",
            statement="Dari 3 layanan yang dijanjikan, 2 memenuhi sasaran dan 1 tidak.",
            points=("Ketersediaan terendah: Portal, 99,812 %.",),
            differences=("Portal, Waktu henti: 23 menit → 3 menit [K1]",),
        ),
        place=str(folder),
        is_correction=True,
        **(keys or {"attached": (file,)}),
    )
    return Alert(type=AlertType.REPORT_FILED, occurred_at=NOON, sequence=0, report=notice), file


async def test_a_reader_gets_the_report(to_reader, letterbox, tmp_path):
    """One message for one reader, in the report's words, with the file as it was filed; what was
    frozen holds no file, and each attempt sends the same bytes.
    """
    alert, _ = filed(tmp_path)
    body = to_reader.payload("ROW1", alert)
    for _ in range(2):
        await to_reader.notify("ROW1", body, datetime.now(UTC))

    (recipients, raw), again = letterbox.taken
    message = message_from_bytes(raw, policy=default)
    text = message.get_body(("plain",)).get_content()
    [attachment] = message.iter_attachments()
    assert len(body) < 8_192
    assert (recipients, message["To"], message["Cc"]) == ([READER], READER, None)
    assert message["Subject"] == ("Laporan Ketersediaan Layanan: Oktober 2026 (versi 2, koreksi)")
    for said in ("2 memenuhi sasaran", "99,812 %", "3 menit [K1]", "500.12/031", "0a" * 32):
        assert said in text
        assert said in message.get_body(("html",)).get_content()
    assert (attachment.get_filename(), attachment.get_content()) == (
        "laporan-2026-10-v2.id.pdf",
        PDF,
    )
    assert again == (recipients, raw)


async def test_what_was_changed_since_is_not_sent(to_reader, letterbox, tmp_path):
    """A file that is not what was filed, or is gone, goes to nobody; the reason names it."""
    alert, file = filed(tmp_path)
    path = tmp_path / "reports" / "2026-10" / file.name
    body = to_reader.payload("ROW1", alert)
    path.write_bytes(PDF + b"!")
    with pytest.raises(Undelivered, match="not what was filed") as changed:
        await to_reader.notify("ROW1", body, datetime.now(UTC))
    path.unlink()
    with pytest.raises(Undelivered, match="No such file"):
        await to_reader.notify("ROW1", body, datetime.now(UTC))

    assert (changed.value.permanent, changed.value.reason, letterbox.taken) == (
        True,
        "attachment",
        [],
    )


async def test_what_is_too_large_is_named(to_reader, letterbox, tmp_path):
    """A letter without its files says which they are, and where."""
    left = (AttachedFile(name="laporan-2026-10-v2.id.pdf", sha256="1b" * 32, size=12_900_000),)
    alert, _ = filed(tmp_path, left_out=left)
    await to_reader.notify("ROW1", to_reader.payload("ROW1", alert), datetime.now(UTC))

    [(_, raw)] = letterbox.taken
    message = message_from_bytes(raw, policy=default)
    text = message.get_body(("plain",)).get_content()
    assert "Tidak dilampirkan karena terlalu besar" in text
    assert "laporan-2026-10-v2.id.pdf (12,3 MiB)" in text
    assert list(message.iter_attachments()) == []
