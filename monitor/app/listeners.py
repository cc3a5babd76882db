"""The sockets that the daemon serves."""

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from monitor.app.reading import Reading
from monitor.web.app import create_app, create_control_app, create_public_app
from monitor.web.context import WebContext
from monitor.web.controlsocket import InUse
from monitor.web.credentials import Authenticator, WebConfig
from monitor.web.listening import listening, load_certificate, may_listen, server_context
from monitor.web.server import ControlListener, Listener

log = structlog.get_logger()


class CannotListen(Exception):
    """An address can't be listened on. The message says why."""


class Admission:
    """Who is let in, and the certificate that is shown; both follow the web-config file."""

    def __init__(self, web: WebConfig | None) -> None:
        self.authenticator = Authenticator({} if web is None else web.users)
        self.tls: ssl.SSLContext | None = None
        if web is not None and web.tls is not None:
            try:
                self.tls = server_context(web.tls)
            except OSError as error:
                raise CannotListen(f"tls_server_config: {error}") from None
        self._web = web

    def replace(self, web: WebConfig | None) -> None:
        """Take up other users and a renewed certificate. Other settings of TLS take a restart."""
        old, self._web = self._web, web
        if web is not None and self._still_guards(web):
            self.authenticator.replace(web.users)
        elif web != old:
            log.warning("config.needs_restart", detail="who may connect changes at a restart only")
        if self.tls is not None and web is not None and web.tls is not None:
            try:
                load_certificate(self.tls, web.tls)
            except OSError as error:
                log.error("certificate.refused", detail=str(error))  # noqa: TRY400 - their file

    def _still_guards(self, web: WebConfig) -> bool:
        """Say whether `web` may be taken up without opening what was closed."""
        return web.asks_for_a_credential or not self.authenticator.has_users


@asynccontextmanager
async def open_listeners(reading: Reading, context: WebContext) -> AsyncIterator[Admission]:
    """Serve everything, the public set if it has an address of its own, and the control socket.

    Raise CannotListen.
    """
    settings = reading.config.monitor
    refusal = may_listen(settings.listen.host, reading.web)
    if refusal is not None:
        raise CannotListen(refusal)
    admission = Admission(reading.web)
    async with AsyncExitStack() as stack:
        for listener in _listeners(reading, context, admission):
            stack.push_async_callback(listener.stop)
            await listener.start()
        yield admission


def _listeners(
    reading: Reading, context: WebContext, admission: Admission
) -> list[Listener | ControlListener]:
    settings, tls = reading.config.monitor, admission.tls
    main, public = settings.listen, settings.public_listen
    app = create_app(context, admission.authenticator)
    listeners: list[Listener | ControlListener] = [
        Listener(app, _listening(main.host, main.port), tls=tls)
    ]
    if public is not None:
        open_socket = _listening(public.host, public.port)
        listeners.append(Listener(create_public_app(context), open_socket, tls=tls))
    try:
        listeners.append(ControlListener(create_control_app(context), settings.data_dir))
    except InUse as error:
        raise CannotListen(str(error)) from None
    return listeners


def _listening(host: str, port: int | None) -> socket.socket:
    try:
        return listening(host, port or 0)
    except OSError as error:
        raise CannotListen(f"listen: {host}:{port}: {error.strerror}") from None
