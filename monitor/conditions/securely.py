"""TLS as the keys of a check ask for it: settings, and what is wrong with the certificate."""

from monitor.conditions.certificate import CertificateConditions, Finding, Presented, judge
from monitor.fields.tlskeys import TlsKeys
from monitor.net.chainorder import chain_order
from monitor.net.report import days_left
from monitor.net.tls import TlsFacts, TlsSettings
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


def presented(tls: TlsFacts, trace: Trace, now: float) -> Presented:
    """Return what a handshake shows without a further question. `now` is in Unix seconds."""
    return Presented(
        chain=tls.chain,
        order=chain_order(tls.chain, tls.verified),
        days_left=days_left(trace, now),
        verified=tls.verified,
    )


def certificate_finding(
    wanted: CertificateConditions, settings: TlsSettings | None, trace: Trace, now: float
) -> Finding | None:
    """Return what is wrong with the certificate, None where none was verified.

    `settings` are those of the handshake, None without one; `now` is in Unix seconds.
    """
    if settings is None or settings.insecure or trace.tls is None:
        return None
    return judge(wanted, presented(trace.tls, trace, now))
