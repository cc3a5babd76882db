"""A wait that ends the moment it is told to."""

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context
from typing import Any


class Wakeup:
    """What one task waits for; `wake` runs the task on at once.

    An asyncio.Future runs its task in the next turn of the loop, which costs an extra system
    call and a sixth of an HTTP check. This is the part of a future that a task relies on (see
    asyncio.isfuture). `wake` is called from a callback of the loop only, never from a task.
    """

    __slots__ = (
        "_asyncio_future_blocking",
        "_callback",
        "_cancelled",
        "_context",
        "_done",
        "_loop",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._asyncio_future_blocking = False
        self._loop = loop
        self._callback: Callable[[Any], object] | None = None
        self._context: Context | None = None
        self._done = False
        self._cancelled = False

    def __await__(self) -> Generator["Wakeup", None, None]:
        """Suspend the task until `wake`."""
        if not self._done:
            self._asyncio_future_blocking = True
            yield self
        self.result()

    def wake(self) -> None:
        """Let the task go on, now. Once is enough; more is nothing."""
        if self._done:
            return
        self._done = True
        callback, self._callback = self._callback, None
        if callback is not None and self._context is not None:
            self._context.run(callback, self)

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop, as a task asks for it."""
        return self._loop

    def add_done_callback(self, callback: Callable[[Any], object], *, context: Context) -> None:
        """Take the task's own way to be woken."""
        self._callback, self._context = callback, context

    def cancel(self, msg: object = None) -> bool:  # noqa: ARG002 (a task passes it)
        """End the wait with CancelledError, in the next turn of the loop."""
        if self._done:
            return False
        self._done = self._cancelled = True
        if self._callback is not None:
            self._loop.call_soon(self._callback, self, context=self._context)
        return True

    def result(self) -> None:
        """Raise CancelledError after `cancel`."""
        if self._cancelled:
            raise asyncio.CancelledError
