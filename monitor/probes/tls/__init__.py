"""Make a TLS handshake, and look at the certificate.

```yaml
- id: portal-tls
  service: portal
  type: tls
  host: portal.example.go.id
  min_days: 21
```

The check is up when the chain is trusted, has not expired and bears the right name. It is
degraded (`expires_soon`) when the chain is good for less than `min_days` more days, and fails
below `critical_days`. All faults of a refused certificate are told at once, and its dates and
names are reported all the same. Whatever stands under `expect` fails the check; give policies
about versions and ciphers a check of their own with `affects: security`, so that they are no
downtime.

`starttls` begins in the clear and asks for TLS in the words of a protocol: `smtp`, `imap`,
`pop3`, `ftp`, `postgres`, `mysql`, `ldap`, `xmpp` or `sieve`. The port is then the protocol's own
unless it is given. A server that does not offer TLS, refuses it, or says anything more in the
clear after agreeing fails with `starttls`. MySQL and MariaDB count a visitor who does not log in
as a connection error, and block a host after `max_connect_errors` of them in a row: raise it, or
let `skip_name_resolve` turn that off.

`expect.minimum` and `expect.strong_ciphers` ask the server for older versions and for weak
ciphers, which costs up to five short connections each. A question without an answer is shown and
proves nothing.

`ocsp: responder` asks the authority named in the certificate whether it was revoked;
`ocsp: staple` looks at what the server sends along, on a second connection. Revoked is down. An
answer that does not come, is out of date or is signed by somebody else is only shown, unless
`ocsp_required` makes it degraded; a certificate that demands stapling must have it. A good answer
holds for an hour at most. The responder may lie no further inward than the target.

`on_change: degraded` tells for `change_window` of a certificate that was not seen before, with old
and new fingerprint and issuer. With `expect.issuer` a renewal by that issuer with a key that is no
weaker tells nothing.

`caa: true` looks up which authorities the DNS allows for the name; the check is degraded when the
issuer is none of them. Of an authority that Pantau does not know nothing is concluded, unless
`caa_domains` names the domains that stand for it.
"""

from monitor.checktype import CheckType, MeasurementInfo
from monitor.domain.blackbox import ADDRESS, CERTIFICATE
from monitor.probes.tls.attempt import probe
from monitor.probes.tls.spec import TlsSpec

CHECK_TYPE = CheckType(
    spec=TlsSpec,
    probe=probe,
    measurements=tuple(MeasurementInfo(*shared) for shared in (*ADDRESS, *CERTIFICATE)),
)
