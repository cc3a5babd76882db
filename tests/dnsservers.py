"""Name servers on loopback: knot and unbound as they are, and hand-made ones that misbehave."""

import asyncio
import socket
import struct
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rrset

from monitor.checktype import ProbeContext
from monitor.net.dnsserver import NameServer
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from tests.certificates import leaf, root, write_chain
from tests.peers import peer
from tests.servers import is_given_first

LOOPBACK = "127.0.0.1"
ZONE = """\
$ORIGIN example.id.
$TTL 300
@      IN SOA   ns1.example.id. hostmaster.example.id. 2026110701 3600 600 604800 300
@      IN NS    ns1
@      IN NS    ns2
@      IN MX    10 Mail
@      IN MX    20 mail2
@      IN TXT   "v=spf1 -all"
@      IN TXT   "first " "second"
@      IN CAA   0 issue "letsencrypt.org"
ns1    IN A     127.0.0.1
ns2    IN A     127.0.0.1
www    IN A     192.0.2.7
www    IN A     192.0.2.8
www    IN AAAA  2001:db8::7
mail   IN A     192.0.2.25
mail2  IN A     192.0.2.26
alias  60 IN CNAME hop
hop    IN CNAME www
v4only IN A     192.0.2.9
v6only IN AAAA  2001:db8::9
inner  IN A     10.0.0.9
local  IN A     127.0.0.1
meta   IN A     169.254.169.254
loop   IN CNAME pool
pool   IN CNAME loop
_sip._tcp IN SRV 0 5 5060 www
made.any  IN A 192.0.2.50
*.any     IN A 192.0.2.99
*.parked  IN CNAME www
made.parked IN A 192.0.2.51
"""
BIG = "".join(f'big IN TXT "{number:03d} {"x" * 200}"\n' for number in range(40))
REVERSE = """\
$ORIGIN 2.0.192.in-addr.arpa.
$TTL 300
@ IN SOA ns1.example.id. hostmaster.example.id. 1 3600 600 604800 300
@ IN NS  ns1.example.id.
7 IN PTR www.example.id.
"""


def free_port() -> int:
    """Return a port that is free for UDP and TCP right now, and that nobody else was given."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind((LOOPBACK, 0))
            port: int = udp.getsockname()[1]
            try:
                tcp.bind((LOOPBACK, port))
            except OSError:
                continue
        if is_given_first(port):
            return port


def knot_head(folder: Path, host: str, port: int) -> str:
    """Return what the configuration of a knot begins with; its zones follow."""
    return f"""\
server:
    rundir: "{folder}"
    listen: {host}@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{folder}/db"
log:
  - target: stderr
    any: warning
"""


def unbound_head(folder: Path, *ports: int) -> str:
    """Return what the configuration of an unbound begins with; the rest of `server:` follows."""
    interfaces = "".join(f"    interface: {LOOPBACK}@{port}\n" for port in ports)
    return f"""\
server:
{interfaces}    access-control: 127.0.0.0/8 allow
    do-not-query-localhost: no
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: "{folder}/unbound.pid"
    use-syslog: no
    verbosity: 1
    num-threads: 1
"""


@contextmanager
def knot(folder: Path) -> Iterator[NameServer]:
    """Run an authoritative knot that serves ZONE and the reverse zone of 192.0.2.0/24."""
    program, port = peer("knotd"), free_port()
    (folder / "example.id.zone").write_text(ZONE + BIG)
    (folder / "reverse.zone").write_text(REVERSE)
    configuration = folder / "knot.conf"
    configuration.write_text(f"""\
{knot_head(folder, LOOPBACK, port)}zone:
  - domain: example.id
    file: "{folder}/example.id.zone"
    zonefile-sync: -1
  - domain: 2.0.192.in-addr.arpa
    file: "{folder}/reverse.zone"
    zonefile-sync: -1
""")
    with running([program, "-c", str(configuration)], folder / "knot.log"):
        awaited(port)
        yield NameServer(LOOPBACK, port)


@contextmanager
def unbound(folder: Path, upstream: NameServer) -> Iterator[NameServer]:
    """Run a recursive unbound that asks `upstream` for everything."""
    program, port = peer("unbound"), free_port()
    configuration = folder / "unbound.conf"
    configuration.write_text(f"""\
{unbound_head(folder, port)}    module-config: "iterator"
    local-zone: "2.0.192.in-addr.arpa." nodefault
stub-zone:
    name: "example.id"
    stub-addr: {upstream.host}@{upstream.port}
    stub-prime: no
stub-zone:
    name: "2.0.192.in-addr.arpa"
    stub-addr: {upstream.host}@{upstream.port}
forward-zone:
    name: "."
    forward-addr: {upstream.host}@{upstream.port}
remote-control:
    control-enable: no
""")
    with running([program, "-d", "-c", str(configuration)], folder / "unbound.log"):
        awaited(port)
        yield NameServer(LOOPBACK, port)


@dataclass(frozen=True)
class Encrypted:
    """A resolver's ports for DNS over TLS and over HTTPS, and who vouches for its certificate."""

    tls: NameServer
    https: NameServer
    ca_file: Path


