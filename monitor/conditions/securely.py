"""TLS from the first byte, as the keys of a check ask for it: settings, and the certificate."""

from monitor.conditions.certificate import CertificateConditions, Finding, Presented, judge
from monitor.fields.tlskeys import TlsKeys
from monitor.net.chainorder import chain_order
from monitor.net.report import days_left
from monitor.net.tls import TlsSettings
from monitor.net.trace import Trace


def settings_of(keys: TlsKeys, *alpn: str) -> TlsSettings:
    """Return how to make the handshake; `alpn` is what to offer in it."""
    return TlsSettings(
        ca_file=keys.ca_file,
        client_cert_file=keys.client_cert_file,
        client_key_file=keys.client_key_file,
        min_tls=keys.min_tls,
        insecure=keys.insecure,
        server_name=keys.server_name,
        alpn=alpn,
    )


def certificate_finding(keys: TlsKeys, trace: Trace, now: float) -> Finding | None:
    """Return what is wrong with the certificate, None where none was verified.

    `now` is in Unix seconds.
    """
    tls = trace.tls
    if not keys.secure or keys.insecure or tls is None:
        return None
    presented = Presented(
        chain=tls.chain,
        order=chain_order(tls.chain, tls.verified),
        days_left=days_left(trace, now),
    )
    wanted = CertificateConditions(min_days=keys.min_days, critical_days=keys.critical_days)
    return judge(wanted, presented)
