"""Visit a MySQL or MariaDB server: does it answer, let you in, and answer a query?

```yaml
- id: sipd-db
  service: keuangan
  type: mysql
  host: db.example.go.id
  tls: starttls
  login: {username: pantau, password: {file: sipd.key}}
  query: "SELECT count(*) FROM sipd.antrean WHERE status = 'menunggu'"
  expect: {role: primary, value_max: 500}
```

Without `login` the check is up as soon as the server greets and answers a stranger, who comes as
`pantau` without a password, with a refusal. So the visit is complete: one that ends at the
greeting, as that of a `tcp` check does, counts against Pantau's address, and after
`max_connect_errors` of them, 100 by default, a server that looks up names shuts that address out
(error 1129). A refused stranger does not count, but stands in the server's log: give a `login`
where that disturbs. A certificate that Pantau refuses ends the visit too early by its nature; a
login that succeeds sets the count back.

A server without a free connection (1040), that shuts Pantau out (1129) or does not know its address
(1130), or that can serve nobody for another reason, fails with `status`, in its own words. A
greeting that is none fails with `banner`.

`tls: starttls` goes over to TLS behind the greeting. A refused login fails with `status`. The
password is used over TLS that was verified, and in no other way unless `insecure_login` allows it.
The methods `mysql_native_password` and `caching_sha2_password` are spoken, the second without TLS
only while the server remembers the password; others, such as `client_ed25519`, fail and say so.

`query` is one statement, run in a session that writes nothing and ends it before the check's time
is up (of MySQL's statements only a `SELECT` can be ended so). Its first column of the first row is
held against `value`, `value_matches`, `value_min` and `value_max`, its number of rows against
`rows`; what is not so fails with `answer`. An answer of over 16 KB fails with `too_large`.
`expect.role` looks at the server's `read_only`: a replica is to have it on, a primary off.

What a query returns is shown nowhere, be it as expected or not; but where it is a number, that is
measured (`pantau_query_value`) and told: select counts and ages, not people. Give an account that
may read only what the query needs.

Bahasa Indonesia

Pemeriksaan ini menyapa server MySQL atau MariaDB; bila diberi `login` ia masuk, dan bila diberi
`query` ia menjalankan satu perintah dalam sesi yang hanya membaca. *Gangguan* bila server
tidak menyapa dengan benar, kehabisan koneksi, memblokir alamat Pantau, menolak akun, perannya
(`primary` atau `replica`) bukan yang diharapkan, atau hasil `query` tidak sesuai. Isi hasil `query`
tidak ditampilkan di mana pun, kecuali angka. *Menurun* bila sertifikat habis masa berlakunya dalam
`min_days` hari.
"""

from typing import ClassVar, Literal

from pydantic import Field

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS, CERTIFICATE
from monitor.domain.observation import Outcome
from monitor.fields.sqlkeys import QUERY, SqlKeys


class MysqlSpec(SqlKeys, CheckSpec):
    """Fields of a check of type `mysql`."""

    protocol: ClassVar[str] = "mysql"
    ports: ClassVar[tuple[int, int]] = (3306, 3306)

    tls: Literal["none", "starttls"] | None = Field(
        default=None,
        description="`starttls`: TLS is asked for behind the greeting, and must be there. "
        "`none`, the default: everything stays in the clear.",
    )


async def probe(spec: MysqlSpec, context: ProbeContext) -> Outcome:
    """Visit the server over one family or both."""
    from monitor.conditions.sqlattempt import visit_sql
    from monitor.net.mysql import MySql

    return await visit_sql(context.network, spec, MySql, deadline=context.deadline, now=context.now)


CHECK_TYPE = CheckType(
    spec=MysqlSpec,
    probe=probe,
    measurements=tuple(MeasurementInfo(*shared) for shared in (*ADDRESS, *CERTIFICATE, *QUERY)),
)