@contextmanager
def encrypted_unbound(folder: Path, upstream: NameServer) -> Iterator[Encrypted]:
    """Run an unbound that is asked over TLS and HTTPS (HTTP/2), and forwards to `upstream`.

    Its certificate is for `localhost`, the loopback addresses and `certificates.NAME`.
    """
    program = peer("unbound")
    ports = [free_port() for _ in range(3)]
    chain, key = write_chain(folder, "resolver", leaf())
    ca_file = folder / "root.pem"
    ca_file.write_bytes(root().pem())
    configuration = folder / "unbound.conf"
    configuration.write_text(f"""\
{unbound_head(folder, *ports)}    tls-port: {ports[1]}
    https-port: {ports[2]}
    tls-service-key: "{key}"
    tls-service-pem: "{chain}"
    module-config: "iterator"
    nsid: "ascii_makassar-1"
forward-zone:
    name: "."
    forward-addr: {upstream.host}@{upstream.port}
remote-control:
    control-enable: no
""")
    with running([program, "-d", "-c", str(configuration)], folder / "unbound.log"):
        awaited(ports[0])
        yield Encrypted(NameServer(LOOPBACK, ports[1]), NameServer(LOOPBACK, ports[2]), ca_file)


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends; what it says goes into `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def awaited(port: int, name: str = "example.id.", record: str = "SOA") -> None:
    """Wait until a server has an answer."""
    question = dns.message.make_query(name, record)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with suppress(dns.exception.DNSException, OSError):
            if dns.query.udp(question, LOOPBACK, port=port, timeout=0.5).answer:
                return
        time.sleep(0.05)
    raise TimeoutError(f"no name server on port {port}")


Send = Callable[[bytes], None]
Behaviour = Callable[[bytes, Send], Awaitable[None]]


class HandMade:
    """A name server that does what a test tells it, on one port for UDP and TCP.

    `udp` and `tcp` get a query and what sends a datagram or a framed message. `asked` holds
    each query over UDP with its sender, `asked_over_tcp` each one over TCP.
    """

    def __init__(self, udp: Behaviour, tcp: Behaviour | None) -> None:
        self.udp, self.tcp = udp, tcp
        self.asked: list[tuple[bytes, tuple[str, int]]] = []
        self.asked_over_tcp: list[bytes] = []
        self.address = NameServer(LOOPBACK)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: HandMade) -> None:
        self._server = server
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._server.asked.append((data, addr))
        reply = self._server.udp(data, lambda wire: self._transport.sendto(wire, addr))
        task = asyncio.ensure_future(reply)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()


@asynccontextmanager
async def hand_made(udp: Behaviour, tcp: Behaviour | None = None) -> AsyncIterator[HandMade]:
    """Run a name server that behaves as told, for as long as the block lasts."""
    server = HandMade(udp, tcp)
    loop = asyncio.get_running_loop()
    port = free_port()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: _Datagrams(server), local_addr=(LOOPBACK, port)
    )
    listener = await asyncio.start_server(_talk_tcp(server), LOOPBACK, port) if tcp else None
    server.address = NameServer(LOOPBACK, port)
    try:
        yield server
    finally:
        protocol.stop()
        transport.close()
        if listener is not None:
            listener.close()
        await asyncio.sleep(0)  # the loop closes the sockets in its next turn


def _talk_tcp(
    server: HandMade,
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            query = await reader.readexactly(length)
            server.asked_over_tcp.append(query)
            assert server.tcp is not None
            await server.tcp(query, lambda wire: writer.write(struct.pack("!H", len(wire)) + wire))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked has gone
        finally:
            writer.close()

    return talk


def answer(query: bytes, *records: str, rcode: str = "NOERROR", truncated: bool = False) -> bytes:
    """Return a reply to `query` that holds `records`, each as in a zone file without its class."""
    asked = dns.message.from_wire(query)
    reply = dns.message.make_response(asked, recursion_available=True)
    reply.set_rcode(dns.rcode.from_text(rcode))
    for record in records:
        name, ttl, kind, value = record.split(maxsplit=3)
        reply.answer.append(dns.rrset.from_text(name, int(ttl), "IN", kind, value))
    if truncated:
        reply.flags |= dns.flags.TC
    return reply.to_wire(max_size=65535)


def answering(*records: str, rcode: str = "NOERROR", truncated: bool = False) -> Behaviour:
    """Return a behaviour that answers every question alike."""

    async def behave(query: bytes, send: Send) -> None:
        send(answer(query, *records, rcode=rcode, truncated=truncated))

    return behave


async def silent(query: bytes, send: Send) -> None:
    """Never answer."""


def probe_context(*nameservers: NameServer, seconds: float = 5.0) -> ProbeContext:
    """Return what a probe gets, with a resolver over `nameservers`."""
    return ProbeContext(
        network=Network(resolver=Resolver(nameservers, timeout_seconds=1.0)),
        deadline=time.monotonic() + seconds,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
