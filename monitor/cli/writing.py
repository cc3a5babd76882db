"""How a command that writes is answered: by the running daemon, or by itself."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from monitor.cli.errors import Failed

if TYPE_CHECKING:
    from monitor.cli.settings import Settings
    from monitor.configuration.config import Config
    from monitor.web.client import ControlClient, Exchange

_PATIENCE_SECONDS = 15.0
_LOOK_AGAIN_SECONDS = 0.05


@contextmanager
def answering(settings: "Settings", config: "Config") -> Iterator["ControlClient"]:
    """Give who answers: the daemon, or where none runs this process, as the one writer.

    What neither can do ends the command, and says why.
    """
    from monitor.cli import logs
    from monitor.ports import StoreError
    from monitor.web.client import ControlClient, ControlError

    logs.set_up(settings.log_format, quiet=True)
    try:
        with ExitStack() as stack:
            way = _Either(config, stack)
            yield ControlClient(config.monitor.data_dir, exchange=way)
    except (ControlError, StoreError) as error:
        raise Failed(str(error)) from None


class _Either:
    """Asks the daemon; once it was found that none runs, asks ourselves. An `Exchange`.

    Who holds the data directory and does not answer yet is waited for: a daemon that starts or
    stops, or another command.
    """

    def __init__(self, config: "Config", stack: ExitStack) -> None:
        self._config = config
        self._stack = stack
        self._ours: Exchange | None = None

    def __call__(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        from monitor.store.lock import DataDirectoryBusy
        from monitor.web.client import ControlError, NoDaemon, over_socket

        data_dir, until = self._config.monitor.data_dir, time.monotonic() + _PATIENCE_SECONDS
        while self._ours is None:
            try:
                return over_socket(data_dir, method, path, body)
            except NoDaemon:
                pass
            try:
                self._ours = self._become_the_writer()
            except DataDirectoryBusy as error:
                if time.monotonic() > until:
                    owner = f"process {error.pid}" if error.pid else "another process"
                    raise ControlError(
                        f"{data_dir}: {owner} holds it, and does not answer"
                    ) from None
                time.sleep(_LOOK_AGAIN_SECONDS)
        return self._ours(method, path, body)

    def _become_the_writer(self) -> "Exchange":
        from monitor.app.onewriter import one_writer

        return self._stack.enter_context(one_writer(self._config))
