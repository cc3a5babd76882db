"""Visit MariaDB more often than it forgives a broken visit; print how each kind of visit ended.

It counts by address, and only those that have a name: run this in namespaces of its own for
networks and mounts (`unshare --net --mount`), where the address and its name are ours to make.
"""

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

from monitor.checktype import ProbeContext
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes import check_types
from tests.certificates import NAME, leaf, write_chain, write_root
from tests.sqlservers import mariadb

HOST, FORGIVEN = "10.231.7.1", 5


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        _make_address(folder)
        files = write_chain(folder, "server", leaf(kind="rsa", label="sql"))
        trusting = {"ca_file": str(write_root(folder)), "server_name": NAME}
        with mariadb(*files, f"--max-connect-errors={FORGIVEN}", host=HOST) as port:
            ways = {
                "in the clear": ("mysql", {}),
                "over TLS": ("mysql", {"tls": "starttls", **trusting}),
                "certificate alone": ("tls", {"starttls": "mysql", **trusting}),
            }
            ended = {
                way: [asyncio.run(_status(kind, port, keys)) for _ in range(2 * FORGIVEN)]
                for way, (kind, keys) in ways.items()
            }
            for _ in range(2 * FORGIVEN):
                with socket.create_connection((HOST, port)) as connection:
                    connection.recv(1000)
            ended["after broken visits"] = [asyncio.run(_status("mysql", port, {}))]
    print(json.dumps(ended))


def _make_address(folder: Path) -> None:
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{HOST} pantau.test\n")
    hosts.chmod(0o644)
    for command in (
        "ip link set lo up",
        f"ip address add {HOST}/24 dev lo",
        f"mount --bind {hosts} /etc/hosts",
    ):
        subprocess.run(command.split(), check=True)


async def _status(kind: str, port: int, keys: dict[str, Any]) -> str:
    context = ProbeContext(
        network=Network(resolver=Resolver()),
        deadline=time.monotonic() + 10,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    check_type = check_types()[kind]
    spec = check_type.spec.model_validate({"host": HOST, "port": port, **keys})
    outcome = await check_type.probe(spec, context)
    return outcome.status.value if outcome.failure is None else outcome.failure.detail


if __name__ == "__main__":
    main()
