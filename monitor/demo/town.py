"""The simulated city: every server of it, and a switch for everything that can go wrong."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.demo.authority import EXPIRED, Authority, serving
from monitor.demo.collector import Collector
from monitor.demo.nameserver import NameServer, Zone, name_server
from monitor.demo.sites import Answer, Converse, Request, Respond, Site, greeting, http, opened
from monitor.demo.story import Trouble

_PORTAL = "portal.kota-makassar.test"
_TAX = "pajak.kota-makassar.test"
_SLOW_SECONDS = 0.7  # over what checks.yaml calls slow, far below a probe's time

_RIGHT: Zone = {"jdih.kota-makassar.test.": {"A": "192.0.2.7"}}
_WRONG: Zone = {"jdih.kota-makassar.test.": {"A": "203.0.113.66"}}
_ROOT: Zone = {".": {"NS": "a.root.test."}}
_WHOLE: Zone = {**_ROOT, "kota-makassar.test.": {"MX": "10 surel.kota-makassar.test."}}


@dataclass(slots=True)
class Faults:
    """What is wrong with the web sites at the moment."""

    slow: bool = False
    failing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """The city while it is open. `ports` are those of its servers, by their name in templates."""

    ports: Mapping[str, int]
    faults: Faults
    office: Site
    resolver: NameServer
    authority: NameServer
    tax: "Certificates"

    async def suffer(self, trouble: Trouble, *, begins: bool) -> None:
        """Let a trouble begin, or end."""
        match trouble:
            case Trouble.SLOW:
                self.faults.slow = begins
            case Trouble.EXPIRED:
                self.tax.show(expired=begins)
            case Trouble.WRONG_ANSWER:
                self.authority.zone = _WRONG if begins else _RIGHT
            case Trouble.DEAD_PORT:
                await _dead(self.office, dead=begins)
            case Trouble.FLAPPING:
                self.faults.failing = begins
            case Trouble.FORGOTTEN_NAME:
                self.resolver.zone = _ROOT if begins else _WHOLE
            case Trouble.SILENT_RESOLVER:
                self.resolver.silent = begins


class Certificates:
    """A good certificate and an expired one for the same host, of which one is shown."""

    def __init__(self, authority: Authority, name: str) -> None:
        self._good = authority.server(name)
        self._expired = authority.server(name, EXPIRED)
        self.context = serving(self._good)

    def show(self, *, expired: bool) -> None:
        """Show this one at every handshake from now on."""
        self.context.load_cert_chain(self._expired if expired else self._good)


@asynccontextmanager
async def open_town(folder: Path, collector: Collector) -> AsyncIterator[Town]:
    """Open every server on a free port of loopback. Certificates are written into `folder`."""
    issuer = Authority(folder)
    tax = Certificates(issuer, _TAX)
    faults = Faults()
    async with AsyncExitStack() as stack:

        async def site(converse: Converse, name: str = "") -> Site:
            tls = {_PORTAL: serving(issuer.server(_PORTAL)), _TAX: tax.context}.get(name)
            return await stack.enter_async_context(opened(converse, tls))

        sites = {
            "portal": await site(http(_greets), _PORTAL),
            "perizinan": await site(http(_slowly(faults))),
            "pajak": await site(http(_greets), _TAX),
            "absensi": await site(greeting("siap\r\n")),
            "antrean": await site(http(_now_and_then(faults))),
            "database": await site(greeting("siap\r\n")),
            "collector": await site(http(collector.respond)),
        }
        servers = {
            "resolver": await stack.enter_async_context(name_server(_WHOLE)),
            "authority": await stack.enter_async_context(name_server(_RIGHT)),
        }
        yield Town(
            ports={name: each.port for name, each in (sites | servers).items()},
            faults=faults,
            office=sites["absensi"],
            tax=tax,
            **servers,
        )


async def _dead(site: Site, *, dead: bool) -> None:
    if dead:
        site.shut()
    else:
        await site.open()


async def _greets(_: Request) -> Answer:
    return Answer(200, "<title>Kota Makassar</title>")


def _slowly(faults: Faults) -> Respond:
    async def respond(_: Request) -> Answer:
        await asyncio.sleep(_SLOW_SECONDS if faults.slow else 0)
        return Answer(200, "<title>Perizinan</title>")

    return respond


def _now_and_then(faults: Faults) -> Respond:
    async def respond(_: Request) -> Answer:
        return Answer(503 if faults.failing else 200, "<title>Antrean</title>")

    return respond
