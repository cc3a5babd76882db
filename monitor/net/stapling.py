"""The OCSP response that a server staples to its handshake (RFC 6066, 8).

Python's ssl does not show it, so that a second connection is made with pyOpenSSL, which the extra
`stapling` brings. Nothing is verified in it: the response has its own signature.
"""

from typing import TYPE_CHECKING, Any

from monitor.domain.observation import FailureKind
from monitor.net.errors import NetError
from monitor.net.tlsversions import is_address

if TYPE_CHECKING:
    from OpenSSL import SSL

    from monitor.net.connection import Stream

_MOST_TURNS = 200  # pieces that a handshake may come in
_LARGEST = 65_536


async def stapled(stream: "Stream", name: str) -> bytes:
    """Return the response (DER) that a server staples, b"" for none.

    `stream` is at the point where the server expects a handshake; it is of no use afterwards.
    `name` is the host that is asked for. Raises NetError.
    """
    from OpenSSL import SSL

    found: list[bytes] = []

    def take(_connection: "SSL.Connection", response: bytes, _data: Any) -> bool:
        found.append(response)
        return True

    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_ocsp_client_callback(take)
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    if not is_address(name):
        connection.set_tlsext_host_name(name.encode("ascii", "replace"))
    connection.request_ocsp()
    try:
        await _shake_hands(connection, stream)
    except NetError:
        # A server may end the handshake when it misses a certificate of ours: it has told by then.
        if not found:
            raise
    return found[0] if found else b""


async def _shake_hands(connection: "SSL.Connection", stream: "Stream") -> None:
    from OpenSSL import SSL

    for _ in range(_MOST_TURNS):
        done = True
        try:
            connection.do_handshake()
        except SSL.WantReadError:
            done = False
        except SSL.Error as error:
            detail = f"TLS handshake for the stapled response: {error}"
            raise NetError(FailureKind.TLS_PROTOCOL, detail, answered=True) from None
        await _flush(connection, stream)
        if done:
            return
        octets = await stream.receive()
        if not octets:
            break
        connection.bio_write(octets)
    detail = "TLS handshake for the stapled response: the target closed the connection"
    raise NetError(FailureKind.TLS_PROTOCOL, detail, answered=True)


async def _flush(connection: "SSL.Connection", stream: "Stream") -> None:
    from OpenSSL import SSL

    while True:
        try:
            octets = connection.bio_read(_LARGEST)
        except SSL.WantReadError:
            return
        await stream.send(octets)
