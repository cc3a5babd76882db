r"""Visit an SSH server: its banner, what it offers, and the proof of its host key. Nobody logs in.

```yaml
- id: bastion-ssh
  service: jaringan
  type: ssh
  host: bastion.example.go.id
  key_type: ed25519
  expect:
    banner_matches: "OpenSSH"
    host_keys: ["SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDOzqkyu+g5X4Zzt7w"]
```

The check is up when the server sends a banner of SSH 2 and its offers, and signs a key exchange
with its host key; type, size and fingerprint of that key are among the facts, and so are all
algorithms. Where no exchange that Pantau can make is offered, the key is not learned, which only
matters to `host_keys`.

With `expect.host_keys` the key must be one of these, written as `ssh-keygen -lf` prints them or as
lines of a public key file; another key fails with `changed`. A server proves one key at a time, so
that up to two more short visits are paid where the first key is none of these: give `key_type` to
spare them. `expect.no_weak` degrades the check while the server offers what nobody should use any
more (SHA-1 in a key exchange, `ssh-rsa`, `ssh-dss`, CBC, RC4, DES, MD5, short RSA keys, the
Terrapin flaw).

OpenSSH from 9.8 on holds a second of penalty against an address for each visit without a login and
shuts it out above fifteen: an interval of 5 s or more never gets there.

Bahasa Indonesia

Pemeriksaan ini menyapa server SSH, membaca algoritma yang ditawarkannya, dan meminta bukti kunci
host; tidak ada yang masuk (login). *Gangguan* bila server tidak menyapa sebagai SSH 2, buktinya
salah, atau kunci hostnya bukan yang diharapkan. *Menurun* bila `expect.no_weak` dipasang dan server
masih menawarkan algoritma yang lemah.
"""

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS, FAILED_DUE_TO_REGEX
from monitor.domain.observation import Outcome, series
from monitor.fields import Duration, Endpoint, Host, Pattern, Port, shown
from monitor.fields.connecting import IpFamily

if TYPE_CHECKING:
    from monitor.conditions.ssh import SshConditions
    from monitor.net.resolver import Family
    from monitor.net.ssh import SshHeard
    from monitor.net.trace import Trace

_BY_REGEX = series(FAILED_DUE_TO_REGEX[0])
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}\Z")
_PUBLIC_KEY = re.compile(r"(?:ssh|ecdsa)-[a-z0-9-]+ ([A-Za-z0-9+/]{16,4096}={0,2})(?: .*)?\Z")


def _host_key(text: str) -> str:
    if _FINGERPRINT.match(text):
        return text
    match = _PUBLIC_KEY.match(text)
    if match is None or len(match[1]) % 4:
        raise ValueError(
            f"{shown(text)} is no host key: write SHA256:… as `ssh-keygen -lf` prints it, or the "
            "line of the public key"
        )
    from monitor.net.sshkex import fingerprint

    return fingerprint(b64decode(match[1]))


HostKeyText = Annotated[str, AfterValidator(_host_key)]


