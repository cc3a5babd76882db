r"""Visit an IMAP server: greeting, what it offers, TLS, and a login if you give one.

```yaml
- id: mail-imap
  service: email
  type: imap
  host: mail.example.go.id
  login: {username: pantau@example.go.id, password: {file: imap.key}}
  expect: {offers: [IDLE], banner_matches: "Dovecot"}
```

TLS comes first, on port 993, unless `tls` or the port says otherwise: with `tls: starttls`, or any
other port, the visit begins in the clear and STARTTLS must be offered and lead to TLS. The
certificate must be trusted and bear the host's name. The check is degraded (`expires_soon`) when
the chain is good for less than `min_days` more days, and fails below `critical_days`.

A greeting that is none, or does not match, fails with `banner`, and so does a word under
`expect.offers` that the server does not list. A refused login fails with `status`. The password is
sent over TLS that was verified, and in no other way unless `insecure_login` allows it; no mailbox
is opened. `expect.no_clear_login` demands that before TLS nobody is invited to send a password
(`LOGINDISABLED`, no `AUTH=PLAIN`): give it a check of its own with `affects: security`.

Bahasa Indonesia

Pemeriksaan ini menyapa server IMAP, membaca kemampuannya, beralih ke TLS, dan bila diminta masuk
dengan akun lalu keluar lagi; tidak ada kotak surat yang dibuka. *Gangguan* bila server tidak
menyapa dengan benar, TLS atau sertifikatnya salah, kemampuan yang diharapkan tidak ada, atau
akun ditolak. *Menurun* bila sertifikat habis masa berlakunya dalam `min_days` hari.
"""

from typing import ClassVar, Literal

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS, CERTIFICATE, FAILED_DUE_TO_REGEX
from monitor.domain.observation import Outcome
from monitor.fields.mailkeys import MailKeys


class ImapSpec(MailKeys, CheckSpec):
    """Fields of a check of type `imap`."""

    protocol: ClassVar[Literal["smtp", "imap", "pop3"]] = "imap"


async def probe(spec: ImapSpec, context: ProbeContext) -> Outcome:
    """Visit the server over one family or both."""
    from monitor.conditions.mailattempt import reading, visit
    from monitor.net.mailimap import Imap

    return await visit(
        context.network,
        reading(spec, Imap),
        spec.ip,
        deadline=context.deadline,
        now=context.now,
    )


CHECK_TYPE = CheckType(
    spec=ImapSpec,
    probe=probe,
    measurements=tuple(
        MeasurementInfo(*shared) for shared in (*ADDRESS, *CERTIFICATE, FAILED_DUE_TO_REGEX)
    ),
)
