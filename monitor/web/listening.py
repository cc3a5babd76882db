"""Where the daemon may listen, and the sockets and TLS contexts for it."""

import socket
import ssl

from monitor.configuration.settings import is_loopback
from monitor.net.tls import no_passphrase
from monitor.web.credentials import ClientAuth, TlsServerConfig, TlsVersion, WebConfig

_BACKLOG = 128
_VERSIONS = {
    TlsVersion.TLS12: ssl.TLSVersion.TLSv1_2,
    TlsVersion.TLS13: ssl.TLSVersion.TLSv1_3,
}
_CLIENT_AUTH = {
    ClientAuth.NONE: ssl.CERT_NONE,
    ClientAuth.IF_GIVEN: ssl.CERT_OPTIONAL,
    ClientAuth.REQUIRED: ssl.CERT_REQUIRED,
}


def may_listen(host: str, config: WebConfig | None) -> str | None:
    """Return why everything may not be served on `host`, or None when it may.

    The public set needs no leave.
    """
    if is_loopback(host) or (config is not None and config.asks_for_a_credential):
        return None
    return (
        f"{host} can be reached from other machines, and nothing asks for a credential: "
        "listen on 127.0.0.1, or name basic_auth_users or client certificates in web_config_file"
    )


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raise OSError when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    # Connections inherit it. asyncio sets it only where the socket's protocol was named; without
    # it the second piece of an answer waits 40 ms for the client's acknowledgement of the first.
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server


def server_context(tls: TlsServerConfig) -> ssl.SSLContext:
    """Return the TLS context of a listener. Raise OSError when a file cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[tls.min_version]
    context.verify_mode = _CLIENT_AUTH[tls.client_auth]
    if tls.client_ca_file is not None:
        context.load_verify_locations(tls.client_ca_file)
    load_certificate(context, tls)
    return context


def load_certificate(context: ssl.SSLContext, tls: TlsServerConfig) -> None:
    """Read the certificate again: new connections get the one that is on disk now."""
    context.load_cert_chain(tls.cert_file, tls.key_file, password=no_passphrase)
