"""What a trace says, as measurements and as facts for people."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from weakref import ref

from monitor.domain.observation import Failure, Outcome, OutcomeStatus, Series, series
from monitor.domain.text import visible_text
from monitor.net.addresshash import address_hash
from monitor.net.certificates import Certificate, Chain
from monitor.net.chainorder import chain_order
from monitor.net.derived import derived_once
from monitor.net.errors import NetError
from monitor.net.tls import TlsFacts
from monitor.net.trace import Phase, Trace

_LABEL_BYTES = 256
_SHOWN_NAMES = 100
_SHOWN_CHAIN = 10

_LOOKUP = series("probe_dns_lookup_time_seconds")
_PROTOCOL = series("probe_ip_protocol")
_ADDRESS = series("probe_ip_addr_hash")
_EARLIEST = series("probe_ssl_earliest_cert_expiry")
_VERIFIED = series("probe_ssl_last_chain_expiry_timestamp_seconds")


def measurements(trace: Trace) -> dict[Series, float]:
    """Return what every connection measures: name, address and, over TLS, the certificate."""
    found: dict[Series, float] = {_LOOKUP: trace.phases.get(Phase.RESOLVE, 0.0)}
    if trace.address is None:
        found[_PROTOCOL] = 0.0
    else:
        found[_PROTOCOL] = 6.0 if ":" in trace.address else 4.0
        found[_ADDRESS] = _hash(trace.address)
    if trace.tls is not None:
        _add_certificate(found, trace.tls)
    return found


def _add_certificate(found: dict[Series, float], tls: TlsFacts) -> None:
    leaf = tls.chain.leaf
    if leaf is not None:
        found[_EARLIEST] = min(one.not_after for one in tls.chain.certificates)
        found[_chain_info(leaf)] = 1.0
    if tls.verified_expiry is not None:
        found[_VERIFIED] = tls.verified_expiry
    if tls.version is not None:
        found[_version_info(tls.version)] = 1.0
    if tls.cipher is not None:
        found[_cipher_info(tls.cipher)] = 1.0


@lru_cache(maxsize=4096)
def _hash(address: str) -> float:
    return float(address_hash(address))


@derived_once
def _chain_info(leaf: Certificate) -> Series:
    return series(
        "probe_ssl_last_chain_info",
        fingerprint_sha256=leaf.fingerprint,
        subject=visible_text(leaf.subject, _LABEL_BYTES),
        issuer=visible_text(leaf.issuer, _LABEL_BYTES),
        subjectalternative=visible_text(",".join(leaf.names), _LABEL_BYTES),
        serialnumber=visible_text(leaf.serial, _LABEL_BYTES),
    )


@lru_cache(maxsize=16)
def _version_info(version: str) -> Series:
    number = version.removeprefix("TLSv")
    return series("probe_tls_version_info", version=f"TLS {number if '.' in number else '1.0'}")


@lru_cache(maxsize=128)
def _cipher_info(cipher: str) -> Series:
    return series("probe_tls_cipher_info", cipher=cipher)


def facts(trace: Trace, *, insecure: bool = False) -> dict[str, Any]:
    """Return what was seen, as JSON values: address, phases, TLS and certificates.

    `insecure` adds that nothing was verified.
    """
    found: dict[str, Any] = {}
    if trace.address is not None:
        found["address"] = trace.address
    found["phases"] = {phase.value: seconds for phase, seconds in trace.phases.items()}
    tls = trace.tls
    if tls is None:
        return found
    if tls.version is not None:
        found["tls"] = {"version": tls.version, "cipher": tls.cipher}
    if insecure:
        found["insecure"] = True
    if tls.chain.leaf is not None:
        found["certificate"], found["chain"] = _certificate_facts(tls.chain)
        if odd := _chain_oddities(tls.chain, tls.verified):
            found["chain_oddities"] = odd
    return found


def _chain_oddities(presented: Chain, verified: Chain | None) -> list[str]:
    # Beside itself nothing is missing from a chain, as where nothing was verified.
    return _oddities(presented)(presented if verified is None else verified)


@derived_once
def _oddities(presented: Chain) -> Callable[[Chain], list[str]]:
    known = ref(presented)

    @derived_once
    def beside(verified: Chain) -> list[str]:
        sent = known()
        assert sent is not None, "what is derived is not asked for any more"  # noqa: S101
        return list(chain_order(sent, verified).texts()[:_SHOWN_CHAIN])

    return beside


@derived_once
def _certificate_facts(chain: Chain) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    leaf = chain.certificates[0]
    certificate: dict[str, Any] = {
        "subject": visible_text(leaf.subject),
        "issuer": visible_text(leaf.issuer),
        "names": [visible_text(name, _LABEL_BYTES) for name in leaf.names[:_SHOWN_NAMES]],
        "addresses": list(leaf.addresses[:_SHOWN_NAMES]),
        "serial": visible_text(leaf.serial, _LABEL_BYTES),
        "fingerprint": leaf.fingerprint,
        "not_before": leaf.not_before,
        "not_after": leaf.not_after,
        "key_type": leaf.key_type,
        "key_bits": leaf.key_bits,
        "signature": leaf.signature,
    }
    if len(leaf.names) > _SHOWN_NAMES:
        certificate["more_names"] = len(leaf.names) - _SHOWN_NAMES
    if leaf.must_staple:
        certificate["must_staple"] = True
    presented = [
        {"subject": visible_text(one.subject), "not_after": one.not_after}
        for one in chain.certificates[:_SHOWN_CHAIN]
    ]
    return certificate, presented


def days_left(trace: Trace, now: float) -> float | None:
    """Return how many days the chain is still good for; None without a certificate.

    The verified chain counts if there is one: a target may present more than is needed, such
    as an old cross-signed root. `now` is in Unix seconds.
    """
    if trace.tls is None:
        return None
    expiry = trace.tls.verified_expiry or trace.tls.chain.earliest_expiry
    return None if expiry is None else (expiry - now) / 86_400


def failed(error: NetError, measured: dict[Series, float], seen: dict[str, Any]) -> Outcome:
    """Return the outcome that a network error stands for."""
    return Outcome(
        status=OutcomeStatus.FAILED if error.cause is None else OutcomeStatus.UNKNOWN,
        failure=error.failure,
        cause=error.cause,
        measurements=measured,
        facts=seen,
        answered=error.answered,
    )


def judged(
    failure: Failure | None,
    measured: dict[Series, float],
    seen: dict[str, Any],
    *,
    degraded: bool = False,
) -> Outcome:
    """Return the outcome of a target that answered; a `failure` may only degrade it."""
    status = OutcomeStatus.OK
    if failure is not None:
        status = OutcomeStatus.DEGRADED if degraded else OutcomeStatus.FAILED
    return Outcome(status=status, failure=failure, measurements=measured, facts=seen, answered=True)