class SshExpectation(BaseModel):
    """What must be true of an SSH server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    banner_matches: Pattern | None = Field(
        default=None,
        description="RE2 expression that must match the banner, `SSH-2.0-OpenSSH_9.2p1 Debian-2`.",
    )
    host_keys: tuple[HostKeyText, ...] = Field(
        default=(),
        max_length=20,
        description="Fingerprints (`SHA256:…`) or public keys, of which the server must prove one.",
    )
    no_weak: bool = Field(
        default=False, description="Degraded while the server offers weak algorithms."
    )
    max_duration: Duration | None = Field(
        default=None, description="The check fails when it takes longer than this."
    )


class SshSpec(CheckSpec):
    """Fields of a check of type `ssh`."""

    host: Host = Field(description="Name or IP address to connect to.")
    port: Port = Field(default=22, description="TCP port.")
    ip: IpFamily = "any"
    key_type: Literal["any", "ed25519", "ecdsa", "rsa"] = Field(
        default="any", description="Type of host key to ask for. `any`: the best, in this order."
    )
    expect: SshExpectation = Field(
        default=SshExpectation(), description="Conditions on the server."
    )

    def target(self) -> str:
        return str(Endpoint(self.host, self.port))

    def dialled_host(self) -> str:
        return self.host


async def probe(spec: SshSpec, context: ProbeContext) -> Outcome:
    """Visit the server over one family or both."""
    from monitor.net.families import over_families

    return await over_families(spec.ip, lambda family: _attempt(spec, context, family))


async def _attempt(spec: SshSpec, context: ProbeContext, family: "Family") -> Outcome:
    from monitor.conditions.ssh import judge, wrong_banner
    from monitor.net.errors import NetError
    from monitor.net.report import facts, failed, judged, measurements
    from monitor.net.ssh import SshHeard
    from monitor.net.trace import Trace

    trace, heard, conditions = Trace(), SshHeard(), conditions_of(spec)
    error = None
    try:
        await _visit(spec, context, family, trace, heard)
        await _visit_again(spec, context, family, trace, heard)
    except NetError as raised:
        error = raised
    trace.leave()
    measured = measurements(trace)
    measured[_BY_REGEX] = float(wrong_banner(conditions, heard) is not None)
    seen = facts(trace) | _shown(heard)
    if error is not None:
        return failed(error, measured, seen)
    finding = judge(conditions, heard, trace.seconds)
    if finding is None:
        return judged(None, measured, seen)
    return judged(finding.failure, measured, seen, degraded=finding.degrades)


async def _visit(
    spec: SshSpec, context: ProbeContext, family: "Family", trace: "Trace", heard: "SshHeard"
) -> None:
    """Make the visit, once."""
    from monitor.net.ssh import converse

    stream = await context.network.connect(
        spec.host, spec.port, deadline=context.deadline, trace=trace, family=family
    )
    try:
        await converse(stream, trace, heard, spec.key_type)
    finally:
        stream.finish()


async def _visit_again(
    spec: SshSpec, context: ProbeContext, family: "Family", trace: "Trace", heard: "SshHeard"
) -> None:
    """Ask for the server's other keys, until one is expected."""
    from monitor.net.ssh import SshHeard, other_types

    expected = spec.expect.host_keys
    if not expected or spec.key_type != "any":
        return
    if heard.host_key is not None and heard.host_key.fingerprint in expected:
        return
    for kind in other_types(heard):
        again = SshHeard()
        await _visit(spec.model_copy(update={"key_type": kind}), context, family, trace, again)
        if again.host_key is not None and again.host_key.fingerprint in expected:
            heard.host_key = again.host_key
            return


def conditions_of(spec: SshSpec) -> "SshConditions":
    """Return what is expected of the server."""
    from monitor.conditions.ssh import SshConditions

    expect = spec.expect
    longest = expect.max_duration
    return SshConditions(
        banner_matches=expect.banner_matches,
        host_keys=expect.host_keys,
        no_weak=expect.no_weak,
        max_seconds=None if longest is None else longest.total_seconds(),
    )


def _shown(heard: "SshHeard") -> dict[str, object]:
    """Return as facts what was heard."""
    from monitor.conditions.ssh import offered, weak

    found: dict[str, object] = {}
    if heard.banner:
        found["banner"] = heard.banner
    key = heard.host_key
    if key is not None:
        found["host_key"] = {"type": key.type, "bits": key.bits, "fingerprint": key.fingerprint}
    elif heard.no_key:
        found["host_key"] = heard.no_key
    if heard.offers is not None:
        found["offers"] = offered(heard.offers)
        found["weak"] = list(weak(heard)) or "nothing"
    return found


CHECK_TYPE = CheckType(
    spec=SshSpec,
    probe=probe,
    measurements=tuple(MeasurementInfo(*shared) for shared in (*ADDRESS, FAILED_DUE_TO_REGEX)),
)
