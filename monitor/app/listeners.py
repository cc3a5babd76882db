"""The sockets that the daemon serves."""

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from monitor.app.reading import Reading
from monitor.web.app import create_app, create_control_app, create_public_app
from monitor.web.context import WebContext
from monitor.web.credentials import Authenticator
from monitor.web.listening import listening, may_listen, server_context
from monitor.web.server import ControlListener, Listener


class CannotListen(Exception):
    """An address can't be listened on. The message says why."""


@asynccontextmanager
async def open_listeners(reading: Reading, context: WebContext) -> AsyncIterator[None]:
    """Serve everything, the public set if it has an address of its own, and the control socket.

    Raise CannotListen.
    """
    settings, web = reading.config.monitor, reading.web
    refusal = may_listen(settings.listen.host, web)
    if refusal is not None:
        raise CannotListen(refusal)
    authenticator = Authenticator({} if web is None else web.users)
    tls = None if web is None or web.tls is None else server_context(web.tls)
    async with AsyncExitStack() as stack:
        listeners: list[Listener | ControlListener] = [
            Listener(
                create_app(context, authenticator),
                _listening(settings.listen.host, settings.listen.port),
                tls=tls,
            ),
            ControlListener(create_control_app(context), settings.data_dir),
        ]
        if settings.public_listen is not None:
            public = settings.public_listen
            listeners.append(
                Listener(create_public_app(context), _listening(public.host, public.port), tls=tls)
            )
        for listener in listeners:
            stack.push_async_callback(listener.stop)
            await listener.start()
        yield


def _listening(host: str, port: int | None) -> socket.socket:
    try:
        return listening(host, port or 0)
    except OSError as error:
        raise CannotListen(f"listen: {host}:{port}: {error.strerror}") from None
