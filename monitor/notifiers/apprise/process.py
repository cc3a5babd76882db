"""Runs Apprise in a process of its own, for one order."""

import asyncio
import os
import ssl
import subprocess
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from monitor.notifiers.apprise.exchange import Answer, Order

# -P: a folder called `monitor` where the daemon happens to be started is not ours.
COMMAND = (sys.executable, "-P", "-m", "monitor.notifiers.apprise.child")

_UNDERSTANDING_SECONDS = 30.0


async def carry_out(order: Order, ca_file: Path | None = None) -> Answer:
    """Return what came of `order`; raise TimeoutError once its time is over, ValueError where the
    process died, OSError where none could be started. In every case none is left running.
    """
    async with asyncio.timeout(order.seconds):
        child = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # libraries write there what they like
            env=environment(ca_file),
            start_new_session=True,
        )
        try:
            octets, _ = await child.communicate(order.encoded())
        finally:
            await _end(child)
    return Answer.decoded(octets)


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()


@lru_cache(maxsize=64)
def understands(url: str) -> bool:
    """Say whether Apprise knows what to do with a URL; nothing is sent.

    Raise ValueError where Apprise cannot run, OSError or TimeoutExpired where this machine is too
    busy to say.
    """
    order = Order(url=url, seconds=_UNDERSTANDING_SECONDS)
    done = subprocess.run(  # noqa: S603  no word of the command comes from outside
        COMMAND,
        input=order.encoded(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(None),
        timeout=order.seconds,
        check=False,
    )
    return Answer.decoded(done.stdout).understood


def environment(ca_file: Path | None) -> dict[str, str]:
    """Return all that the process inherits: no proxy, no password file, no credential of ours."""
    kept = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    kept |= {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": "/nonexistent"}
    if ca_file is not None:
        return kept | {"SSL_CERT_FILE": str(ca_file), "REQUESTS_CA_BUNDLE": str(ca_file)}
    system = ssl.get_default_verify_paths()
    trusted = system.cafile or system.capath
    return kept | ({"REQUESTS_CA_BUNDLE": trusted} if trusted else {})
