"""A small signed Internet on loopback: one knot for all its zones, and an unbound that validates.

The root, `id` and most of what is below are signed by knot itself. `expired.id` and `bogus.id`
are signed by dnspython, since no server makes such zones.
"""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.dnssec
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec

from monitor.net.dnsserver import NameServer
from tests.dnsservers import LOOPBACK, awaited, free_port, knot_head, running, unbound_head
from tests.peers import peer

_SOA = "@ SOA ns.{zone} host.{zone} 1 3600 600 604800 300\n@ NS ns\nns A 127.0.0.1\n"
_LEAF = (
    "www A 192.0.2.7\nwww A 192.0.2.8\n*.wild A 192.0.2.9\n*.wild TXT here\ndeep.er A 192.0.2.1\n"
    "*.hop CNAME www\n*.lost CNAME nothing\n*.out CNAME www.plain.id.\n*.in CNAME x.wild.hashed.id.\n"
)
_EXAMPLE = """\
alias CNAME www
far CNAME www.hashed
away CNAME www.plain.id.
broken CNAME www.bogus.id.
gone CNAME nothing.hashed.id.
old DNAME hashed.id.
mx MX 10 WWW
txt TXT "Mixed Case"
sub NS ns.sub
ns.sub A 127.0.0.1
""".replace("www.hashed\n", "www.hashed.id.\n")
_POLICIES = {
    "": ("ed25519", "nsec"),
    "id": ("ecdsap256sha256", "opt-out"),
    "example.id": ("ecdsap256sha256", "nsec"),
    "hashed.id": ("rsasha256", "nsec3"),
    "rsa512.id": ("rsasha512", "nsec"),
    "p384.id": ("ecdsap384sha384", "nsec3"),
    "ed448.id": ("ed448", "nsec"),
    "nods.id": ("ecdsap256sha256", "nsec"),
    "wrongds.id": ("ecdsap256sha256", "nsec"),
}
_CHILDREN = ["plain.id", "expired.id", "bogus.id", *(zone for zone in _POLICIES if "." in zone)]
_MODES = {
    "nsec": "",
    "nsec3": "    nsec3: on\n    nsec3-iterations: 5\n    nsec3-salt-length: 4\n",
    "opt-out": "    nsec3: on\n    nsec3-opt-out: on\n    nsec3-iterations: 0\n",
}


@dataclass(frozen=True)
class SignedInternet:
    """`authority` serves every zone without recursion, `resolver` validates; `anchor` is a DS."""

    authority: NameServer
    resolver: NameServer
    anchor: str


@contextmanager
def signed_internet(folder: Path) -> Iterator[SignedInternet]:
    """Run both servers for as long as the block lasts."""
    with ExitStack() as stack:
        authority, anchor = stack.enter_context(_authority(folder))
        resolver = stack.enter_context(_validating(folder, authority, anchor))
        yield SignedInternet(authority, resolver, anchor)


@contextmanager
def _authority(folder: Path) -> Iterator[tuple[NameServer, str]]:
    port = free_port()
    configuration = folder / "knot.conf"
    configuration.write_text(_knot_configuration(folder, port))
    (folder / "db").mkdir()
    digests = {zone: _key(configuration, zone) for zone in _POLICIES}
    now = datetime.now(UTC)
    digests["expired.id"] = _sign(folder, "expired.id", now - timedelta(days=9), now - timedelta(1))
    digests["bogus.id"] = _sign(folder, "bogus.id", now - timedelta(1), now + timedelta(days=9))
    bogus = folder / "bogus.id.zone"
    bogus.write_text(bogus.read_text().replace("192.0.2.7", "198.51.100.7"))
    for zone in _POLICIES:
        (folder / f"{zone or 'root'}.zone").write_text(_zone(zone, digests))
    (folder / "plain.id.zone").write_text(_zone("plain.id", {}))
    with running([peer("knotd"), "-c", str(configuration)], folder / "knot.log"):
        awaited(port, "www.example.id.", "A")
        yield NameServer(LOOPBACK, port), f". IN DS {digests['']}"


