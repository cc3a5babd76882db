"""The daemon sends the reports that it files to their readers, once each."""

import json
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from aiosmtpd.controller import Controller

from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.certificates import NAME, leaf, write_chain, write_root
from tests.daemon import eventually, http_check, services
from tests.flippable import Flippable
from tests.servers import free_port, server_context

READERS = ("kadis@makassarkota.test", "apip@makassarkota.test")


class Letterbox:
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], bytes]] = []

    async def handle_DATA(self, _server, _session, envelope):  # type: ignore[no-untyped-def]  # noqa: N802  aiosmtpd calls it so
        self.taken.append((list(envelope.rcpt_tos), envelope.content))
        return "250 OK"


def test_readers_get_a_filed_report_once(hire: Hire, targets: Flippable, tmp_path: Path) -> None:
    """A report that was filed while no mail server answered reaches each reader once, by a message
    of their own, though the daemon was killed meanwhile; its filing is in the ledger.
    """
    chain, key = write_chain(tmp_path, "server", leaf(kind="rsa", label="mail"))
    port, box = free_port(), Letterbox()
    daemon = hire()
    folder = daemon.site.folder
    daemon.site.write(services(["satu"]), [http_check("satu", targets.url("satu"))], interval="1s")
    surel = {
        "name": "surel",
        "type": "email",
        "host": "127.0.0.1",
        "port": port,
        "tls": "starttls",
        "server_name": NAME,
        "ca_file": str(write_root(tmp_path)),
        "from": "pantau@makassarkota.test",
        "to": ["jaga@makassarkota.test"],
    }
    alerts = folder / "config" / "alerts.yaml"
    alerts.write_text(json.dumps({"version": 1, "receivers": [surel]}))
    mail = {"through": "surel", "to": list(READERS), "attach": ["html"]}
    entry = {"period": "month", "formats": ["html"], "mail": mail}
    (folder / "config" / "report.yaml").write_text(json.dumps({"schedule": [entry]}))
    daemon.start()
    month = f"{datetime.now(UTC).year - 1}-01"
    filed = pantau(folder, "report", "file", "--month", month, "--format", "html")
    daemon.kill()
    daemon.start()
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=port,
        tls_context=server_context(chain, key),
        require_starttls=True,
    )
    controller.start()
    try:
        eventually(lambda: len(box.taken) >= len(READERS), 45, "both readers have it")
    finally:
        controller.stop()

    assert filed.returncode == 0, filed.stderr
    assert sorted(to for [to], _ in box.taken) == sorted(READERS)
    for [to], raw in box.taken:
        message = message_from_bytes(raw, policy=default)
        [page] = message.iter_attachments()
        name = f"laporan-{month}-v1.id.html"
        kept = daemon.site.data / "reports" / month / name
        assert (message["To"], page.get_filename()) == (to, name)
        assert page.get_payload(decode=True) == kept.read_bytes()
