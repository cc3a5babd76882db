"""A `tls_config` block as the network's own settings."""

from monitor.blackbox.modules import TlsConfig
from monitor.net.tls import TlsSettings

_VERSIONS = {"TLS10": "TLS1.0", "TLS11": "TLS1.1", "TLS12": "TLS1.2", "TLS13": "TLS1.3"}


def tls_settings(config: TlsConfig, name: str | None, alpn: tuple[str, ...] = ()) -> TlsSettings:
    """Return how to make a handshake; `name` is asked for where the block has no server_name.

    None asks for the host that is dialled.
    """
    return TlsSettings(
        ca_file=config.ca_file,
        ca_pem=config.ca or None,
        client_cert_file=config.cert_file,
        client_key_file=config.key_file,
        cert_pem=config.cert or None,
        key_pem=config.key.reveal() or None,
        min_tls=_VERSIONS[config.min_version or "TLS12"],
        max_tls=None if config.max_version is None else _VERSIONS[config.max_version],
        insecure=config.insecure_skip_verify,
        alpn=alpn,
        server_name=config.server_name or name,
    )
