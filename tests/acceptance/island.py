"""Two network namespaces joined by one cable: the daemon in one, all that it knows in the other.

Made and removed by the test; neither has a way to any other network.
"""

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Self

import pytest

from tests.daemon import ROOT, Installed, eventually
from tests.peers import peer

HOME, FAR, FRAGILE = "10.231.7.1", "10.231.7.2", "10.231.7.3"
_TARGETS, _HOOK, _FRAGILE_TARGETS = 8000, 8001, 8002
_numbers = itertools.count()


class Island:
    """The cable and both ends. What it runs over there ends with it."""

    def __init__(self) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root makes network namespaces")
        name = f"pantau-{os.getpid()}-{next(_numbers)}"
        self._ip, self._home, self._far = peer("ip"), f"{name}-a", f"{name}-b"
        self._children: list[subprocess.Popen[str]] = []
        self.messages: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        try:
            self._make()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def launcher(self) -> Installed:
        """Run the daemon at home."""
        return Installed(self._ip, "netns", "exec", self._home)

    @property
    def canary(self) -> str:
        return f"{FAR}:{_TARGETS}"

    @property
    def hook(self) -> str:
        return f"http://{FAR}:{_HOOK}/hook"

    def url(self, name: str, *, fragile: bool = False) -> str:
        """Return the address of a target, a fragile one if `vanish` is to take it away."""
        place = f"{FRAGILE}:{_FRAGILE_TARGETS}" if fragile else f"{FAR}:{_TARGETS}"
        return f"http://{place}/t/{name}"

    def cut(self) -> None:
        """Pull the cable out."""
        self._run("-n", self._far, "link", "set", "cable", "down")

    def mend(self, late_seconds: float) -> None:
        """Put the cable back; the way to all but the fragile targets is found some time later."""
        far = [FAR, "dev", "cable"]
        nowhere = ["lladdr", "02:00:00:00:00:99", "nud", "permanent"]
        self._run("-n", self._home, "neighbour", "replace", *far, *nowhere)
        self._run("-n", self._far, "link", "set", "cable", "up")
        time.sleep(late_seconds)
        self._run("-n", self._home, "neighbour", "del", *far)

    def vanish(self) -> None:
        """Take the address of the fragile targets away: nothing answers there any more."""
        self._run("-n", self._far, "address", "del", f"{FRAGILE}/24", "dev", "cable")

    def take_down(self, *names: str) -> None:
        """Have targets over there answer 503."""
        self._tell("down", *names)

    def slow_down(self, seconds: float, *names: str) -> None:
        """Have targets over there answer some seconds after they were asked."""
        self._tell("slow", str(seconds), *names)

    def close(self) -> None:
        for child in self._children:
            child.kill()
            child.wait(10)
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()
        for namespace in (self._home, self._far):
            with suppress(subprocess.CalledProcessError):
                self._run("netns", "del", namespace)

    def _tell(self, *words: str) -> None:
        pipe = self._children[0].stdin
        assert pipe is not None
        pipe.write(f"{' '.join(words)}\n")
        pipe.flush()

    def _make(self) -> None:
        for namespace in (self._home, self._far):
            self._run("netns", "add", namespace)
            self._run("-n", namespace, "link", "set", "lo", "up")
        ends = ["cable", "netns", self._home], ["cable", "netns", self._far]
        self._run("link", "add", *ends[0], "type", "veth", "peer", "name", *ends[1])
        addresses = ((self._home, HOME), (self._far, FAR), (self._far, FRAGILE))
        for namespace, address in addresses:
            self._run("-n", namespace, "address", "add", f"{address}/24", "dev", "cable")
        for namespace in (self._home, self._far):
            self._run("-n", namespace, "link", "set", "cable", "up")
        self._serve("tests/flippable.py", "--host", FAR, "--port", str(_TARGETS))
        self._serve("tests/flippable.py", "--host", FRAGILE, "--port", str(_FRAGILE_TARGETS))
        hook = self._serve("tests/collector.py", "--address", FAR, "--port", str(_HOOK))
        threading.Thread(target=self._listen, args=(hook,), daemon=True).start()
        for port in (_TARGETS, _HOOK, _FRAGILE_TARGETS):
            eventually(partial(self._listens, port), 20, f"port {port} is open", 0.1)

    def _listen(self, hook: "subprocess.Popen[str]") -> None:
        assert hook.stdout is not None
        with suppress(ValueError):
            for line in hook.stdout:
                received = json.loads(line)
                self.messages.append({"at": received["at"], **json.loads(received["body"])})

    def _serve(self, *command: str) -> "subprocess.Popen[str]":
        child = subprocess.Popen(
            [self._ip, "netns", "exec", self._far, sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if "collector" in command[0] else subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )
        self._children.append(child)
        return child

    def _listens(self, port: int) -> bool:
        shown = self._output("netns", "exec", self._far, "cat", "/proc/net/tcp")
        return f":{port:04X} 00000000:0000 0A" in shown

    def _run(self, *arguments: str) -> None:
        self._output(*arguments)

    def _output(self, *arguments: str) -> str:
        command: Sequence[str] = [self._ip, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
