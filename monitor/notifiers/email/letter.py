"""Letters: reports by mail, each to one reader, by the settings of a mail receiver.

What is frozen of a letter are its words, and the names and hashes of the files that go with it.
The files themselves are read and verified when it is sent, so that no database holds them.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from time import monotonic
from typing import Any

from monitor.domain.alert import Alert
from monitor.locales.messages_native import Wording
from monitor.locales.messages_report import report_page, report_subject, report_text
from monitor.notifiers.email import (
    EmailSpec,
    Submit,
    message_id,
    subject_line,
    submitted,
    undelivered,
)
from monitor.ports import Undelivered
from monitor.receivertype import ReceiverContext
from monitor.receivertype.services import wording_of

# A large file over a slow line: nobody waits for a report as for an alarm.
ATTEMPT_SECONDS = 120.0

_TYPES: Mapping[str, tuple[str, str]] = {
    ".pdf": ("application", "pdf"),
    ".html": ("text", "html"),
    ".json": ("application", "json"),
    ".csv": ("text", "csv"),
    ".xlsx": (
        "application",
        "vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}


@dataclass(frozen=True, slots=True)
class Reader:
    """One who gets reports by mail. Two are equal when they would send the same.

    `root` is the folder of filed reports. Implements `ports.Correspondent`.
    """

    spec: EmailSpec
    address: str
    root: Path
    wording: Wording
    context: ReceiverContext = field(compare=False, repr=False)
    monotonic: Callable[[], float] = field(default=monotonic, compare=False, repr=False)
    submit: Submit = field(default=submitted, compare=False, repr=False)
    attempt_seconds: float = ATTEMPT_SECONDS

    def payload(self, row_id: str, alert: Alert) -> bytes:
        """Return the words of the letter, and which files go with it, as JSON."""
        notice = alert.report
        if notice is None:
            raise ValueError(f"{alert.type} is nothing for readers of reports")
        folder = notice.name.partition("/")[0]
        letter = {
            "id": row_id,
            "subject": subject_line(report_subject(notice)),
            "date": format_datetime(alert.occurred_at.astimezone(self.wording.zone)),
            "language": notice.language,
            "text": report_text(notice),
            "page": report_page(notice),
            "files": [
                {"path": f"{folder}/{each.name}", "sha256": each.sha256} for each in notice.attached
            ],
        }
        return json.dumps(letter, ensure_ascii=False).encode()

    async def notify(self, row_id: str, body: bytes, now: datetime) -> None:  # noqa: ARG002  no answer names a time
        """Hand the letter over once, with its files; raise Undelivered where that fails."""
        deadline = self.monotonic() + self.attempt_seconds
        message = await asyncio.to_thread(self._message, json.loads(body))
        to = [self.address]
        handover = await self.submit(self.spec, self.context, message, to, deadline)
        if (refusal := undelivered(handover)) is not None:
            raise refusal

    def _message(self, letter: Mapping[str, Any]) -> bytes:
        files = [(each["path"], self._verified(each)) for each in letter["files"]]
        return message_of(letter, files, self.spec.sender, self.address)

    def _verified(self, file: Mapping[str, str]) -> bytes:
        path = self.root / file["path"]
        try:
            body = path.read_bytes()
        except OSError as error:
            raise _unattached(f"{path}: {error.strerror}") from None
        if hashlib.sha256(body).hexdigest() != file["sha256"]:
            raise _unattached(f"{path}: it is not what was filed: its SHA-256 is another one")
        return body


def _unattached(detail: str) -> Undelivered:
    return Undelivered(detail, reason="attachment", permanent=True)


def message_of(
    letter: Mapping[str, Any], files: list[tuple[str, bytes]], sender: str, to: str
) -> bytes:
    """Return the whole message (RFC 5322), 7-bit text. The same arguments give the same bytes."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Pantau", addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = letter["subject"]
    message["Date"] = letter["date"]
    message["Message-ID"] = message_id(letter["id"], sender)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter["text"], cte="quoted-printable")
    message.add_alternative(letter["page"], subtype="html", cte="quoted-printable")
    # No line of quoted-printable or base64 holds "=_" (RFC 2045, 6.7 and 6.8).
    message.set_boundary(f"=_a{letter['id']}")
    for path, body in files:
        name = Path(path).name
        maintype, subtype = _TYPES.get(Path(path).suffix, ("application", "octet-stream"))
        message.add_attachment(body, maintype=maintype, subtype=subtype, filename=name)
    if files:
        message.set_boundary(f"=_b{letter['id']}")
    message["Content-Language"] = letter["language"]
    return message.as_bytes()


def reader(spec: EmailSpec, context: ReceiverContext, address: str, root: Path) -> Reader:
    """Return who gets reports at `address`, sent as the receiver with `spec` sends."""
    return Reader(
        spec=spec, address=address, root=root, wording=wording_of(context), context=context
    )
