"""Visit a PostgreSQL server or its pooler: does it answer, let you in, and answer a query?

```yaml
- id: simda-db
  service: keuangan
  type: postgres
  host: db.example.go.id
  tls: starttls
  database: simda
  login: {username: pantau, password: {file: simda.key}}
  query: "SELECT count(*) FROM antrean WHERE status = 'menunggu'"
  expect: {role: primary, value_max: 500}
```

Without `login` the check is up as soon as the server answers a stranger as PostgreSQL does: it asks
for a proof, or says that he may not come in. Where `pg_hba.conf` turns him away at once the server
logs that, each time: give a `login`, or a line of `pg_hba.conf` that asks strangers for a password.
A server that starts, stops or recovers (`57P03 cannot_connect_now`), that has no connection left
(`53300 too_many_connections`), or that can serve nobody for another reason fails with `status`, in
its own words.

`tls: starttls` asks for TLS first, `tls: implicit` begins with it (from PostgreSQL 17 on). A
refused login fails with `status`. The password is used over TLS that was verified, and in no other
way unless `insecure_login` allows it. Passwords in the clear, MD5 and SCRAM-SHA-256 are spoken, the
last bound to the certificate and with the server's own proof verified; where the server asks for
none (`trust`) the password stays unsaid.

`query` is one statement, run in a read-only transaction that ends before the check's time is up.
Its first column of the first row is held against `value`, `value_matches`, `value_min` and
`value_max`, its number of rows against `rows`; what is not so fails with `answer`. Nothing is
changed that outlives the transaction, so that a pooler may stand in between. The server itself
counts better than Pantau: an answer of over 16 KB fails with `too_large`. `expect.role` asks
whether the server is recovering, as replicas always are.

What a query returns is shown nowhere, be it as expected or not; but where it is a number, that is
measured (`pantau_query_value`) and told: select counts and ages, not people. Give an account that
may read only what the query needs.

Bahasa Indonesia

Pemeriksaan ini menyapa server PostgreSQL; bila diberi `login` ia masuk, dan bila diberi `query` ia
menjalankan satu perintah dalam transaksi yang hanya membaca. *Gangguan* bila server tidak menjawab
sebagai PostgreSQL, sedang mulai, berhenti atau pulih, kehabisan koneksi, menolak akun, perannya
(`primary` atau `replica`) bukan yang diharapkan, atau hasil `query` tidak sesuai. Isi hasil `query`
tidak ditampilkan di mana pun, kecuali angka. *Menurun* bila sertifikat habis masa berlakunya dalam
`min_days` hari.
"""

from typing import ClassVar

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS, CERTIFICATE
from monitor.domain.observation import Outcome
from monitor.fields.sqlkeys import QUERY, SqlKeys


class PostgresSpec(SqlKeys, CheckSpec):
    """Fields of a check of type `postgres`."""

    protocol: ClassVar[str] = "postgres"
    ports: ClassVar[tuple[int, int]] = (5432, 5432)


async def probe(spec: PostgresSpec, context: ProbeContext) -> Outcome:
    """Visit the server over one family or both."""
    from monitor.conditions.sqlattempt import visit_sql
    from monitor.net.postgres import Postgres

    return await visit_sql(
        context.network,
        spec,
        Postgres,
        "postgresql",
        deadline=context.deadline,
        now=context.now,
    )


CHECK_TYPE = CheckType(
    spec=PostgresSpec,
    probe=probe,
    measurements=tuple(MeasurementInfo(*shared) for shared in (*ADDRESS, *CERTIFICATE, *QUERY)),
)
