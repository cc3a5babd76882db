"""Runs a command in a process of its own, for work that takes a core for a while.

A process of lower priority takes it from nobody who probes, and whatever becomes of it, the daemon
goes on.
"""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress

_NICENESS = 10
_MOST_SAID = 500


class Failed(Exception):
    """The command failed; the message says why."""


async def run_apart(command: Sequence[str], patience: float, fed: bytes = b"") -> None:
    """Run `command` for `patience` seconds at most, with `fed` to read. It ends with us.

    Raises Failed.
    """
    try:
        async with asyncio.timeout(patience):
            child = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE if fed else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
            try:
                with suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, child.pid, _NICENESS)
                _, said = await child.communicate(fed or None)
            finally:
                await _end(child)
    except TimeoutError:
        raise Failed(f"it took more than {patience:g} s") from None
    except OSError as error:
        raise Failed(f"{command[0]}: {error.strerror}") from None
    if child.returncode != 0:
        text = " ".join(said.decode(errors="replace").split())
        raise Failed(text[-_MOST_SAID:] or f"it ended with {child.returncode}")


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
