"""Walk through a web application: several requests that share cookies and values.

```yaml
- id: perizinan-login
  service: perizinan
  type: journey
  base_url: https://perizinan.example.go.id
  secrets:
    user: {file: /etc/pantau/perizinan.user}
    password: {file: /etc/pantau/perizinan.password}
  steps:
    - name: form
      path: /login
      extract:
        csrf: {input: csrf_token}
    - name: login
      path: /login
      form: {user: "${secret.user}", password: "${secret.password}", csrf_token: "${csrf}"}
      expect: {body_contains: Selamat datang}
    - name: permohonan
      path: /api/permohonan
      expect:
        json: {"$.status": ok}
      degraded_over: 3s
    - name: logout
      path: /logout
      form: {csrf_token: "${csrf}"}
      always_run: true
```

Steps run in their order, each on a fresh connection; the first that fails ends the journey, and the
rest is skipped but for `always_run`, which logs out also after a failure. All of it has one
deadline, the check's `timeout`. What a step may expect is what a check of type `http` may.

The failure names the step: `step 2 (login): status: 403, expected 200-299`. Its kind is that of
what went wrong, so that alerts, routes and the first thing to do are the same as for a check of
type `http`; it is `step` where a value is not in the answer, or can't be used. The first step that
failed speaks. A step degrades the check when it takes longer than its `degraded_over`, or by
`expect.min_days`.

`${name}` stands for a value that a step before took out of its answer by `extract`, and
`${secret.name}` for one under `secrets`; `$${` is `${` itself. They stand in `url`, `path`,
`headers`, `form`, `json` and `body`. In URLs they are percent-encoded, in forms and JSON written as
those need it. A value has at most 4 KB on one line, a journey at most 20 values and 20 steps. A
`path` that is one `${name}` and nothing else is a URL that a page gave (`action`, or a link by
`regex`); it must lead to a server that the check names: by `base_url`, by the `url` of a step, or
under `origins`. Forms are looked for in the first 512 KB of a page.

Cookies go back to the scheme, host and port that set them, and to no other. Secrets, extracted
values and cookies are never shown, whatever the application sends back and however it encodes them;
only secrets under four characters, and values and cookies under eight, can't be told from other
text.

Applications that look at `Referer` or `Origin` (Django over https does) need it under `headers`.

Bahasa Indonesia

Pemeriksaan ini menelusuri aplikasi web langkah demi langkah, misalnya membuka formulir, masuk,
membuka satu halaman, lalu keluar; kuki dan nilai seperti token CSRF dibawa dari langkah ke langkah,
dan kata sandi tidak pernah ditampilkan. Statusnya *Gangguan* bila satu langkah gagal, dan pesan
menyebut langkah itu; langkah sesudahnya dilewati, kecuali yang bertanda `always_run`. Statusnya
*Menurun* bila satu langkah lebih lama dari `degraded_over`, atau sertifikatnya berlaku kurang dari
`expect.min_days`.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from monitor.checktype import CheckSpec
from monitor.fields import Secret, Size, Url
from monitor.fields.connecting import CaFile, ClientCertFile, ClientKeyFile, MinTls, client_faults
from monitor.probes.journey.combinations import (
    MOST_VALUES,
    journey_faults,
    step_faults,
    step_references,
)
from monitor.probes.journey.keys import Step
from monitor.probes.journey.template import OF_SECRETS, Anything, ValueName, filled

if TYPE_CHECKING:
    from monitor.net.tls import TlsSettings
    from monitor.net.urls import Origin

_MOST_STEPS = 20


def _sound(step: Step) -> Step:
    fault = next(step_faults(step), None)
    if fault is not None:
        raise ValueError(fault)
    return step


class JourneySpec(CheckSpec):
    """Fields of a check of type `journey`."""

    base_url: Url | None = Field(
        default=None, description="http or https URL that stands before every `path`."
    )
    steps: tuple[Annotated[Step, AfterValidator(_sound)], ...] = Field(
        max_length=_MOST_STEPS,
        description="What is asked for, in this order.",
        # As a rule of its own it would also complain where the only step is no valid one.
        json_schema_extra={"minItems": 1},
    )
    secrets: dict[ValueName, Secret] = Field(
        default={},
        max_length=MOST_VALUES,
        description="Secrets by name, for `${secret.name}` in steps.",
    )
    origins: tuple[Url, ...] = Field(
        default=(),
        max_length=20,
        description="Further servers that a URL out of a page may lead to, such as a sign-on "
        "that the application hands over to.",
    )
    max_redirects: int = Field(
        default=5, ge=1, le=20, description="A step fails when there are more redirects."
    )
    allow_downgrade: bool = Field(
        default=False, description="Let a redirect lead from https to http."
    )
    http2: bool = Field(
        default=False, description="Offer HTTP/2 over TLS; the target chooses (ALPN)."
    )
    ca_file: CaFile = None
    client_cert_file: ClientCertFile = None
    client_key_file: ClientKeyFile = None
    min_tls: MinTls = "TLS1.2"
    insecure: bool = Field(
        default=False, description="Do not verify certificates. Shown in every output."
    )
    max_body: Size = Field(
        default=1_048_576, description="A step fails when its decoded body is larger."
    )
    ip: Literal["any", "ip4", "ip6", "both"] = Field(
        default="any", description="Address family to use; `both`: the journey must pass over each."
    )

    def faults(self) -> Iterator[str]:
        if self.base_url is not None and "?" in self.base_url:
            yield "base_url: it has no query: a path follows it"
        yield from client_faults(self.client_cert_file, self.client_key_file)
        has_base = self.base_url is not None
        yield from journey_faults(self.steps, frozenset(self.secrets), has_base=has_base)

    def target(self) -> str:
        return (self.base_url or self.url_of(self.steps[0])).partition("?")[0]

    def dialled_host(self) -> str | None:
        return urlsplit(self.url_of(self.steps[0])).hostname

    def warnings(self) -> tuple[str, ...]:
        found = []
        if self.insecure:
            found.append("insecure: certificates are not verified")
        used = {name for step in self.steps for name in step_references(step)}
        found += [
            f"secrets.{name}: no step uses it"
            for name in self.secrets
            if OF_SECRETS + name not in used
        ]
        for step in self.steps:
            told = any(name.startswith(OF_SECRETS) for name in step_references(step))
            if told and self.url_of(step).startswith("http:"):
                found.append(f"step {step.name}: a secret is sent in the clear, over http")
        return tuple(found)

    def url_of(self, step: Step) -> str:
        """Return the URL of a step as it is written, with `${…}` in it.

        A path that is one value leads anywhere; the base speaks for it.
        """
        if step.url is not None:
            return step.url
        path, base = step.path or "", self.base_url or ""
        return base.removesuffix("/") + path if path.startswith("/") else base

    @cached_property
    def named(self) -> "frozenset[Origin]":
        """The servers that the check names."""
        from monitor.net.urls import parse_target

        urls = (*filter(None, (self.base_url, *(step.url for step in self.steps))), *self.origins)
        return frozenset(parse_target(filled(url, Anything())).origin for url in urls)

    @cached_property
    def tls(self) -> "TlsSettings":
        """How TLS is spoken."""
        from monitor.net.tls import TlsSettings

        return TlsSettings(
            ca_file=self.ca_file,
            client_cert_file=self.client_cert_file,
            client_key_file=self.client_key_file,
            min_tls=self.min_tls,
            insecure=self.insecure,
            alpn=("http/1.1",),
        )