def _knot_configuration(folder: Path, port: int) -> str:
    policies = "".join(
        f"  - id: p{number}\n    algorithm: {algorithm}\n    single-type-signing: on\n"
        f"    manual: on\n{_MODES[mode]}"
        for number, (algorithm, mode) in enumerate(_POLICIES.values())
    )
    zones = "".join(
        f'  - domain: "{zone or "."}"\n    file: "{folder}/{zone or "root"}.zone"\n'
        "    zonefile-sync: -1\n    journal-content: none\n"
        + (
            f"    dnssec-signing: on\n    dnssec-policy: p{list(_POLICIES).index(zone)}\n"
            if zone in _POLICIES
            else ""
        )
        for zone in dict.fromkeys([*_POLICIES, *_CHILDREN])
    )
    return f"""\
{knot_head(folder, LOOPBACK, port)}policy:
{policies}zone:
{zones}"""


def _key(configuration: Path, zone: str) -> str:
    """Make a zone's key. Return the value of its DS."""
    algorithm = _POLICIES[zone][0]
    keymgr = [peer("keymgr"), "-c", str(configuration), f"{zone}."]
    size = ["size=2048"] if algorithm.startswith("rsa") else []
    make = [*keymgr, "generate", f"algorithm={algorithm}", "ksk=yes", "zsk=yes", *size]
    subprocess.run(make, check=True, capture_output=True)
    shown = subprocess.run([*keymgr, "ds"], check=True, capture_output=True, text=True).stdout
    return next(line for line in shown.splitlines() if line.split()[4] == "2").partition(" DS ")[2]


def _zone(zone: str, digests: dict[str, str]) -> str:
    """Return the text of a zone file."""
    text = f"$ORIGIN {zone}.\n$TTL 300\n" + _SOA.format(zone=f"{zone}." if zone else "")
    if zone in {"", "id"}:
        children = ["id"] if zone == "" else _CHILDREN
        text += "".join(_delegated(child, digests) for child in children)
    else:
        text += _LEAF + (_EXAMPLE if zone == "example.id" else "")
    return text


def _delegated(child: str, digests: dict[str, str]) -> str:
    text = f"{child}. NS ns.{child}.\nns.{child}. A 127.0.0.1\n"
    digest = digests["example.id" if child == "wrongds.id" else child] if child in digests else ""
    return text + (f"{child}. DS {digest}\n" if digest and child != "nods.id" else "")


def _sign(folder: Path, zone: str, inception: datetime, expiration: datetime) -> str:
    """Write a zone file with signatures of that time. Return the value of its DS."""
    made = dns.zone.from_text(_zone(zone, {}), origin=f"{zone}.", relativize=False)
    secret = ec.generate_private_key(ec.SECP256R1())
    key = dns.dnssec.make_dnskey(secret.public_key(), 13, flags=257)
    with made.writer() as writing:
        dns.dnssec.sign_zone(
            made,
            writing,
            keys=[(secret, key)],
            dnskey_ttl=300,
            inception=inception,
            expiration=expiration,
        )
    made.to_file(str(folder / f"{zone}.zone"), relativize=False)
    return str(dns.dnssec.make_ds(dns.name.from_text(zone), key, "SHA256"))


@contextmanager
def _validating(folder: Path, upstream: NameServer, anchor: str) -> Iterator[NameServer]:
    """Run an unbound that asks `upstream` for everything and trusts `anchor`."""
    program, port = peer("unbound"), free_port()
    configuration = folder / "unbound.conf"
    configuration.write_text(f"""\
{unbound_head(folder, port)}    ede: yes
    module-config: "validator iterator"
    trust-anchor: "{anchor}"
forward-zone:
    name: "."
    forward-addr: {upstream.host}@{upstream.port}
remote-control:
    control-enable: no
""")
    with running([program, "-d", "-c", str(configuration)], folder / "unbound.log"):
        awaited(port, "www.example.id.", "A")
        yield NameServer(LOOPBACK, port)
