"""Fetch a URL and look at the answer.

```yaml
- id: portal-http
  service: portal
  type: http
  url: https://portal.example.go.id/
  expect:
    status: [200-299]
    body_contains: Makassar
    headers: {content-type: "^text/html"}
    max_duration: 5s
    min_days: 21
```

Every check opens a fresh connection; nothing is kept from an earlier one. Conditions are tried in
this order, and the first that does not hold is told, with the actual value: `status`, `headers`,
a whole body, `body_…`, `cel`, `json`, `max_duration`, `max_age`, `http_versions`, `tls`; then
`min_days`, which only degrades.

Redirects are followed, at most `max_redirects`: from https to http only with `allow_downgrade`,
and never to a more inner kind of address (from public to private, from private to loopback). When
scheme, host or port change, credentials, own headers, cookies, the body and the client certificate
stay behind. No `Accept-Encoding` is sent unless `compression` or `headers` has one; an encoded
answer is decoded (gzip, br, deflate; any other coding fails a check that looks at the body). With
`compression` the body must be in just that coding.

HTTP/1.1 is spoken unless `http2` offers the newer version, which a target may decline, or `http3`
asks for HTTP/3 and nothing else (`pip install 'pantau[http3]'`). Through a `proxy` the proxy looks
up the name of the target; https goes through it in a tunnel (CONNECT). A token by `oauth2` is asked
for once and kept until shortly before it expires.

Secrets, the query of the URL, and what stands under a name that tells a secret (`X-Api-Key`, a
parameter `token`) are never shown, whatever the target sends back and however it encodes them; only
those under four characters can't be told from other text.

`json` takes JSONPath (RFC 9535): every value that a path selects must equal the expected one, and
there must be one at least. Not offered are `match()` and `search()`, several selectors in one pair
of brackets, and more than one of `..` and `?` in a path.

`cel` takes the Common Expression Language (`pip install 'pantau[cel]'`), such as
`body.status == "UP" && body.queues.all(q, q.waiting < 100)`. Numbers of the document are doubles;
bytes, messages and extensions are not offered, documents over 256 KB are refused, and so is what
takes too many steps.

Bahasa Indonesia

Pemeriksaan ini membuka sebuah alamat web dan menilai jawabannya: kode status, header, isi halaman,
JSON, lamanya, versi HTTP, dan sertifikat. Statusnya *Gangguan* bila tidak ada jawaban yang utuh
atau satu syarat di `expect` tidak terpenuhi; pesan menyebut nilai yang diterima. Statusnya
*Menurun* bila jawabannya lebih lama dari `degraded_over`, atau sertifikatnya berlaku kurang dari
`expect.min_days` hari. Pengalihan diikuti, tetapi kata sandi, token, kuki, dan header sendiri tidak
ikut ke server lain. Yang rahasia tidak pernah ditampilkan.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.fields import Secret
from monitor.probes.http import combinations
from monitor.probes.http.keys import HttpKeys

if TYPE_CHECKING:
    from monitor.net.fetch import Request
    from monitor.net.resolver import Family


class HttpSpec(HttpKeys):
    """Fields of a check of type `http`."""

    def faults(self) -> Iterator[str]:
        return combinations.faults(self)

    def target(self) -> str:
        return self.url.partition("?")[0]

    def probed(self) -> tuple[str, ...]:
        return (self.url,)

    def dialled_host(self) -> str | None:
        return self.resolve_to or urlsplit(self.proxy or self.url).hostname

    def warnings(self) -> tuple[str, ...]:
        found = []
        if self.insecure:
            found.append("insecure: the certificate is not verified")
        if self.url.startswith("http:") and (self.basic_auth or self.bearer or self.oauth2):
            found.append("credentials are sent in the clear, over http")
        if self.oauth2 is not None and self.oauth2.token_url.startswith("http:"):
            found.append("oauth2: the client's secret is sent in the clear, over http")
        return tuple(found)

    @cached_property
    def varies(self) -> bool:
        """Whether a request holds something that may change while the daemon runs."""
        values = (
            *self.headers.values(),
            *self.cookies.values(),
            *self.proxy_headers.values(),
        )
        return (
            self.basic_auth is not None
            or self.bearer is not None
            or self.oauth2 is not None
            or self.proxy_auth is not None
            or self.body_file is not None
            or self.cache_busting is not None
            or any(isinstance(value, Secret) for value in values)
        )

    @cached_property
    def requests(self) -> "dict[Family, Request]":
        """The request as made for each family before, where it does not vary."""
        return {}
